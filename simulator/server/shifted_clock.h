// A world's clock: the machine's, so far ahead as somebody set it. Threads: any.
#pragma once

#include <atomic>

#include "core/clock.h"

namespace drydock::simulator {

class ShiftedClock : public Clock {
 public:
  // `base` must outlive it.
  explicit ShiftedClock(Clock& base) : base_(base) {}

  TimePoint Now() override { return base_.Now() + ahead(); }
  Duration Elapsed() override { return base_.Elapsed() + ahead(); }
  Status SleepFor(Duration span) override { return base_.SleepFor(span); }

  // Time never goes back. False when the clock cannot count that far.
  bool Advance(Duration span) {
    constexpr Duration kFarthest = std::chrono::hours(24) * 365 * 100;
    if (span < Duration::zero() || span > kFarthest - ahead()) {
      return false;
    }
    ahead_ += span.count();
    return true;
  }
  Duration ahead() const { return Duration(ahead_.load()); }

 private:
  Clock& base_;
  std::atomic<Duration::rep> ahead_ = 0;
};

}  // namespace drydock::simulator
