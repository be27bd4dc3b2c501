// One request to a registry and its answer: logs in when asked to, follows the redirects of reads,
// leaves the login behind at the registry's own origin. Knows nothing of what is asked.
// Threads: one session belongs to one thread.
// Source: distribution token authentication; incidents token-expiry-mid-push,
// redirect-with-auth-400, location-cross-host-credentials, body-not-rewound-on-resend.
#pragma once

#include <set>
#include <string>
#include <string_view>

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

class RegistrySession {
 public:
  // Both references must outlive the session. `plain_http`: registries asked over http.
  RegistrySession(Transport& transport, Clock& clock, Credentials credentials,
                  std::set<std::string> plain_http, Duration request_deadline);

  // Sends one request to `path` at the registry of `reference`, with a token for its repository
  // when the registry wants one: at most two fresh ones, and a refused password never again. A
  // write is never redirected. Any status is a value, but a 401 that no login cures.
  Outcome<RegistryAnswer> Send(std::string_view method, const ImageReference& reference,
                               std::string_view path, const Headers& headers,
                               std::string_view body);
  // The same without login and redirects.
  Outcome<RegistryAnswer> SendPlainly(std::string_view method, const Url& url,
                                      const Headers& headers, std::string_view body);

 private:
  Outcome<RegistryAnswer> Follow(std::string_view method, Url url, Headers headers,
                                 std::string_view body);

  Transport& transport_;
  Clock& clock_;
  std::set<std::string> plain_http_;
  Duration request_deadline_;
  Authenticator authenticator_;
};

// Where a registry's API is: docker.io lives at registry-1.docker.io. Loopback ones are plain http.
Url RegistryOrigin(std::string_view registry, const std::set<std::string>& plain_http);

}  // namespace drydock::publisher
