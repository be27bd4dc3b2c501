// A bench's requests as bytes on sockets to 127.0.0.1, and the answers read back. Keeps its
// connections. Threads: one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/http.h"
#include "tests/support/raw_client.h"
#include "tests/unit/registry/bench.h"

namespace drydock::simulator {

class WireClient {
 public:
  explicit WireClient(std::uint16_t port) : port_(port) {}

  // The request goes out for `url`'s host from the address of its caller. Status 0 when the server
  // ended the connection without an answer.
  BenchReply Send(const Ask& ask, const Url& url);

 private:
  std::uint16_t port_;
  std::map<std::string, std::unique_ptr<testing::RawClient>> clients_;
};

}  // namespace drydock::simulator
