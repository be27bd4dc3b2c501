// Keeps the connections of a server: one thread watches all that are silent, and those that have
// something to say get a thread of their own while they do. So thousands may idle, or send a byte
// now and then, and an active client does not notice. A thread that waits for a slow peer inside an
// exchange is replaced by another, up to ServerLimits::slow_max of them. When there are too many
// connections, the one that has been silent for the longest goes.
// Threads: every method from any thread. Source: issue 4 section 4; epoll(7).
#pragma once

#include <cstddef>
#include <memory>

#include "core/result.h"
#include "simulator/server/connection.h"

namespace drydock::simulator {

class ConnectionPool {
 public:
  // Sets `wanted` of `context`, which must outlive the pool, as all it names.
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
