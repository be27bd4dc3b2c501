#include "publisher/hash/input_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace drydock::publisher {

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
