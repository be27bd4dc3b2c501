// What went wrong, sorted by what the publisher does next: whose answer it was, whether the same
// request could succeed later, and the next move. Status first, code second, text third.
// Threads: values and pure functions. Source: incidents.md section 5, rules 1 to 4; the client
// texts are those of the captures under tests/captures.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/clock.h"
#include "core/http.h"
#include "core/result.h"

namespace drydock::publisher {

// Who spoke. kRegistryTier: the registry or something in front of it, when the builder's log shows
// a status but not the body that would tell.
enum class Answerer {
  kRegistry,
  kEdge,
  kProxy,
  kTokenService,
  kRegistryTier,
  kPackageRegistry,
  kNetwork,
  kBuilder,
  kLocal,
};

// kDeterministic: the same request gets the same answer. kTransient: it may go away by itself.
enum class Persistence { kTransient, kDeterministic };

enum class NextMove {
  kRetry,           // the same request again, after a pause
  kWait,            // as kRetry, and not before `retry_after`
  kReauthenticate,  // a fresh token, then the same request
  kAsk,             // probe: the write may have happened, so ask before sending it again
  kResume,          // ask the upload session how far it came, and go on there
  kRestart,         // the upload session is lost or spoiled: a new one, from the first byte
  kFallBack,        // the request has the wrong shape for this registry: another shape
  kSkip,            // it was optional: go on without it
  kStop,            // nothing this program can do
};

enum class BodyKind { kUnknown, kEmpty, kRegistryJson, kOtherJson, kHtml, kXml, kText };

// Where in the protocol a request stood.
enum class Route {
  kPing,
  kToken,
  kManifestRead,
  kBlobRead,
  kUploadStatus,
  kOtherRead,
  kUploadStart,
  kMount,
  kUploadPatch,
  kUploadCommit,
  kUploadCancel,
  kManifestPut,  // by digest
  kTagPut,
  kOtherWrite,
};

// What became of a request.
enum class Phase {
  kUntrusted,  // the server could not prove who it is: nothing was sent
  kUnsent,     // never reached a server: nothing happened there
  kLost,       // sent, and no answer came, or none in time
  kAnswered,
};

// Whose body an answer holds.
enum class Whose {
  kRegistry,      // its own JSON, or its own header and nothing against it
  kTokenService,  // to a request for a token, and no page
  kPage,          // HTML of something between here and there
  kOther,         // XML, text or foreign JSON of something between
  kProxy,         // one that names itself
  kNobody,        // no body, so nobody knows
};

std::string_view Name(Answerer answerer);        // "registry", "edge", "token service", …
std::string_view Name(Persistence persistence);  // "transient", "deterministic"
std::string_view Name(NextMove next);            // "retry", "re-authenticate", "probe", …
std::string_view Name(BodyKind kind);            // "html", "registry-json", …

struct Failure {
  Answerer answerer = Answerer::kLocal;
  Persistence persistence = Persistence::kDeterministic;
  NextMove next = NextMove::kStop;
  int status = 0;  // 0: no answer
  BodyKind body = BodyKind::kUnknown;
  std::string code;    // the registry's own code ("DENIED"), "" when there was none
  std::string method;  // of the failing request, "" when unknown
  std::string url;     // redacted
  std::string words;   // what was said, one line
  std::string advice;  // what a person does next, one sentence; "" when there is none
  std::optional<Duration> retry_after;  // promised by the server
  int attempts = 1;                     // how often it was tried before it was given up
  bool cache_export = false;            // a builder failed while it exported a build cache
  bool cancelled = false;               // the run was stopped: unwind without further effects
  bool other_bytes = false;             // what was served does not have the digest asked for

  // "registry answered 403 DENIED to PUT https://…: requested access is denied (deterministic)".
  std::string ToString() const;
};

// A value or the Failure that stands for it.
template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : held_(std::in_place_index<0>, std::move(value)) {}    // NOLINT: implicit
  Outcome(Failure why) : held_(std::in_place_index<1>, std::move(why)) {}  // NOLINT: implicit

  bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() { return std::get<0>(held_); }
  const T& value() const { return std::get<0>(held_); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Failure& failure() const { return std::get<1>(held_); }

 private:
  std::variant<T, Failure> held_;
};

// The parts of an answer that classification looks at.
struct AnswerSeen {
  std::string method;
  std::string url;
  int status = 0;
  Headers headers;
  std::string body;                 // its beginning is enough
  std::optional<Route> route = {};  // when the URL does not tell: an upload's Location elsewhere
  bool wrote_before = false;        // the same login wrote there in this run, and may ask again
};

// What kind of body `headers` and `body` show; the body wins over a wrong Content-Type.
BodyKind KindOfBody(const Headers& headers, std::string_view body);

// Classifies an answer that is not the wanted one, by the table of classification.h. `now` anchors
// a Retry-After date where the answer has no Date of its own.
Failure ClassifyAnswer(const AnswerSeen& seen, TimePoint now);
// As above, for an answer of a token service.
Failure ClassifyTokenAnswer(const AnswerSeen& seen, TimePoint now);
// Classifies a Send that gave no answer.
Failure ClassifyLoss(std::string_view method, std::string_view url, const Error& error,
                     std::optional<Route> route = {});
// Classifies a failed build by its log: the last line that names a cause wins.
Failure ClassifyBuildLog(std::string_view log, int exit_code);
// A failure of our own side.
Failure LocalFailure(std::string words, std::string advice = "");

// A Retry-After value: seconds, an HTTP date in any of its three forms or a unix time, in the
// future; nullopt for anything else, and for more than a week.
std::optional<Duration> ParseRetryAfter(std::string_view value, TimePoint now);

}  // namespace drydock::publisher
