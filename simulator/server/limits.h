// What a peer may cost the server: every buffer and every wait on a socket has its bound here.
// Threads: values. Source: RFC 9112 section 9.5 and 2.3 (a server protects itself).
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/clock.h"

namespace drydock::simulator {

struct ServerLimits {
  std::size_t head_bytes_max = 65'536;    // request line and fields together; beyond it: 431
  std::size_t target_bytes_max = 16'384;  // beyond it: 414
  std::size_t fields_max = 128;           // beyond it: 431
  std::size_t connections_max = 8192;     // open at once; beyond it the idlest must go
  std::size_t workers_max = 256;          // exchanges at once; more wait their turn
  // Exchanges that wait for slow peers do not count as such. So many at once; beyond it the one
  // that has waited longest for its next byte is broken off.
  std::size_t slow_max = 512;

  // From a connection's begin or a head's first byte to its last; a TLS handshake counts in.
  Duration head_time = std::chrono::seconds(10);
  Duration idle_time = std::chrono::seconds(60);  // between requests
  // What an exchange waits for its peer, in sum, before it is a slow one.
  Duration slow_after = std::chrono::milliseconds(50);
  Duration stall_time = std::chrono::seconds(30);  // without a byte inside a body, either way
  Duration finish_time = std::chrono::seconds(2);  // reading on after our FIN or before our RST
  Duration grace_time = std::chrono::seconds(5);   // for running exchanges when the server stops
};

}  // namespace drydock::simulator
