// Captured traffic from a HAR file: what browsers, mitmproxy and drydock itself export.
// Threads: pure functions. Source: HTTP Archive 1.2; the fields beyond it (_error) as Chromium and
// mitmproxy write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/http.h"
#include "core/result.h"

namespace drydock::scenarios {

inline constexpr std::uint64_t kHarBytesMax = 256ULL << 20;
inline constexpr std::size_t kHarEntriesMax = 100'000;
inline constexpr std::size_t kHarBodyBytesMax = 16'384;  // what is kept of an answer's body

struct CapturedExchange {
  std::size_t line = 0;  // of its entry
  std::optional<TimePoint> time;
  std::string method;
  Url url;
  bool authorized = false;  // the request carried credentials
  int status = 0;           // 0: no answer came
  std::string reason;
  Headers headers;  // of the answer
  std::string body;
  bool body_cut = false;             // more of it was in the file
  std::uint64_t response_bytes = 0;  // of the body that arrived
  std::string lost;                  // why no complete answer came; "" when one did
};

struct Capture {
  std::string creator;                      // "mitmproxy exporthar 0.1"
  std::vector<CapturedExchange> exchanges;  // by time; those without one stay where they stood
  std::size_t skipped = 0;                  // entries that are no HTTP requests (data:, blob:)
};

// kInvalid when the text is no HAR; `source` names it in the message.
Result<Capture> ReadHar(std::string_view text, std::string_view source);

// "2026-05-28T08:00:00.123456+02:00": what the three write; nullopt for anything else.
std::optional<TimePoint> ParseHarTime(std::string_view text);

}  // namespace drydock::scenarios
