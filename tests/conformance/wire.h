// The bench's registry and token service behind a real server on a free port of 127.0.0.1, and an
// HTTP client before it: what the rows are played over a second time. Threads: those of the server;
// the bench is the test's between two requests.
#pragma once

#include <optional>

#include "core/clock.h"
#include "simulator/faults/fault_state.h"
#include "simulator/server/listener.h"
#include "simulator/world/internet.h"
#include "tests/conformance/wire_client.h"
#include "tests/unit/registry/bench.h"

namespace drydock::simulator {

class Wire {
 public:
  // Sends what the bench is asked to send over sockets, until it is gone. `bench` must outlive it.
  explicit Wire(Bench& bench);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

 private:
  BenchReply Send(const Ask& ask);

  Bench& bench_;
  SystemClock clock_;
  FaultState faults_{{}, 1};
  Internet internet_;
  ConnectionContext context_;
  Listener listener_;
  std::optional<WireClient> client_;
};

}  // namespace drydock::simulator
