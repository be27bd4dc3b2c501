// A connected TCP socket with patience: every wait is bounded. Threads: one reader and writer;
// Interrupt may be called from any thread while the object lives. Source: tcp(7), socket(7).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/http.h"

namespace drydock::simulator {

class Socket : public BodyReader {
 public:
  // Owns `fd`. Turns Nagle's delay off. `clock` must outlive the socket.
  Socket(int fd, Clock& clock);
  ~Socket() override;  // closes; see Finish for how to do that politely
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Reads and writes give up at `until`, and when no byte moved for `stall`.
  void SetPatience(Deadline until, Duration stall);

  // 0 is the peer's FIN. kTimeout when patience ends, kAmbiguous when the connection broke.
  Result<std::size_t> Read(std::span<char> into) override;
  // All of `bytes`. Errors as for Read; how much arrived is then unknown.
  Status Write(std::string_view bytes);

  // FIN, and then what the peer still sends is read away until it ends too or `patience` does.
  // Without this, unread input turns the close into an RST that may destroy the answer under way.
  void Finish(Duration patience);
  // RST, once the peer's machine has all that was written (or `patience` ends). The next close is
  // the reset.
  void Reset(Duration patience);
  // Ends both directions at once; a blocked call returns.
  void Interrupt();

  std::string PeerAddress() const;  // "127.0.0.1"; "" when unknown

 private:
  // Waits for `events`; kTimeout when patience ends.
  Status Wait(short events);

  int fd_;
  Clock& clock_;
  Deadline until_ = kNoDeadline;
  Duration stall_;
};

}  // namespace drydock::simulator
