// Ctrl-C as a request: the first one lets the request under way end and then unwinds the run, which
// says how to go on; the second one ends the process at once, which is as safe (a killed run can be
// resumed) and says nothing. Threads: any, but for the constructor and destructor of StopSignal.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/clock.h"
#include "core/transport.h"

namespace drydock::cli {

// While one lives, SIGINT and SIGTERM are requests. One at a time.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  static bool Asked();
};

// The machine's clock, whose sleeps end with kCancelled when a stop was asked for.
class StoppableClock : public SystemClock {
 public:
  Status SleepFor(Duration span) override;
};

// Sends nothing more once a stop was asked for, and counts the bytes of bodies that were sent.
class StoppableTransport : public Transport {
 public:
  using Counter = std::atomic<std::uint64_t>;
  StoppableTransport(std::unique_ptr<Transport> inner, std::shared_ptr<Counter> sent)
      : inner_(std::move(inner)), sent_(std::move(sent)) {}
  Result<Response> Send(Request request, Deadline deadline) override;

 private:
  std::unique_ptr<Transport> inner_;
  std::shared_ptr<Counter> sent_;
};

}  // namespace drydock::cli
