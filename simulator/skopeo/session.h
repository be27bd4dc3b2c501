// One registry as containers/image talks to it for one repository: a ping before the first request,
// a token for the scope the work needs, a 429 waited out for requests without a body.
// Threads: inside an actor. Source: captures auth/skopeo1.9--*, faults 429-*.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/http.h"
#include "core/reference.h"
#include "core/result.h"
#include "core/transport.h"
#include "simulator/buildkit/buildx.h"
#include "simulator/world/world.h"

namespace drydock::simulator::skopeo {

inline constexpr std::size_t kBytesMax = std::size_t{64} << 20;

class Session {
 public:
  struct Settings {
    ImageReference image;
    bool push = false;
    bool plain_http = false;
    std::optional<RegistryLogin> login;
  };

  // Both references must outlive the Session.
  Session(World& world, Transport& transport, Settings settings);

  struct Call {
    std::string method = "GET";
    Url url;
    bool manifests = false;  // Accept: every manifest type
    std::string content_type = {};
    std::shared_ptr<const std::string> body = {};  // nullptr: none
  };
  // The last answer, whatever its status; redirects of a GET are followed. Errors carry skopeo's
  // words; kCancelled when the actor was killed.
  Result<Response> Send(const Call& call);

  // "https://registry-1.docker.io/v2/<repository>/<rest>".
  Url At(std::string_view rest) const;
  const ImageReference& image() const { return settings_.image; }

 private:
  Status Ping();
  Status FetchToken();
  Result<Response> SendPatiently(const Call& call, bool authorized);
  Result<Response> SendOnce(const Call& call, bool authorized);

  World& world_;
  Transport& transport_;
  Settings settings_;
  std::string origin_;
  bool pinged_ = false;
  bool basic_ = false;
  std::string realm_;  // "" : no token is wanted
  std::string service_;
  std::string token_;
  TimePoint expires_{};
};

// What skopeo says of an answer it did not want: "received unexpected HTTP status: 503 Service
// Unavailable", "StatusCode: 400, <html>…", "denied: …".
std::string ComplaintAbout(Response& response);
// "503 (Service Unavailable)".
std::string StatusInBrackets(const Response& response);

}  // namespace drydock::simulator::skopeo
