#include "simulator/buildkit/registries.h"

#include <algorithm>
#include <vector>

#include "core/text.h"
#include "simulator/buildkit/fetcher.h"

namespace drydock::simulator::buildkit {
namespace {

// "[auth] app/one:pull,push token for registry.test".
std::string TokenVertex(const std::string& host, const Scopes& scopes) {
  std::string name = "[auth]";
  for (const std::string& scope : scopes) {
    name += Concat({" ", scope.substr(scope.find(':') + 1)});
  }
  return Concat({name, " token for ", host});
}

}  // namespace

Registries::Registries(World& world, Transport& transport, Rng rng, const BuildxOptions& options,
                       std::string_view agent, Progress& progress)
    : world_(world),
      transport_(transport),
      rng_(rng),
      options_(options),
      agent_(agent),
      progress_(progress) {}

RegistryHost& Registries::At(const std::string& name) {
  std::unique_ptr<RegistryHost>& host = hosts_[name];
  if (host == nullptr) {
    RegistryHost::Settings settings;
    settings.name = name;
    settings.plain_http = std::find(options_.plain_http.begin(), options_.plain_http.end(), name) !=
                          options_.plain_http.end();
    settings.agent = agent_;
    if (const auto login = options_.logins.find(name); login != options_.logins.end()) {
      settings.login = login->second;
    }
    host = std::make_unique<RegistryHost>(
        world_, transport_, rng_.Fork(name), std::move(settings),
        [this](const std::string& realm_host, const Scopes& scopes) {
          progress_.Done(progress_.Begin(TokenVertex(realm_host, scopes)));
        });
  }
  return *host;
}

std::string FullRepository(const ImageReference& reference) {
  return Concat({reference.registry, "/", reference.repository});
}

std::string FullName(const ImageReference& reference) {
  std::string name = FullRepository(reference);
  if (reference.tag || !reference.digest) {
    name += Concat({":", reference.tag.value_or("latest")});
  }
  if (reference.digest) {
    name += Concat({"@", reference.digest->ToString()});
  }
  return name;
}

Result<BuilderStore::Bytes> LayerBytes(const Layer& layer, Registries& registries,
                                       BuilderStore& store, Progress& progress,
                                       Progress::Vertex vertex) {
  if (BuilderStore::Bytes held = store.Find(layer.digest)) {
    return held;
  }
  const std::size_t slash = layer.source.find('/');
  RegistryHost& host = registries.At(layer.source.substr(0, slash));
  Fetcher fetcher(host, layer.source.substr(slash + 1));
  const Descriptor descriptor{layer.source_type, layer.digest, layer.size, {}, std::nullopt};
  const std::string_view agent = layer.imported_from.empty() ? kContainerdAgent : kBuildkitAgent;
  Result<BuilderStore::Bytes> bytes = fetcher.Layer(descriptor, agent, progress, vertex);
  if (bytes) {
    store.Put(layer.digest, *bytes);
  }
  return bytes;
}

}  // namespace drydock::simulator::buildkit
