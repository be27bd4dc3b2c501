// A clock that stands where it is put. Threads: one.
#pragma once

#include <string_view>

#include "core/clock.h"

namespace drydock::simulator {

struct StandingClock : Clock {
  explicit StandingClock(std::string_view start) : now(*ParseRfc3339(start)) {}

  TimePoint Now() override { return now; }
  Duration Elapsed() override { return now.time_since_epoch(); }
  Status SleepFor(Duration span) override {
    now += span;
    return Ok{};
  }

  TimePoint now;
};

}  // namespace drydock::simulator
