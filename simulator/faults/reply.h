// Answers in place of the genuine one, and changes to it, as data; faults/effects.h applies them.
// Threads: plain values. Source: incidents.md 9.2 (P1, P2).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/http.h"

namespace drydock::simulator {

// The answer instead of the genuine one (P1). "{repository}", "{reference}", "{digest}" and
// "{origin}" in header values and body stand for the request's own.
struct Reply {
  int status = 500;
  std::string reason;
  Headers headers;
  std::string body;
};

// Changes to the genuine answer (P2), in this order. Values may use "{value}" and "{value-path}"
// (what the genuine field held) beside the names of Reply.
struct EditReply {
  std::optional<int> status;
  std::optional<std::string> reason;
  std::vector<std::string> drop;
  Headers set;
  Headers add;
};

}  // namespace drydock::simulator
