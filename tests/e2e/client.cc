#include "tests/e2e/client.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "core/text.h"

namespace drydock::testing {

Ended RegistryClient::PushIndex(const OciLayout& /*layout*/, std::string_view /*name*/) {
  ADD_FAILURE() << "this client pushes no index";
  return {};
}

Ended RegistryClient::Inspect(std::string_view /*name*/) {
  ADD_FAILURE() << "this client inspects nothing";
  return {};
}

Ended RegistryClient::Delete(std::string_view /*name*/) {
  ADD_FAILURE() << "this client deletes nothing";
  return {};
}

std::string RegistryClient::At(std::string_view name) const {
  return Concat({access_.host, "/", name});
}

std::unique_ptr<RegistryClient> MakeClient(std::string_view name, const TempFolder& folder,
                                           const RegistryAccess& access) {
  using Maker = std::unique_ptr<RegistryClient> (*)(const TempFolder&, const RegistryAccess&);
  constexpr std::array<std::pair<std::string_view, Maker>, 7> kMakers = {{
      {"skopeo", MakeSkopeo},
      {"buildah", MakeBuildah},
      {"podman", MakePodman},
      {"umoci", MakeUmoci},
      {"docker 20", MakeDocker20},
      {"docker 26", MakeDocker26},
      {"buildx", MakeBuildx},
  }};
  for (const auto& [program, make] : kMakers) {
    if (name.starts_with(program)) {
      return make(folder, access);
    }
  }
  ADD_FAILURE() << "no such client: " << name;
  return nullptr;
}

}  // namespace drydock::testing
