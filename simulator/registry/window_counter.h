// Counts what sources do, each in a window of its own that begins with the first thing counted. How
// long a window is, is said with each question: rules may change it on the way.
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
  // What was counted in the window that `now` is in, which is `window` long.
  std::uint64_t Used(std::string_view source, TimePoint now, Duration window) const;
  void Count(std::string_view source, TimePoint now, Duration window);

 private:
  struct Window {
    TimePoint begun{};
    std::uint64_t count = 0;
  };

  std::map<std::string, Window, std::less<>> windows_;
};

}  // namespace drydock::simulator
