// Digests as peers write them in paths, headers and manifests.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/digest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto digest = drydock::Digest::Parse(text);
  // What parses prints as it was written.
  if (digest && digest->ToString() != text) {
    std::abort();
  }
  return 0;
}
