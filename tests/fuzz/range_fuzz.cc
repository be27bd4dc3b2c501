// Range and Content-Range as a client sent them. The first eight bytes are the size of the body.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "core/text.h"
#include "simulator/registry/range.h"

namespace {

using drydock::Concat;
using drydock::simulator::ParseContentRange;
using drydock::simulator::RangeKind;
using drydock::simulator::ReadRange;

constexpr std::size_t kTextMax = 512;

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint64_t body_size = 0;
  if (size < sizeof(body_size) || size > kTextMax) {
    return 0;
  }
  std::memcpy(&body_size, data, sizeof(body_size));
  const std::string_view text(reinterpret_cast<const char*>(data) + sizeof(body_size),
                              size - sizeof(body_size));
  const auto answer = ReadRange(text, body_size);
  Require(answer.parts.empty() == (answer.kind != RangeKind::kParts));
  for (const auto& part : answer.parts) {
    Require(part.first <= part.last);
    Require(part.last < body_size);
  }
  if (const auto range = ParseContentRange(text)) {
    Require(range->first <= range->last);
    Require(range->length() != 0);
    const std::string again =
        Concat({std::to_string(range->first), "-", std::to_string(range->last)});
    Require(ParseContentRange(again) == range);
  }
  return 0;
}
