// The effect "early-reply": the answer comes before the request's body was read.
// Threads: plain values and pure functions. Source: incidents.md 9.2 (P7).
#pragma once

#include <string>

#include "simulator/faults/reply.h"

namespace drydock::simulator {

struct EarlyReply {
  // What becomes of the rest of the body, once the answer is on its way.
  enum class Then {
    kDrain,  // is read and dropped; the connection goes on
    kStop,   // is not read, and the connection stays open
    kClose,  // is not read, and the connection ends at once
  };
  Reply reply;
  Then then = Then::kDrain;
};

std::string Describe(const EarlyReply& early);

}  // namespace drydock::simulator
