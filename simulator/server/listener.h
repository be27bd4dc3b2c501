// Takes connections on any number of addresses and hands them to the pool. cpp-httplib binds and
// accepts; from the accepted socket on everything is ours (docs/adr/0007-own-http-framing.md,
// 0011-idle-connections.md). Threads: every method from any thread, Stop once.
#pragma once

#include <cstdint>
#include <memory>

#include "core/result.h"
#include "simulator/server/connection.h"
#include "simulator/server/socket.h"
#include "simulator/server/tls_identity.h"

namespace drydock::simulator {

class Listener {
 public:
  // `context` and all it names must outlive the listener, and so must `tls`, without which
  // connections are plain.
  explicit Listener(ConnectionContext& context, const TlsIdentity* tls = nullptr);
  ~Listener();  // stops
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Listens on one more address ("127.0.0.1", "::1", "0.0.0.0"); port 0 takes any free one. Gives
  // the port. Clients may connect from now on, and wait until Start. kConflict when the port is in
  // use, kInvalid when this machine has no such address, kDenied when the port is not for
  // everybody.
  Result<std::uint16_t> Bind(const Endpoint& endpoint);
  // Serves in the background. Once; what is bound later is served at once.
  void Start();
  // Takes no more connections there; those it took live on. Nothing when it never listened there.
  void Unbind(const Endpoint& endpoint);
  // Takes no more connections, ends idle ones, lets running exchanges finish for the grace time and
  // then breaks them off. Returns when no thread is left. Does nothing the second time.
  void Stop();
  // Connections taken so far, and those that are open.
  std::uint64_t connections() const;
  std::size_t live() const;

 private:
  class Acceptor;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace drydock::simulator
