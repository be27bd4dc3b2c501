// A connected byte stream with patience: a TCP socket, or a TLS session on one. Every wait is
// bounded. Threads: one reader and writer; Interrupt may be called from any thread while the object
// lives. Source: tcp(7), socket(7); RFC 8446 section 6.1 (what an end without a close_notify
// means).
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/http.h"
#include "simulator/faults/connect_fault.h"

namespace drydock::simulator {

// What the waits for a peer add up to, and whom to tell, once each, of the first and when they are
// too much. Threads: the stream's; waiting_since any.
class WaitAccount {
 public:
  static constexpr Duration kNotWaiting = Duration::max();

  // Begins to count anew.
  void Open(Duration allowance, std::function<void()> begun, std::function<void()> overdrawn);
  void Close();
  bool open() const { return open_; }
  // Until it is overdrawn; nothing when that was told.
  std::optional<Duration> left() const;

  void Began(Duration now);
  void Overdraw();
  void Ended(Duration now);
  // When the wait that it is in began; kNotWaiting while in none.
  Duration waiting_since() const { return since_; }

 private:
  bool open_ = false;
  Duration left_{};
  std::function<void()> begun_;
  std::function<void()> overdrawn_;
  std::atomic<Duration> since_ = kNotWaiting;
};

class Stream : public BodyReader, public BodySink {
 public:
  // Read, Write and AwaitBytes give up at `until`, and when no byte moved for `stall`.
  virtual void SetPatience(Deadline until, Duration stall) = 0;

  // Called once within a TLS handshake, when the client has said which name it wants ("" for none);
  // what `ask` gives is what becomes of the handshake. Of no use without TLS.
  using Ask = std::function<std::optional<ConnectFault>(const std::string& name)>;
  virtual void OnHello(const Ask& /*ask*/) {}

  // Waits are put down there from now on, while it is open. It must outlive the stream.
  virtual void Charge(WaitAccount* account) = 0;

  // What is there now, without waiting: nullopt when nothing is, 0 when the peer ended. kAmbiguous
  // when the connection broke, kInvalid when the peer breaks the protocol below HTTP.
  virtual Result<std::optional<std::size_t>> ReadNow(std::span<char> into) = 0;
  // Whether the last ReadNow took all there was then: whoever waits for fd() need not call it once
  // more before.
  virtual bool drained() const { return false; }
  // Until there is something to read; kTimeout when patience ends.
  virtual Status AwaitBytes() = 0;
  // Waits for `span` and reads nothing. True, and at once, when the peer ended the connection.
  virtual bool AwaitEnd(Duration span) = 0;
  // As ReadNow, but waits. kTimeout when patience ends.
  Result<std::size_t> Read(std::span<char> into) override;
  // All of `bytes`. Errors as for Read; how much arrived is then unknown.
  Status Write(std::string_view bytes) override = 0;

  // Says goodbye and sends FIN. Read on until the peer ends too, and then close: unread input turns
  // the close into an RST that may destroy the answer under way.
  virtual void Finish() = 0;
  // FIN alone, as from a server that died: a TLS peer gets no close_notify.
  virtual void Sever() = 0;
  // RST, once the peer's machine has all that was written (or `patience` ends). The next close is
  // the reset.
  virtual void Reset(Duration patience) = 0;
  // Ends both directions at once; a blocked call returns.
  virtual void Interrupt() = 0;

  virtual int fd() const = 0;  // to wait for bytes; ReadNow must have given nullopt before
  // The name a TLS client asked for (SNI); "" when it named none.
  virtual std::string server_name() const = 0;
};

}  // namespace drydock::simulator
