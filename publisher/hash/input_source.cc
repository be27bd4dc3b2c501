#include "publisher/hash/input_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace drydock::publisher {
namespace {

// The kernel's clock ticks every 10 ms at worst, and some file systems keep seconds only.
constexpr std::int64_t kTickNs = 20'000'000;
constexpr std::int64_t kCoarseNs = 2'000'000'000;

}  // namespace

bool MightHideAChange(std::int64_t stamp_ns, std::int64_t since_ns) {
  const bool coarse = stamp_ns % 1'000'000'000 == 0;
  return stamp_ns + (coarse ? kCoarseNs : kTickNs) > since_ns;
}

Status Pour(std::string_view bytes, ByteSink& sink) {
  while (!bytes.empty()) {
    auto room = sink.Room();
    if (!room) {
      return std::move(room).error();
    }
    const std::size_t count = std::min(room->size(), bytes.size());
    std::memcpy(room->data(), bytes.data(), count);
    sink.Filled(count);
    bytes.remove_prefix(count);
  }
  return Ok();
}

}  // namespace drydock::publisher
