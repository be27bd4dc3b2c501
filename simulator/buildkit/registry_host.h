// One registry as BuildKit talks to it: requests with containerd's headers, authorization, and the
// repetitions that happen inside one request (401 with a new challenge, 429 and 408 at once, six
// requests at most, Retry-After unread). Threads: actors of one world, in turn.
// Source: wire captures; fault captures 401-once-*, 429-*; containerd remotes/docker.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/http.h"
#include "core/result.h"
#include "core/rng.h"
#include "core/transport.h"
#include "simulator/buildkit/authorizer.h"
#include "simulator/world/world.h"

namespace drydock::simulator::buildkit {

inline constexpr std::string_view kBuildkitAgent = "buildkit/v0.0-dev";
inline constexpr std::string_view kContainerdAgent = "containerd/1.7.24+unknown";
inline constexpr std::size_t kManifestBytesMax = 4u << 20;

// "503 Service Unavailable".
std::string StatusText(const Response& response);
// An unanswered request in Go's words. kCancelled stays as it is; a lost answer becomes kAmbiguous
// with "read: connection reset by peer", or "use of closed network connection" when the body was
// not sent to its end; no connection at all becomes kInvalid, which nothing repeats.
Error RequestFailure(const Error& cause, std::string_view method, std::string_view url,
                     bool body_sent);
// Worth the pusher's pauses: a lost answer (kAmbiguous) or a 5xx (kUnavailable).
bool IsTransient(const Error& error);
// "unexpected status from PUT request to URL: 503 Service Unavailable"; kUnavailable for 5xx,
// kNotFound for 404, kInvalid otherwise.
Error UnexpectedStatus(const Response& response, std::string_view method, const Url& url);

// What a request is for: decides the token.
struct Access {
  std::string repository;
  bool push = false;
  std::string mount_from;  // also needs to read this repository
};

// Work that several actors share: when one part failed, the others stop before their next request.
struct Undertaking {
  bool stopped = false;
};

class RegistryHost {
 public:
  struct Settings {
    std::string name;  // as in references: "docker.io", "registry.test"
    bool plain_http = false;
    std::string_view agent = kBuildkitAgent;
    std::optional<RegistryLogin> login;
  };

  // All references must outlive the RegistryHost.
  RegistryHost(World& world, Transport& transport, Rng rng, Settings settings,
               Authorizer::OnToken on_token);

  const std::string& name() const { return settings_.name; }
  // "https://registry-1.docker.io/v2/<repository>/<rest>".
  Url At(std::string_view repository, std::string_view rest) const;

  struct Call {
    std::string method;
    Url url;
    Access access;
    std::string accept;
    std::string content_type;
    std::shared_ptr<const std::string> body;
    std::string range;       // "bytes=500000-"
    std::string_view agent;  // "" means the settings' one
    const Undertaking* work = nullptr;
    bool* body_sent = nullptr;  // told whether the last answer came after the whole body
  };
  // The last answer, whatever its status. Errors: RequestFailure's texts, "failed to authorize: …",
  // "push access denied, …", kConflict "context canceled" when the undertaking stopped.
  Result<Response> Send(const Call& call);

 private:
  Result<Response> Follow(Response answer, const Call& call);
  Result<Response> SendOnce(const Call& call, Authorizer& authorizer, const Scopes& scopes);
  Authorizer& AuthorizerFor(const Access& access);

  World& world_;
  Transport& transport_;
  Rng rng_;
  Settings settings_;
  Authorizer::OnToken on_token_;
  std::map<std::pair<std::string, bool>, std::unique_ptr<Authorizer>> authorizers_;
};

}  // namespace drydock::simulator::buildkit
