#include "simulator/server/input_buffer.h"

#include <algorithm>

namespace drydock::simulator {
namespace {

constexpr std::size_t kReadBytes = 65'536;

}  // namespace

void InputBuffer::Consume(std::size_t count) {
  begin_ += std::min(count, held().size());
  if (begin_ == end_) {
    begin_ = end_ = 0;
  }
}

std::span<char> InputBuffer::Room() {
  if (bytes_.size() < end_ + kReadBytes) {
    std::copy(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_),
              bytes_.begin() + static_cast<std::ptrdiff_t>(end_), bytes_.begin());
    end_ -= begin_;
    begin_ = 0;
    bytes_.resize(std::max(bytes_.size(), end_ + kReadBytes));
  }
  return std::span<char>(bytes_).subspan(end_);
}

Result<std::size_t> InputBuffer::Fill() {
  Result<std::size_t> got = source_.Read(Room());
  end_ += got ? *got : 0;
  return got;
}

void InputBuffer::Borrow(std::vector<char>& room) {
  const std::size_t count = held().size();
  room.resize(std::max(room.size(), count));
  held().copy(room.data(), count);
  bytes_.swap(room);
  begin_ = 0;
  end_ = count;
}

void InputBuffer::Return(std::vector<char>& room) {
  std::vector<char> kept(held().begin(), held().end());
  begin_ = 0;
  end_ = kept.size();
  bytes_.swap(room);
  bytes_ = std::move(kept);
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
