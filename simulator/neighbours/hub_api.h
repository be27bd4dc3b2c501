// Docker Hub's management API (hub.docker.com) as far as a release needs it: login, a repository's
// page with its description, the tag listing, which lags behind the registry.
// Threads: one at a time, as Site says. Source: opencode-devbox.md section 6 (error shapes, limits,
// the trailing slash); incident `hub-tag-list-lag`; Docker Hub API reference.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/rng.h"
#include "simulator/exchange.h"
#include "simulator/registry/account.h"
#include "simulator/registry/store.h"
#include "simulator/registry/tag_history.h"

namespace drydock::simulator {

inline constexpr std::string_view kHubApiHost = "hub.docker.com";

struct HubApiOptions {
  std::string secret;  // that logins are signed with
  std::vector<Account> accounts;
  Duration tag_list_lag = Duration::zero();
};

// Operations: hub.login, hub.repository.get, hub.repository.patch, hub.tags. Route.repository is
// "namespace/name". A path without its last slash answers 301 to the one with it, whatever the
// method: a client that turns the PATCH into a GET sees 200 and has changed nothing.
class HubApi : public Site {
 public:
  static constexpr std::size_t kDescriptionMax = 25'000;    // characters of full_description
  static constexpr std::size_t kShortDescriptionMax = 100;  // bytes of description

  struct Page {
    std::string description;
    std::string full_description;
    TimePoint last_updated{};
  };

  // The registry's store and history show which repositories and tags there are. All references
  // must outlive the site.
  HubApi(HubApiOptions options, const Store& store, const TagHistory& history, Clock& clock,
         Rng rng);

  std::unique_ptr<Exchange> Begin(RequestHead head) override;

  // What the repository's page says; nothing was ever written: all empty.
  Page PageOf(std::string_view repository) const;

 private:
  class Visit;

  HubApiOptions options_;
  const Store& store_;
  const TagHistory& history_;
  Clock& clock_;
  Rng rng_;
  std::map<std::string, Page, std::less<>> pages_;
};

}  // namespace drydock::simulator
