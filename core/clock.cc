#include "core/clock.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <thread>

#include "core/text.h"

namespace drydock {
namespace {

using std::chrono::duration_cast;

std::tm ToUtc(TimePoint time) {
  const std::time_t seconds = static_cast<std::time_t>(
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

std::string Print(const char* format, const std::tm& parts) {
  std::array<char, 64> buffer{};
  const std::size_t size = std::strftime(buffer.data(), buffer.size(), format, &parts);
  return {buffer.data(), size};
}

// Fixed-width decimal field; nullopt unless all of it is digits.
std::optional<int> Field(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) {
    return std::nullopt;
  }
  const auto value = ParseUnsigned(text.substr(at, width));
  return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

std::optional<TimePoint> FromParts(int year, int month, int day, int hour, int minute, int second) {
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

// strftime's %a and %b follow the locale; HTTP dates do not.
constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

TimePoint SystemClock::Now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

Duration SystemClock::Elapsed() {
  return duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

Status SystemClock::SleepFor(Duration span) {
  std::this_thread::sleep_for(span);
  return Ok{};
}

std::string FormatRfc3339(TimePoint time) {
  std::string text = Print("%04Y-%m-%dT%H:%M:%S", ToUtc(time));
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto millis = duration_cast<std::chrono::milliseconds>(time - whole).count();
  if (millis != 0) {
    std::array<char, 8> buffer{};
    std::snprintf(buffer.data(), buffer.size(), ".%03d", static_cast<int>(millis));
    text += buffer.data();
  }
  return text + "Z";
}

std::optional<TimePoint> ParseRfc3339(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || text.back() != 'Z') {
    return std::nullopt;
  }
  const auto year = Field(text, 0, 4);
  const auto month = Field(text, 5, 2);
  const auto day = Field(text, 8, 2);
  const auto hour = Field(text, 11, 2);
  const auto minute = Field(text, 14, 2);
  const auto second = Field(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) {
    return std::nullopt;
  }
  auto time = FromParts(*year, *month, *day, *hour, *minute, *second);
  if (text.size() > 20) {
    const std::string_view fraction = text.substr(20, text.size() - 21);
    const auto digits = ParseUnsigned(fraction);
    if (!time || text[19] != '.' || !digits || fraction.size() != 3) {
      return std::nullopt;
    }
    *time += std::chrono::milliseconds(*digits);
  }
  return time;
}

std::string FormatHttpDate(TimePoint time) {
  const std::tm parts = ToUtc(time);
  return Concat({kDays[static_cast<std::size_t>(parts.tm_wday)], ", ", Print("%d", parts), " ",
                 kMonths[static_cast<std::size_t>(parts.tm_mon)],
                 Print(" %04Y %H:%M:%S GMT", parts)});
}

std::optional<TimePoint> ParseHttpDate(std::string_view text) {
  // Where day, month, year, its digits and the time stand in each of the three forms.
  struct Form {
    std::size_t day, month, year, year_digits, time;
  };
  std::string plain(text);
  std::optional<Form> form;
  if (text.size() == 29 && text.ends_with(" GMT")) {
    form = Form{5, 8, 12, 4, 17};
  } else if (text.size() == 24) {  // "Thu May 28 06:00:00 2026"
    form = Form{8, 4, 20, 4, 11};
    plain[8] = plain[8] == ' ' ? '0' : plain[8];
  } else if (const std::size_t at = text.find(", ");
             at != std::string_view::npos && text.size() == at + 24 && text.ends_with(" GMT")) {
    form = Form{at + 2, at + 5, at + 9, 2, at + 12};  // "Thursday, 28-May-26 06:00:00 GMT"
  }
  if (!form) {
    return std::nullopt;
  }
  int month = 0;
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (text.substr(form->month, 3) == kMonths[i]) {
      month = static_cast<int>(i) + 1;
    }
  }
  const auto day = Field(plain, form->day, 2);
  const auto year = Field(plain, form->year, form->year_digits);
  const auto hour = Field(plain, form->time, 2);
  const auto minute = Field(plain, form->time + 3, 2);
  const auto second = Field(plain, form->time + 6, 2);
  if (month == 0 || !day || !year || !hour || !minute || !second) {
    return std::nullopt;
  }
  // Nobody promises by a date of the last century.
  return FromParts(form->year_digits == 2 ? 2000 + *year : *year, month, *day, *hour, *minute,
                   *second);
}

std::string FormatDuration(Duration span) {
  const auto micros = span.count();
  if (micros < 1'000'000) {
    return std::to_string(micros / 1000) + "ms";
  }
  const auto seconds = micros / 1'000'000;
  if (seconds < 60) {
    const auto tenths = (micros / 100'000) % 10;
    return tenths == 0 ? std::to_string(seconds) + "s"
                       : Concat({std::to_string(seconds), ".", std::to_string(tenths), "s"});
  }
  const auto days = seconds / 86'400;
  const auto hours = seconds / 3600 % 24;
  const auto minutes = seconds / 60 % 60;
  std::vector<std::string> parts;
  if (days > 0) {
    parts.push_back(std::to_string(days) + "d");
  }
  if (hours > 0) {
    parts.push_back(std::to_string(hours) + "h");
  }
  if (minutes > 0) {
    parts.push_back(std::to_string(minutes) + "m");
  }
  if (seconds % 60 > 0 && days == 0 && hours == 0) {
    parts.push_back(std::to_string(seconds % 60) + "s");
  }
  return Join(parts, " ");
}

std::optional<Duration> ParseDuration(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t micros;
  };
  constexpr std::array<Unit, 5> kUnits = {{{"ms", 1000},
                                           {"s", 1'000'000},
                                           {"m", 60'000'000},
                                           {"h", 3'600'000'000},
                                           {"d", 86'400'000'000}}};
  if (text.empty()) {
    return std::nullopt;
  }
  std::uint64_t total = 0;
  while (!text.empty()) {
    const std::size_t digits = text.find_first_not_of("0123456789.");
    if (digits == std::string_view::npos || digits == 0) {
      return std::nullopt;
    }
    const std::string_view number = text.substr(0, digits);
    text.remove_prefix(digits);
    const std::size_t letters = std::min(text.find_first_of("0123456789."), text.size());
    const std::string_view name = text.substr(0, letters);
    text.remove_prefix(letters);
    std::uint64_t micros = 0;
    for (const Unit& unit : kUnits) {
      micros = unit.name == name ? unit.micros : micros;
    }
    const std::size_t dot = std::min(number.find('.'), number.size());
    const auto whole = ParseUnsigned(number.substr(0, dot));
    if (micros == 0 || !whole || *whole > 100'000'000) {
      return std::nullopt;
    }
    total += *whole * micros;
    if (dot < number.size()) {
      const std::string_view fraction = number.substr(dot + 1);
      const auto value = ParseUnsigned(fraction);
      if (!value || fraction.size() > 3) {
        return std::nullopt;
      }
      const std::uint64_t scale = fraction.size() == 1 ? 10 : fraction.size() == 2 ? 100 : 1000;
      total += *value * micros / scale;
    }
  }
  return Duration(static_cast<Duration::rep>(total));
}

}  // namespace drydock
