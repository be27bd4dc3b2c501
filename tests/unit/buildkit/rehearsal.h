// A world with one registry, the capturing proxy before it, and the build contexts of the captures.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/journal.h"
#include "simulator/buildkit/buildx.h"
#include "simulator/faults/fault_state.h"
#include "simulator/registry/registry.h"
#include "simulator/world/internet.h"
#include "simulator/world/world.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/buildkit/capturing_proxy.h"

namespace drydock::simulator::buildkit {

class Rehearsal {
 public:
  Rehearsal();

  // A builder with nothing in it, as a fresh CI runner has. Later calls of Build use it.
  void NewBuilder(BuildxOptions options = LoggedIn());
  // Knows the password that ProxyLogin wants.
  static BuildxOptions LoggedIn();
  // Another registry with nothing in it at the same address.
  void NewRegistry();
  // Runs a command line of the captures ("docker buildx build … ctx/base", "docker buildx
  // imagetools create …"); contexts are folders of this rehearsal.
  CommandResult Run(const std::string& command);
  // As Run with a spec, in an actor "ci".
  CommandResult Build(const BuildSpec& spec);
  // Runs `work` as the actor "ci" until it ends, a minute after what came before.
  void Act(const std::function<void()>& work);

  World& world() { return *world_; }
  Registry& registry() { return *registry_; }
  CapturingProxy& proxy() { return *proxy_; }
  Buildx& builder() { return *builder_; }
  std::string Context(const std::string& name) const;  // "base" for ctx/base
  void WriteFile(const std::string& path, const std::string& text);

 private:
  void WriteContexts();

  testing::TempFolder folder_;
  std::unique_ptr<World> world_;
  std::unique_ptr<Journal> journal_;
  FaultState faults_;
  std::unique_ptr<Internet> internet_;
  std::vector<std::unique_ptr<Registry>> registries_;
  Registry* registry_ = nullptr;
  std::unique_ptr<Transport> connection_;
  std::unique_ptr<CapturingProxy> proxy_;
  std::unique_ptr<Buildx> builder_;
  int builders_ = 0;
};

}  // namespace drydock::simulator::buildkit
