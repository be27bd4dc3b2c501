#include "simulator/buildkit/buildx.h"

#include <utility>

#include "simulator/buildkit/build.h"
#include "simulator/buildkit/builder_store.h"
#include "simulator/buildkit/imagetools.h"
#include "simulator/buildkit/progress.h"
#include "simulator/buildkit/registries.h"

namespace drydock::simulator {

struct Buildx::State {
  World& world;
  Transport& transport;
  Rng rng;
  BuildxOptions options;
  buildkit::BuilderStore store;
};

Buildx::Buildx(World& world, Transport& transport, Rng rng, BuildxOptions options)
    : state_(new State{world, transport, rng, std::move(options), {}}) {}

Buildx::~Buildx() = default;

Result<CommandResult> Buildx::Build(const BuildSpec& spec) {
  buildkit::Progress progress(state_->world.clock());
  const Rng rng(state_->rng.Next());
  buildkit::Registries registries(state_->world, state_->transport, rng, state_->options,
                                  buildkit::kBuildkitAgent, progress);
  buildkit::Build build({state_->world, registries, state_->store, progress}, spec, state_->options,
                        rng);
  return build.Run();
}

Result<CommandResult> Buildx::ImagetoolsCreate(const std::vector<std::string>& tags,
                                               const std::vector<std::string>& sources) {
  buildkit::Progress progress(state_->world.clock());
  buildkit::Registries registries(state_->world, state_->transport, Rng(state_->rng.Next()),
                                  state_->options, buildkit::kContainerdAgent, progress);
  return buildkit::Imagetools(registries, progress).Create(tags, sources);
}

Result<CommandResult> Buildx::ImagetoolsInspect(const std::string& name) {
  buildkit::Progress progress(state_->world.clock());
  buildkit::Registries registries(state_->world, state_->transport, Rng(state_->rng.Next()),
                                  state_->options, buildkit::kContainerdAgent, progress);
  return buildkit::Imagetools(registries, progress).Inspect(name);
}

const std::string& Buildx::Version() const { return state_->options.version; }

}  // namespace drydock::simulator
