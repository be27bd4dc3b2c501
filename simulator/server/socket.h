// A connected TCP socket as a Stream, and the addresses of its two ends.
// Threads: as Stream says. Source: tcp(7), socket(7).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "simulator/server/stream.h"

namespace drydock::simulator {

class Socket : public Stream {
 public:
  // Owns `fd`. Turns Nagle's delay off. `clock` must outlive the socket.
  Socket(int fd, Clock& clock);
  ~Socket() override;  // closes; see Finish for how to do that politely
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void SetPatience(Deadline until, Duration stall) override;
  void Charge(WaitAccount* account) override { account_ = account; }
  Result<std::optional<std::size_t>> ReadNow(std::span<char> into) override;
  bool drained() const override { return drained_; }
  Status AwaitBytes() override;
  bool AwaitEnd(Duration span) override;
  Status Write(std::string_view bytes) override;
  // By the kernel alone; blocks SIGPIPE in the calling thread, for good.
  Result<std::uint64_t> WriteFile(int descriptor, std::uint64_t offset,
                                  std::uint64_t length) override;
  // As many of `bytes` as fit now; nullopt when none does.
  Result<std::optional<std::size_t>> WriteNow(std::string_view bytes);
  Status AwaitRoom();
  void Finish() override;
  void Sever() override { Finish(); }
  void Reset(Duration patience) override;
  void Interrupt() override;
  int fd() const override { return fd_; }
  std::string server_name() const override { return ""; }

 private:
  // Waits for `events`; kTimeout when patience ends.
  Status Wait(short events);
  // As poll(2), with the time put down to the account.
  int PollFor(short events, Duration span);

  int fd_;
  Clock& clock_;
  Deadline until_ = kNoDeadline;
  Duration stall_;
  WaitAccount* account_ = nullptr;
  bool drained_ = false;
};

// One end of a connection. An IPv4 address that came through an IPv6 socket is told as IPv4.
struct Endpoint {
  std::string address;  // "127.0.0.1", "::1"; "" when unknown
  std::uint16_t port = 0;

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;  // NOLINT: no pointer
};
Endpoint PeerEndpoint(int fd);
Endpoint LocalEndpoint(int fd);
// "127.0.0.1:5000", "[::1]:5000"
std::string Authority(const Endpoint& endpoint);

}  // namespace drydock::simulator
