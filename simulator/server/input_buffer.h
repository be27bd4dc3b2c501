// Bytes read ahead of their use: large reads below, small pieces above. Shared by the heads and the
// bodies of one connection, since a peer sends the next head right behind a body.
// Threads: one. Source: design.md, toolchain facts (4 KiB reads with a select before each).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "core/http.h"

namespace drydock::simulator {

class InputBuffer {
 public:
  // `source` must outlive the buffer.
  explicit InputBuffer(BodyReader& source) : source_(source) {}

  // What was read and not yet consumed; valid until the next call of anything else.
  std::string_view held() const { return {bytes_.data() + begin_, end_ - begin_}; }
  void Consume(std::size_t count);
  // Reads once more from the source and adds to held(). 0 means that the peer ended.
  Result<std::size_t> Fill();
  // Where to put bytes that were read by another way, and how many of them are held from now on.
  std::span<char> Room();
  void Added(std::size_t count) { end_ += count; }
  // Works in `room` until Return, which leaves it with no more memory than what is held needs; for
  // a peer that is silent.
  void Borrow(std::vector<char>& room);
  void Return(std::vector<char>& room);
  // Takes held bytes first and else reads straight into `into`. 0 means that the peer ended.
  Result<std::size_t> Read(std::span<char> into);

 private:
  BodyReader& source_;
  // Held are [begin_, end_) of it; it only grows, up to one read more than its user leaves in it.
  std::vector<char> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace drydock::simulator
