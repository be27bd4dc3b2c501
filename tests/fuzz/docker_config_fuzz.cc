// A docker config.json as it lies on somebody's disk.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "publisher/registry/credentials.h"

using drydock::publisher::CredentialHelperFor;
using drydock::publisher::ReadDockerConfig;
using drydock::publisher::ReadHelperAnswer;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kTextMax = 65536;
  if (size > kTextMax) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto credentials = ReadDockerConfig(text, "config.json");
  if (!credentials.ok()) {
    const bool named = credentials.error().message().starts_with("config.json:");
    return named ? 0 : (std::abort(), 0);
  }
  for (const auto& [registry, credential] : *credentials) {
    if (credential.secret.empty()) {
      std::abort();
    }
  }
  static_cast<void>(CredentialHelperFor(text, "docker.io"));
  static_cast<void>(ReadHelperAnswer(text));
  return 0;
}
