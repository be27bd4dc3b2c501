// Image references as people and peers write them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/reference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = drydock::ImageReference::Parse(text);
  if (!parsed) {
    return 0;
  }
  const auto again = drydock::ImageReference::Parse(parsed->ToString());
  if (!again || !(*again == *parsed) || !drydock::IsRepositoryName(parsed->repository) ||
      (parsed->tag && !drydock::IsTag(*parsed->tag))) {
    std::abort();
  }
  return 0;
}
