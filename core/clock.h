// Time: now, elapsed and sleeping together, so that a fake can never have one without the others.
// Threads: each implementation says. Source: docs/adr/0003-virtual-time.md.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace drydock {

using Duration = std::chrono::microseconds;
using TimePoint = std::chrono::sys_time<Duration>;  // UTC

class Clock {
 public:
  virtual ~Clock() = default;

  // Wall time in UTC. May jump on a real machine; for dates in headers, tokens and reports.
  virtual TimePoint Now() = 0;
  // Monotonic time since some fixed moment; deadlines and measured spans are built on it.
  virtual Duration Elapsed() = 0;
  // Blocks the caller for `span`. kCancelled when the world ends or the caller was killed
  // meanwhile; the caller must then unwind without further effects.
  virtual Status SleepFor(Duration span) = 0;
};

// A point on Clock::Elapsed() after which waiting is pointless. Handed down, never recomputed.
using Deadline = Duration;
inline constexpr Deadline kNoDeadline = Duration::max();

// The machine's clock. Thread-safe.
class SystemClock : public Clock {
 public:
  TimePoint Now() override;
  Duration Elapsed() override;
  Status SleepFor(Duration span) override;
};

// "2026-05-28T06:00:00Z", with milliseconds when they are not zero.
std::string FormatRfc3339(TimePoint time);
// "YYYY-MM-DDThh:mm:ss[.fff]Z" (UTC only); nullopt for anything else.
std::optional<TimePoint> ParseRfc3339(std::string_view text);
// "Thu, 28 May 2026 06:00:00 GMT" (RFC 9110 IMF-fixdate).
std::string FormatHttpDate(TimePoint time);
// That, and RFC 9110's two obsolete forms (two digits of a year are of this century).
std::optional<TimePoint> ParseHttpDate(std::string_view text);
// "1h 5m", "15s", "1.5s", "250ms": for people.
std::string FormatDuration(Duration span);
// "90s", "1.5s", "250ms", "10m", "6h", "5d" and sums such as "1h30m"; nullopt for anything else.
std::optional<Duration> ParseDuration(std::string_view text);

}  // namespace drydock
