// A registry with its clock, journal and token service on a bench, and requests driven through the
// phases as a driver does, for the registry's unit and conformance tests. Threads: one at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/http.h"
#include "core/journal.h"
#include "simulator/registry/blob.h"
#include "simulator/registry/cdn.h"
#include "simulator/registry/personalities.h"
#include "simulator/registry/registry.h"
#include "simulator/registry/token_service.h"

namespace drydock::simulator {

// Time that moves when told to.
class ManualClock : public Clock {
 public:
  TimePoint Now() override { return now_; }
  Duration Elapsed() override { return now_ - kStart; }
  Status SleepFor(Duration span) override {
    now_ += span;
    return Ok{};
  }

 private:
  // 2026-05-28T06:00:00Z
  static constexpr TimePoint kStart{std::chrono::seconds(1779948000)};
  TimePoint now_ = kStart;
};

struct BenchReply {
  int status = 0;
  Headers headers;
  std::string body;
  bool decided = false;  // answered from the head alone

  // The code of the first error in the body; "" when there is none.
  std::string Code() const;
};

struct Ask {
  std::string method;
  std::string target;  // "/v2/…" at the registry, or a whole URL
  Headers headers = {};
  std::string body = {};
  bool chunked = false;  // no Content-Length
  Caller caller = {};
};

// The account the token service knows, and a namespace of its own: joakimp/…
inline constexpr std::string_view kUserName = "joakimp";
inline constexpr std::string_view kPassword = "secret";

class Bench {
 public:
  explicit Bench(const Personality& personality = AnonymousPersonality(), std::uint64_t seed = 1);

  // Drives the whole exchange, in process unless `wire` is set. The body arrives in small pieces.
  BenchReply Send(const Ask& ask);
  BenchReply Send(std::string method, std::string target, Headers headers = {},
                  std::string body = {});
  // The exchange after Decide let it pass and `body` was received; Apply is up to the caller.
  std::unique_ptr<Exchange> Begin(const Ask& ask);

  // A Bearer value for Authorization. No account: anonymous.
  std::string Token(std::string_view scope, bool account = true);
  // Opens a session and gives its Location.
  std::string StartUpload(const std::string& repository, const Headers& headers = {});

  // Another way for requests to reach the registry and the token service: a socket.
  std::function<BenchReply(const Ask&)> wire;

  ManualClock clock;
  Journal journal;
  Registry registry;
  TokenService tokens;
  Cdn cdn;

 private:
  RequestHead HeadOf(const Ask& ask) const;
};

// `location` with digest=… appended, as clients do.
std::string WithDigest(std::string_view location, std::string_view digest);
std::string Sha256(std::string_view bytes);
std::string TextOf(const Blob& blob);

// Manifests of the usual shape over blobs that are put in place by name.
std::string DescriptorJson(std::string_view media_type, std::string_view bytes);
std::string ImageJson(std::string_view config, std::string_view layer,
                      std::string_view more_members = "");

}  // namespace drydock::simulator
