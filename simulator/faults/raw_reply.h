// The effect "raw-reply": exactly these bytes, whatever HTTP says, and then the connection ends.
// Threads: plain values and pure functions. Source: incidents.md 9.2 (P3).
#pragma once

#include <string>
#include <string_view>

#include "core/http.h"
#include "core/result.h"

namespace drydock::simulator {

struct RawReply {
  std::string bytes;
};

std::string Describe(const RawReply& raw);

// What drydock's own client makes of an answer that comes in these bytes. A line may end in a bare
// line feed. kAmbiguous when that is no HTTP to it: a head that does not end, a field without a
// colon.
Result<Response> ReadRawAnswer(std::string_view bytes);

}  // namespace drydock::simulator
