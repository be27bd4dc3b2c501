// Keeps the connections of a server. As many workers as there are processors are on duty: each
// waits in one epoll for whichever connection speaks next, serves it, and waits again, so that a
// small exchange is handed to nobody. Who is in an exchange that waits for its peer, or takes
// longer than a few milliseconds, is off duty and another takes the place: so thousands may idle,
// or send a byte now and then, and an active client does not notice. Exchanges with slow peers do
// not count towards ServerLimits::workers_max; there may be slow_max of them. When there are too
// many connections, the one that has been silent for the longest goes.
// Threads: every method from any thread. Source: issue 4 section 4; epoll(7);
// docs/adr/0063-workers-on-duty.md.
#pragma once

#include <cstddef>
#include <memory>

#include "core/result.h"
#include "simulator/server/connection.h"

namespace drydock::simulator {

class ConnectionPool {
 public:
  // `context` must outlive the pool, and so must all it names.
  explicit ConnectionPool(ConnectionContext& context);
  ~ConnectionPool();  // stops
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // Waits for a place while all are at work, ServerLimits::grace_time at most; then, and once the
  // pool was stopped, the connection ends unasked.
  void Take(std::unique_ptr<Connection> connection);
  // Open connections.
  std::size_t live() const;
  // Ends idle connections, lets running exchanges finish for the grace time and then breaks them
  // off. Returns when no thread is left; connections taken later end at once.
  void Stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace drydock::simulator
