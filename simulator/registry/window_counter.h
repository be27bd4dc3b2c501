// Counts what sources do, each in a window of its own that begins with the first thing counted.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace drydock::simulator {

class WindowCounter {
 public:
  explicit WindowCounter(Duration window) : window_(window) {}

  // What was counted in the window that `now` is in.
  std::uint64_t Used(std::string_view source, TimePoint now) const;
  void Count(std::string_view source, TimePoint now);
  // From `now` to the end of the source's window; zero when none is running.
  Duration Remaining(std::string_view source, TimePoint now) const;
  void Forget(std::string_view source);
  Duration window() const { return window_; }

 private:
  struct Window {
    TimePoint begun{};
    std::uint64_t count = 0;
  };

  Duration window_;
  std::map<std::string, Window, std::less<>> windows_;
};

}  // namespace drydock::simulator
