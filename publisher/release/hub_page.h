// What Docker Hub's page of a repository says: the short and the full description. Not a part of a
// publish: an explicit step of its own, since it is cosmetic and needs the account's own login.
// Threads: one client belongs to one thread.
// Source: opencode-devbox.md section 6 (limits; an address without its last slash is redirected,
// and the redirected PATCH changes nothing and says 200); runbook "Optional: update DOCKER_HUB.md".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/journal.h"
#include "core/rng.h"
#include "core/transport.h"
#include "publisher/registry/credentials.h"
#include "publisher/registry/failure.h"
#include "publisher/registry/retry.h"

namespace drydock::publisher {

inline constexpr std::size_t kFullDescriptionMax = 25'000;  // characters
inline constexpr std::size_t kShortDescriptionMax = 100;    // bytes

struct HubPage {
  std::string repository;                        // "joakimp/opencode-devbox"
  std::string full;                              // Markdown
  std::optional<std::string> short_description;  // nullopt: stays as it is
};

// kInvalid, with what is too long and by how much.
Status CheckHubPage(const HubPage& page);

class HubPageClient {
 public:
  // All references must outlive it. `origin` is the API's, "https://hub.docker.com".
  HubPageClient(Transport& transport, Clock& clock, Rng rng, Journal& journal, Url origin);

  // Makes the page say that, and reads it back. True when it was changed, false when it said so
  // already. On failure the page is as it was, unless the failure says kAsk.
  Outcome<bool> Update(const HubPage& page, const Credential& login);

 private:
  Outcome<std::string> LogIn(const Credential& login);
  Outcome<bool> Says(const HubPage& page, const std::string& authorization);
  Outcome<Ok> Patch(const HubPage& page, const std::string& authorization);
  // One request; redirects are not followed. The answer's body, whatever its status, in `seen`.
  Outcome<AnswerSeen> Ask(std::string_view method, const Url& url, const std::string& body,
                          const std::string& authorization);
  Url PageOf(const HubPage& page) const;

  Transport& transport_;
  Clock& clock_;
  Retrier retrier_;
  Url origin_;
};

}  // namespace drydock::publisher
