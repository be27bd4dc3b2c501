#include "core/clock.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

namespace drydock {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Rfc3339, PrintsAndReads) {
  const char* texts[] = {"2026-05-28T06:00:00Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z",
                         "2026-05-28T06:00:00.007Z", "1969-12-31T23:59:59.999Z"};
  for (const char* text : texts) {
    const auto time = ParseRfc3339(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(FormatRfc3339(*time), text);
  }
  EXPECT_EQ(FormatRfc3339(TimePoint(microseconds(1999))), "1970-01-01T00:00:00.001Z");
}

TEST(Rfc3339, RefusesEverythingElse) {
  for (const char* text :
       {"", "2026-05-28", "2026-05-28T06:00:00", "2026-05-28T06:00:00+02:00",
        "2026-05-28 06:00:00Z", "2026-02-30T06:00:00Z", "2026-13-01T06:00:00Z",
        "2026-00-01T06:00:00Z", "2026-05-28T24:00:00Z", "2026-05-28T06:60:00Z",
        "2026-05-28T06:00:60Z", "2026-05-28T06:00:00.1Z", "2026-05-28T06:00:00.1234Z",
        "2026-05-28T06:00:00,123Z", "2026-05-28T06:00:00z", "202a-05-28T06:00:00Z",
        "+026-05-28T06:00:00Z", "2026-05-28T06:00:00.Z"}) {
    EXPECT_EQ(ParseRfc3339(text), std::nullopt) << text;
  }
}

TEST(HttpDate, PrintsAndReads) {
  // RFC 9110 section 5.6.7.
  const TimePoint time = *ParseRfc3339("1994-11-06T08:49:37Z");
  EXPECT_EQ(FormatHttpDate(time), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), time);
  for (const char* text : {"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 2094"}) {
    EXPECT_EQ(ParseHttpDate(text), ParseHttpDate("Sat, 06 Nov 2094 08:49:37 GMT")) << text;
  }
  for (const char* text : {"", "Sunday, 06-Nov-94 08:49:37 CET", "Sun Nov 31 08:49:37 1994",
                           "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 Xov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT"}) {
    EXPECT_EQ(ParseHttpDate(text), std::nullopt) << text;
  }
}

TEST(Dates, BothFormsKeepWholeSeconds) {
  EXPECT_TRUE(rc::check([] {
    const TimePoint time{seconds(*rc::gen::inRange<std::int64_t>(-2'000'000'000, 16'000'000'000))};
    RC_ASSERT(ParseRfc3339(FormatRfc3339(time)) == time);
    RC_ASSERT(ParseHttpDate(FormatHttpDate(time)) == time);
  }));
}

TEST(Durations, AreReadAsWritten) {
  const std::pair<const char*, Duration> rows[] = {
      {"0s", seconds(0)},           {"90s", seconds(90)},   {"1.5s", milliseconds(1500)},
      {"250ms", milliseconds(250)}, {"10m", minutes(10)},   {"6h", hours(6)},
      {"5d", hours(120)},           {"1h30m", minutes(90)}, {"1.25h", minutes(75)},
      {"0.001s", milliseconds(1)},  {"1m1m", minutes(2)},
  };
  for (const auto& [text, span] : rows) {
    EXPECT_EQ(ParseDuration(text), span) << text;
  }
  for (const char* text : {"", "5", "s", "1 s", "-1s", "1y", "1.s", ".5s", "1.2345s", "1..5s", "1S",
                           "1h 30m", "1e3s", "999999999999d"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(Durations, PrintForPeople) {
  const std::pair<Duration, const char*> rows[] = {
      {Duration(0), "0ms"},
      {milliseconds(250), "250ms"},
      {seconds(15), "15s"},
      {milliseconds(1500), "1.5s"},
      {seconds(60), "1m"},
      {seconds(65), "1m 5s"},
      {minutes(65), "1h 5m"},
      {hours(120), "5d"},
      {hours(121) + minutes(2), "5d 1h 2m"},
      {hours(1) + seconds(5), "1h"},
      {microseconds(1), "0ms"},
  };
  for (const auto& [span, text] : rows) {
    EXPECT_EQ(FormatDuration(span), text) << span.count();
  }
}

TEST(SystemClock, GoesForward) {
  SystemClock clock;
  const Duration before = clock.Elapsed();
  EXPECT_TRUE(clock.SleepFor(Duration(1)).ok());
  EXPECT_GT(clock.Elapsed(), before);
  EXPECT_GT(clock.Now(), *ParseRfc3339("2020-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace drydock
