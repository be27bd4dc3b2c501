// The registries one command talks to, and the way to a layer's bytes wherever they are.
// Threads: actors of one world, in turn.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/reference.h"
#include "simulator/buildkit/builder_store.h"
#include "simulator/buildkit/buildx.h"
#include "simulator/buildkit/progress.h"
#include "simulator/buildkit/registry_host.h"

namespace drydock::simulator::buildkit {

class Registries {
 public:
  // All references must outlive the Registries. Token fetches show up in `progress`.
  Registries(World& world, Transport& transport, Rng rng, const BuildxOptions& options,
             std::string_view agent, Progress& progress);

  RegistryHost& At(const std::string& name);

 private:
  World& world_;
  Transport& transport_;
  Rng rng_;
  const BuildxOptions& options_;
  std::string_view agent_;
  Progress& progress_;
  std::map<std::string, std::unique_ptr<RegistryHost>> hosts_;
};

// "docker.io/library/debian:12-slim": always with registry and tag or digest, as BuildKit prints.
std::string FullName(const ImageReference& reference);
// "docker.io/library/debian".
std::string FullRepository(const ImageReference& reference);

// The layer's bytes from the store, else from the registry it came from; kept in the store.
// kNotFound and others as Fetcher::Layer.
Result<BuilderStore::Bytes> LayerBytes(const Layer& layer, Registries& registries,
                                       BuilderStore& store, Progress& progress,
                                       Progress::Vertex vertex);

}  // namespace drydock::simulator::buildkit
