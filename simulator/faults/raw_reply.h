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

// What drydock's own client makes of an answer that comes in these bytes, after which the
// connection ends; to a HEAD it reads no body. kAmbiguous when that is no HTTP to it: another
// status line, a head that does not end. A line of the head may end in a bare LF, and is passed
// over when it is no field; a body that is shorter than its framing says ends in kAmbiguous. A test
// holds both against each other.
Result<Response> ReadAsClient(std::string_view method, std::string_view bytes);

}  // namespace drydock::simulator
