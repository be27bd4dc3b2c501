// The one table that says what an answer means: where a request stood (route), what became of it
// (phase), its status, whose body came back, which code and words it held; and from that whether it
// may go away and what comes next. Plain data, first match wins, and the last rows take everything.
// docs/classification.md is made from it.
// Threads: constants and pure functions. Source: incidents.md section 5, rules 1 to 4, and the
// incidents of sections A to F.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "publisher/registry/failure.h"

namespace drydock::publisher {

// What is known of an answer, or of the want of one, as the table asks for it.
struct Occurrence {
  Route route = Route::kOtherRead;
  Phase phase = Phase::kAnswered;
  int status = 0;  // 0 unless kAnswered
  Whose whose = Whose::kNobody;
  std::string_view code = {};
  std::string_view words = {};
  std::uint8_t hints = 0;  // of Hint
};

// What headers can tell beside status and body.
enum Hint : std::uint8_t {
  kNoHint = 0,
  kChallenge = 1,          // a login is asked for that this program can do
  kInsufficientScope = 2,  // … and the one it has does not reach
  kNoChallenge = 4,
  kRetryAfter = 8,  // a promise of when to come back
  kNoRetryAfter = 16,
  kWroteBefore = 32,  // the same login has written there in this run
};

// Sets of routes and of speakers are sums of bits.
using RouteSet = std::uint32_t;
using WhoseSet = std::uint8_t;
constexpr RouteSet Bit(Route route) { return RouteSet{1} << static_cast<unsigned>(route); }
constexpr WhoseSet Bit(Whose whose) {
  return static_cast<WhoseSet>(1U << static_cast<unsigned>(whose));
}

struct ClassificationRow {
  std::string_view name;  // unique
  RouteSet routes;
  Phase phase;
  int status_min;
  int status_max;  // inclusive
  WhoseSet whose;
  std::string_view codes;  // "A|B"; "" takes all
  std::string_view words;  // "this|that" in lower case; "" takes all
  Hint hint;               // kNoHint takes all
  Persistence persistence;
  NextMove next;
  std::string_view advice;  // what a person does next; "" when there is none
};

// In order.
std::span<const ClassificationRow> ClassificationRows();
// The first row that takes it.
const ClassificationRow& FindRow(const Occurrence& occurrence);

// Which request that was. An upload's Location may lead anywhere, so there the method tells.
Route RouteOf(std::string_view method, std::string_view url);

std::string_view Name(Route route);  // "upload.patch", …
std::string_view Name(Phase phase);  // "answered", …
std::string_view Name(Whose whose);  // "registry", …

}  // namespace drydock::publisher
