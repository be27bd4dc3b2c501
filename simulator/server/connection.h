// One TCP connection of the server: heads in, exchanges through the Internet, answers out, one
// after the other until either side ends it. Wire-level cuts happen here and are honest: an RST is
// an RST, a FIN is a FIN, and exactly the asked number of body bytes was sent before.
// Threads: one thread runs it; AnnounceStop, Stop and Abort may be called from another. Source: RFC
// 9112 section 9.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/journal.h"
#include "simulator/server/input_buffer.h"
#include "simulator/server/limits.h"
#include "simulator/server/request_body.h"
#include "simulator/server/request_head.h"
#include "simulator/server/response_head.h"
#include "simulator/server/socket.h"
#include "simulator/world/internet.h"

namespace drydock::simulator {

// What the connections of one server share. All members must outlive them.
struct ConnectionContext {
  Internet& internet;
  Journal& journal;
  Clock& clock;
  ServerLimits limits;
  // Runs once the journal tells of an exchange or of a rejected head, on the connection's thread
  // and before the client sees an answer.
  std::function<void()> on_event;
  // True when places are getting rare: connections then end after the exchange they are in.
  std::function<bool()> crowded;
};

class Connection {
 public:
  // Owns `fd`. `ordinal` is the connection's number, from 1.
  Connection(int fd, std::uint64_t ordinal, ConnectionContext& context);

  // Serves until the connection ends.
  void Run();
  // Makes the exchange it is in (or else the next one) the last, and says so to the client.
  void AnnounceStop() { stopping_ = true; }
  // Makes Run end after the exchange it is in, and at once between exchanges.
  void Stop();
  // Makes Run end now, whatever it is doing.
  void Abort();

 private:
  enum class Next { kKeep, kClose, kGone };

  std::optional<std::string> ReadHead();
  Next ServeOne(const std::string& head_bytes);
  Next Exchange(const HttpHead& head, BodyFraming framing);
  Next SendAnswer(const HttpHead& head, Answer answer, bool close);
  Status Send(const WirePlan& plan, Body& body);
  Next AfterBrokenBody(const RequestBody& body);
  void End(Next next);
  Next Reject(const RejectedHead& rejected);

  ConnectionContext& context_;
  std::uint64_t ordinal_;
  Socket socket_;
  InputBuffer input_;
  std::string address_;
  std::vector<char> piece_;  // of an answer's body
  bool served_any_ = false;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> between_ = true;  // no exchange is running
};

}  // namespace drydock::simulator
