// One connection of the server: heads in, exchanges through the door, answers out, one after the
// other until either side ends it. Wire-level cuts happen here and are honest: an RST is an RST, a
// FIN is a FIN (without TLS's goodbye), and exactly the asked number of body bytes was sent before.
// A connection takes a thread only while there are bytes to work on (connection_pool.h).
// Threads: one at a time serves it; AnnounceStop and Abort may be called from another.
// Source: RFC 9112 section 9.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "simulator/exchange.h"
#include "simulator/server/input_buffer.h"
#include "simulator/server/limits.h"
#include "simulator/server/request_body.h"
#include "simulator/server/request_head.h"
#include "simulator/server/response_head.h"
#include "simulator/server/stream.h"
#include "simulator/world/internet.h"

namespace drydock::simulator {

// An answer, and what must live until its body was read.
struct Served {
  Result<Answer> answer;
  std::shared_ptr<const void> owner = nullptr;
};

// What the connections of one server share. All members must outlive them; the functions may be
// called from many threads at once.
struct ConnectionContext {
  Clock& clock;  // of the machine
  ServerLimits limits;
  std::string scheme;  // "http" or "https"
  // Answers one request. Errors are the body's, or the peer's.
  std::function<Served(RequestHead head, Body& body, const std::shared_ptr<Peer>& peer)> serve;
  // Something worth a line in the journal happened that is no exchange.
  std::function<void(const Caller& caller, const std::string& text)> note;
  // Asks at Phase::kTcp, and for TLS at Phase::kTls, whether a rule ends the connection that is
  // being opened.
  std::function<std::optional<ConnectFault>(Phase phase, const Caller& caller)> opened =
      [](Phase, const Caller&) { return std::nullopt; };
};

class Connection {
 public:
  // `ordinal` is the connection's number, from 1.
  Connection(std::unique_ptr<Stream> stream, std::uint64_t ordinal, ConnectionContext& context);

  // To be called first. False when a rule ends it where it begins: destroy it.
  bool Open();

  enum class State { kWaiting, kEnded };
  // Serves what the peer has sent. kWaiting: nothing more is there for now; call again when fd()
  // can be read or when waits_until() comes. kEnded: destroy it. `room` is what it reads into, and
  // can be used for another connection afterwards.
  State Serve(std::vector<char>& room);
  int fd() const { return stream_->fd(); }
  Deadline waits_until() const { return waits_until_; }
  // True when all has been said and only the peer's end is waited for.
  bool draining() const { return draining_; }
  // Called by the serving thread, once an exchange, before it waits for its peer for the first
  // time.
  void OnWait(std::function<void()> wait) { on_wait_ = std::move(wait); }
  // The same, when it has waited for ServerLimits::slow_after in sum.
  void OnSlow(std::function<void()> slow) { on_slow_ = std::move(slow); }
  // Since when it waits for its peer inside an exchange; WaitAccount::kNotWaiting while it does
  // not. From any thread.
  Duration waiting_since() const { return waits_.waiting_since(); }

  // Makes the exchange it is in the last, and says so to the client; between exchanges the next
  // Serve ends it.
  void AnnounceStop() { stopping_ = true; }
  // Makes Serve end now, whatever it is doing.
  void Abort();

 private:
  // How a connection goes on after an exchange.
  enum class Next { kKeep, kClose, kSever, kGone, kMute };

  // A complete head, nothing yet, or the end of it.
  struct HeadRead {
    std::optional<std::string> head;
    std::optional<Next> end;
  };
  HeadRead ReadHead();
  Result<std::optional<std::size_t>> ReadMore();
  Next OutOfTime();
  State ServeAll();
  State Drain();
  Next ServeOne(const std::string& head_bytes);
  Next Exchange(const HttpHead& head, BodyFraming framing);
  class WirePeer;

  Next SendAnswer(const HttpHead& head, Answer answer, bool close);
  // How it goes on after an answer that came before the end of the request's body.
  Next AfterEarly(EarlyReply::Then then, RequestBody& body, Next next);
  // `paced`: each piece leaves as it comes.
  Status Send(const WirePlan& plan, Body& body, bool paced);
  Next AfterBrokenBody(const RequestBody& body);
  Next Reject(const RejectedHead& rejected);
  void Note(const std::string& text);
  State End(Next next);
  void Mute();

  ConnectionContext& context_;
  WaitAccount waits_;
  std::function<void()> on_wait_ = [] {};
  std::function<void()> on_slow_ = [] {};
  std::unique_ptr<Stream> stream_;
  std::shared_ptr<Peer> peer_;
  InputBuffer input_;
  Caller caller_;
  Duration opened_;
  std::vector<char> piece_;  // of an answer's body
  Deadline waits_until_;
  bool head_begun_ = false;
  bool just_served_ = false;
  bool draining_ = false;              // our FIN is sent; what the peer still sends is dropped
  bool mute_ = false;                  // likewise, but nothing is ever sent, not even a FIN
  std::optional<ConnectFault> fault_;  // of its opening
  std::atomic<bool> stopping_ = false;
};

}  // namespace drydock::simulator
