#include "simulator/server/input_buffer.h"

#include <algorithm>

namespace drydock::simulator {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

}  // namespace

void InputBuffer::Consume(std::size_t count) {
  begin_ += std::min(count, held().size());
  if (begin_ == bytes_.size()) {
    bytes_.clear();
    begin_ = 0;
  }
}

Result<std::size_t> InputBuffer::Fill() {
  bytes_.erase(0, begin_);
  begin_ = 0;
  const std::size_t before = bytes_.size();
  bytes_.resize(before + kReadBytes);
  Result<std::size_t> got = source_.Read(std::span<char>(bytes_).subspan(before));
  bytes_.resize(before + (got ? *got : 0));
  return got;
}

Result<std::size_t> InputBuffer::Read(std::span<char> into) {
  if (held().empty()) {
    return source_.Read(into);
  }
  const std::size_t count = held().copy(into.data(), into.size());
  Consume(count);
  return count;
}

}  // namespace drydock::simulator
