// Takes connections on one address and runs each on a thread of its own, up to a limit. cpp-httplib
// binds, accepts and keeps the threads; from the accepted socket on everything is ours
// (docs/adr/0007-own-http-framing.md). Threads: Bind, Start and Stop from one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/result.h"
#include "simulator/server/connection.h"

namespace drydock::simulator {

class Listener {
 public:
  // `context` and all it names must outlive the listener; its `crowded` is set here.
  explicit Listener(ConnectionContext& context);
  ~Listener();  // stops
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // `host` is an address ("127.0.0.1", "::1", "0.0.0.0"); port 0 takes any free one. Gives the
  // port. Clients may connect from now on and wait. kConflict when the port is in use, kInvalid
  // when this machine has no such address, kDenied when the port is not for everybody.
  Result<std::uint16_t> Bind(const std::string& host, std::uint16_t port);
  // Serves in the background. Once, after Bind.
  void Start();
  // Takes no more connections, ends idle ones, lets running exchanges finish for the grace time and
  // then breaks them off. Returns when no thread is left. Does nothing the second time.
  void Stop();
  // Connections taken so far.
  std::uint64_t connections() const;

 private:
  class Acceptor;
  std::unique_ptr<Acceptor> acceptor_;
};

}  // namespace drydock::simulator
