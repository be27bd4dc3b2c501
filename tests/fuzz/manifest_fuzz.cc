// A manifest as a client pushed it, under each media type the registry looks into.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "core/media_type.h"
#include "simulator/registry/manifest.h"

namespace {

using drydock::simulator::ManifestContent;
using drydock::simulator::ReadManifest;
namespace media_type = drydock::media_type;

constexpr std::size_t kTextMax = 65536;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kTextMax) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::string_view type :
       {media_type::kOciManifest, media_type::kOciIndex, media_type::kDockerManifest,
        media_type::kDockerManifestList, std::string_view()}) {
    const auto read = ReadManifest(text, type);
    const auto* content = std::get_if<ManifestContent>(&read);
    if (content == nullptr) {
      continue;
    }
    const bool is_image = media_type::IsImageManifest(content->media_type);
    if (content->media_type.empty() || (is_image && content->blobs.empty()) ||
        (!content->blobs.empty() && !content->manifests.empty())) {
      std::abort();
    }
  }
  return 0;
}
