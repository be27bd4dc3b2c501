// The world of one play: Docker Hub with its token service, npm and the git forge on one internet,
// virtual time, fault rules, one journal. Threads: built and asked by one thread; actors of its
// world use it. Source: design.md "Virtual time"; scenarios/runner/scenario.h for what a file can
// ask for.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/journal.h"
#include "core/reference.h"
#include "core/result.h"
#include "core/transport.h"
#include "publisher/registry/credentials.h"
#include "scenarios/runner/result.h"
#include "scenarios/runner/scenario.h"
#include "simulator/buildkit/buildx.h"
#include "simulator/faults/fault_state.h"
#include "simulator/neighbours/forge.h"
#include "simulator/neighbours/hub_api.h"
#include "simulator/neighbours/npm_registry.h"
#include "simulator/registry/cdn.h"
#include "simulator/registry/registry.h"
#include "simulator/registry/token_service.h"
#include "simulator/world/internet.h"
#include "simulator/world/world.h"

namespace drydock::scenarios {

// A client's way to an internet: its address there and its name in the journal ("" : the actor's).
// Called and used by actors of the world.
using Connector = std::function<std::unique_ptr<Transport>(
    simulator::Internet& internet, simulator::World& world, const std::string& address,
    const std::string& client)>;

struct StageSpec {
  std::uint64_t seed = 1;
  TimePoint start{};
  Duration deadline = kDeadlineUsual;  // its world stops what is not over by then
  std::vector<simulator::FaultRule> rules;
  std::vector<simulator::NpmRelease> npm;
  std::optional<simulator::ForgeContent> forge;
  bool tarballs_late = true;                  // false: every tarball is there from the start
  std::string npm_registry;                   // base URL; "" when there is none
  std::string owner;                          // the account that may push
  Duration tag_list_lag{};                    // of the Hub's management API
  simulator::TraitList traits;                // of the Hub, where it is another than the usual one
  std::vector<ImageReference> also;           // the release's repositories in other registries
  const simulator::Store* content = nullptr;  // what the Hub holds at the start; copied
  Connector connect = {};                     // none: in process
};

class Stage {
 public:
  explicit Stage(StageSpec spec);
  ~Stage();
  // Puts packages into npm and history into the forge. kInvalid for what these would refuse.
  Status Furnish();

  simulator::World& world() { return world_; }
  Clock& clock() { return world_.clock(); }
  Journal& journal() { return journal_; }
  simulator::FaultState& faults() { return faults_; }
  simulator::NpmRegistry& npm() { return npm_; }
  simulator::Forge* forge() { return spec_.forge ? &forge_ : nullptr; }
  simulator::Internet& internet() { return internet_; }
  std::unique_ptr<Transport> Connect(const std::string& address, const std::string& client);
  // Where the Hub's registry answers.
  static std::string_view registry_host();
  simulator::Store& store() { return hub_.store(); }

  publisher::Credentials credentials() const;
  std::map<std::string, simulator::RegistryLogin> logins() const;
  // Tag to digest of one repository of the Hub; of the release's other ones by "host/name:tag".
  std::map<std::string, std::string> Tags(std::string_view repository);
  // What the other registry named `host` holds; the Hub for "docker.io".
  const simulator::Store& StoreOf(std::string_view host);
  std::set<std::string, std::less<>> other_hosts() const;
  // "repository:tag" to digest of all.
  std::map<std::string, std::string> AllTags();
  std::vector<FaultReport> FaultReports() const;

 private:
  // Another registry of the release, empty at the start, its token service at its own host.
  struct Other;

  StageSpec spec_;
  simulator::World world_;
  Journal journal_;
  simulator::FaultState faults_;
  simulator::Registry hub_;
  simulator::TokenService tokens_;
  simulator::Cdn cdn_;
  simulator::HubApi hub_api_;
  simulator::NpmRegistry npm_;
  simulator::Forge forge_;
  std::map<std::string, std::unique_ptr<Other>, std::less<>> others_;  // by host
  simulator::Internet internet_;
};

}  // namespace drydock::scenarios
