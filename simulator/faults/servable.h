// Which rules a server can play on real sockets. It has no say in what happens before a connection
// is its own, knows of a new connection no more than who opens it, to which name, and when, and
// speaks HTTP/1.1.
// Threads: pure functions. Source: incidents.md 9.2 (P8); docs/faults.md "connect-fault".
#pragma once

#include <vector>

#include "core/result.h"
#include "simulator/faults/rule.h"

namespace drydock::simulator {

// How a world is reached.
struct ServedBy {
  bool tls = false;
  bool own_address =
      true;  // or by host names alone, which nobody knows when a connection is opened
};

// Ok when a server can play all of them; kInvalid naming the first that it cannot, and why.
Status CheckServable(const std::vector<FaultRule>& rules, const ServedBy& served);

}  // namespace drydock::simulator
