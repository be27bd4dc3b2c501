// How an answer goes onto the wire: its head as text and the framing of its body. Pure.
// Threads: values. Source: RFC 9112 sections 4 and 6; RFC 9110 section 8.6.
#pragma once

#include <cstdint>
#include <string>

#include "core/http.h"
#include "simulator/server/request_head.h"

namespace drydock::simulator {

struct WirePlan {
  enum class Body { kNone, kPlain, kChunked };
  std::string head;  // status line, fields, empty line
  Body body = Body::kNone;
  // The connection cannot be used after this answer: asked for by either side, or the body's length
  // and the announced one differ, or only the end of the connection ends the body.
  bool close = false;
};

// Fields go out as they are, in order. A body whose answer has no Content-Length goes out in the
// chunked coding, to an HTTP/1.0 client until the connection ends. Added are Transfer-Encoding and
// Connection where HTTP needs them and the answer lacks them. Control characters become blanks, so
// that no text of a peer can begin a field of its own.
WirePlan PlanResponse(const HttpHead& request, const Response& response, bool close);

}  // namespace drydock::simulator
