// The client's end of an exchange, as far as the driver waits there.
// Threads: the one that drives the exchange, then the one that reads the answer.
// Source: docs/adr/0031-waiting-with-a-client.md.
#pragma once

#include "core/clock.h"
#include "core/result.h"

namespace drydock::simulator {

class Peer {
 public:
  virtual ~Peer() = default;
  // Lets time pass until `until`, a moment of clock.Elapsed(). kTimeout when the client gave up
  // before, kAmbiguous when it went away, kCancelled when this run is being stopped.
  virtual Status WaitUntil(Clock& clock, Deadline until) = 0;
};

// Of whoever has endless patience.
class PatientPeer : public Peer {
 public:
  Status WaitUntil(Clock& clock, Deadline until) override {
    const Duration now = clock.Elapsed();
    return until <= now ? Status(Ok{}) : clock.SleepFor(until - now);
  }
};

}  // namespace drydock::simulator
