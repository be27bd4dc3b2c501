// When bytes may pass that are let through at a rate. Pure arithmetic on virtual time.
// Threads: a value. Source: incidents.md 9.2 (P5).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/clock.h"

namespace drydock::simulator {

class Pace {
 public:
  // From `start` on, `rate` (> 0) bytes a second, and `burst` bytes at once before.
  Pace(std::uint64_t rate, std::uint64_t burst, Deadline start)
      : rate_(rate), burst_(burst), start_(start) {}

  // How much of `room` to let through at once: an eighth of a second's worth, at least a byte.
  std::size_t Portion(std::size_t room) const {
    return static_cast<std::size_t>(
        std::clamp<std::uint64_t>(rate_ / 8, std::min<std::uint64_t>(room, 1), room));
  }
  // The moment from which `bytes`, counted from the start, may have passed.
  Deadline TimeOf(std::uint64_t bytes) const {
    const std::uint64_t paced = bytes - std::min(bytes, burst_);
    // A part of a second, in double: exact enough for microseconds, and it cannot overflow.
    const double part = static_cast<double>(paced % rate_) / static_cast<double>(rate_);
    return start_ + std::chrono::seconds(paced / rate_) +
           Duration(static_cast<Duration::rep>(part * 1e6));
  }

 private:
  std::uint64_t rate_;
  std::uint64_t burst_;
  Deadline start_;
};

}  // namespace drydock::simulator
