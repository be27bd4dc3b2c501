// One request to a registry and its answer: logs in when asked to, follows the redirects of reads,
// leaves the login behind at the registry's own origin. Knows nothing of what is asked.
// Threads: one session belongs to one thread.
// Source: distribution token authentication; incidents token-expiry-mid-push,
// token-or-write-denied-flake-403, redirect-with-auth-400, location-cross-host-credentials,
// body-not-rewound-on-resend.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/reference.h"
#include "core/transport.h"
#include "publisher/registry/authenticator.h"
#include "publisher/registry/credentials.h"
#include "publisher/registry/failure.h"

namespace drydock::publisher {

inline constexpr std::size_t kAnswerBytesMax = 4u << 20;  // of a good answer's body

struct RegistryAnswer {
  AnswerSeen seen;
  bool whole = true;  // all of the body is there
  bool home = true;   // from the registry's own origin, not from where it redirected to
};

// Makes a request's body, anew for each time the request is sent. Empty: no body.
using BodySource = std::function<Result<Body>()>;
// Gets a good answer's body piece by piece, of any length.
using BodyReceiver = std::function<void(std::string_view)>;

// A request of which more is to be said than of most.
struct Outgoing {
  std::string_view method;
  const ImageReference& reference;  // whose repository it is about
  Url url;                          // anywhere; a login goes to the registry's own origin only
  Headers headers = {};
  BodySource body = {};
  std::optional<Route> route = {};  // when the URL does not tell
  std::string pull_from = {};       // another repository that it reads from, "" for none
  bool will_push = false;           // a read that a push goes on from: one token for both
  BodyReceiver into = {};           // a good answer's body goes there and is not kept
  Duration patience{};              // 0: the session's own
};

class RegistrySession {
 public:
  // References must outlive the session. `plain_http`: registries asked over http. `tokens` may be
  // shared with sessions of other threads; nullptr: tokens of its own.
  RegistrySession(Transport& transport, Clock& clock, Credentials credentials,
                  std::set<std::string> plain_http, RequestTime time,
                  std::shared_ptr<TokenShelf> tokens = nullptr);

  // Sends one request to `path` at the registry of `reference`, with a token for its repository
  // when the registry wants one: at most two fresh ones, and a refused password never again. A
  // write is never redirected. Any status is a value, but a 401 that no login cures.
  Outcome<RegistryAnswer> Send(std::string_view method, const ImageReference& reference,
                               std::string_view path, const Headers& headers,
                               std::string_view body);
  Outcome<RegistryAnswer> Send(const Outgoing& outgoing);
  // The same without login and redirects.
  Outcome<RegistryAnswer> SendPlainly(const Outgoing& outgoing);

  // Answers a registry's challenge for pushing to the reference's repository, before any push.
  // Gives the Authorization value, which is kept.
  Outcome<std::string> LogIn(const ImageReference& reference,
                             const std::vector<std::string>& challenges);

  // Where the API of the reference's registry is.
  Url Origin(const ImageReference& reference) const;

 private:
  Outcome<RegistryAnswer> Follow(const Outgoing& outgoing, const std::string& authorization);
  void NoteStanding(const Outgoing& outgoing, std::string_view scope,
                    std::string_view authorization, RegistryAnswer& asked);
  Outcome<RegistryAnswer> SendTo(const Outgoing& outgoing, const Url& url, const Headers& headers);

  Transport& transport_;
  Clock& clock_;
  std::set<std::string> plain_http_;
  RequestTime time_;
  Authenticator authenticator_;
};

// Whether its host is this machine, by its name: "localhost:5000", "127.0.0.1", "[::1]:5000".
bool IsLoopbackRegistry(std::string_view registry);
// Where a registry's API is: docker.io lives at registry-1.docker.io.
Url RegistryOrigin(std::string_view registry, const std::set<std::string>& plain_http);

}  // namespace drydock::publisher
