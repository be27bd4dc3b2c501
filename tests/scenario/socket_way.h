// A way from a scenario's publisher to its Hub that leads over real sockets: every request leaves
// as bytes on a TCP connection of 127.0.0.1 and comes in through the server that `drydock serve`
// runs.
//
// Virtual time holds. The actor that sends has the world's baton until it has its answer; what the
// exchange wants to sleep (a delay that a fault asks for) that actor sleeps, and no real time is
// waited for.
//
// Threads: the server's own, and one for the socket's other end while the sending actor waits; the
// connector is used by actors of one world at a time.
// Source: docs/adr/0038-determinism.md.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/clock.h"
#include "scenarios/runner/stage.h"
#include "simulator/server/listener.h"

namespace drydock::testing {

class SocketWay {
 public:
  SocketWay();
  ~SocketWay();
  SocketWay(const SocketWay&) = delete;
  SocketWay& operator=(const SocketWay&) = delete;

  // For RunOptions; must not outlive this.
  scenarios::Connector connector();
  // Exchanges that went over a socket.
  std::uint64_t exchanges() const { return exchanges_; }

 private:
  class Way;
  // What the server cannot tell from the bytes: the URL's scheme, who asks, and where.
  struct Asked {
    simulator::Internet* internet = nullptr;
    Url url;
    simulator::Caller caller;
    std::shared_ptr<simulator::Peer> peer;  // waits as the actor does that asks
    std::optional<Error> failure = {};      // the exchange had no answer to send
  };

  simulator::Served Serve(simulator::RequestHead head, Body& body);

  SystemClock clock_;
  simulator::ConnectionContext context_;
  simulator::Listener listener_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  Asked* asked_ = nullptr;
  std::uint64_t exchanges_ = 0;
  std::uint64_t connections_ = 0;
};

}  // namespace drydock::testing
