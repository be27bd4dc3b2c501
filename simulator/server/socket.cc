#include "simulator/server/socket.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/text.h"

namespace drydock::simulator {
namespace {

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

Error Broken(std::string_view doing) {
  return Error(ErrorCode::kAmbiguous, Concat({doing, ": ", std::strerror(errno)}));
}

// Rounded up, so that a wait never ends before its time; poll(2) knows milliseconds only.
int PollTimeout(Duration span) {
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(span).count();
  return static_cast<int>(std::clamp<std::int64_t>(rounded, 0, 3'600'000));
}

}  // namespace

Socket::Socket(int fd, Clock& clock) : fd_(fd), clock_(clock), stall_(std::chrono::seconds(30)) {
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Socket::~Socket() { ::close(fd_); }

void Socket::SetPatience(Deadline until, Duration stall) {
  until_ = until;
  stall_ = stall;
}

Status Socket::Wait(short events) {
  Duration span = stall_;
  if (until_ != kNoDeadline) {
    span = std::min(span, until_ - clock_.Elapsed());
  }
  pollfd waiting{fd_, events, 0};
  int ready = 0;
  do {
    ready = ::poll(&waiting, 1, PollTimeout(span));
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) {
    return Broken("poll");
  }
  if (ready == 0) {
    return Error(ErrorCode::kTimeout, "the peer moved no byte in time");
  }
  return Ok{};
}

Result<std::size_t> Socket::Read(std::span<char> into) {
  while (true) {
    const ssize_t got = ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
    if (got >= 0) {
      return static_cast<std::size_t>(got);
    }
    if (errno != EINTR && !WouldBlock(errno)) {
      return Broken("read");
    }
    if (const Status waited = Wait(POLLIN); !waited) {
      return waited.error();
    }
  }
}

Status Socket::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno != EINTR && !WouldBlock(errno)) {
      return Broken("write");
    }
    if (Status waited = Wait(POLLOUT); !waited) {
      return waited;
    }
  }
  return Ok{};
}

void Socket::Finish(Duration patience) {
  ::shutdown(fd_, SHUT_WR);
  SetPatience(clock_.Elapsed() + patience, patience);
  std::array<char, 16'384> dropped;
  Result<std::size_t> got = std::size_t{1};
  while (got && *got > 0 && clock_.Elapsed() < until_) {
    got = Read(dropped);
  }
}

void Socket::Reset(Duration patience) {
  // An RST destroys what is still on its way, so first let it arrive. Nothing tells when the last
  // byte was acknowledged: look every millisecond.
  const Deadline until = clock_.Elapsed() + patience;
  int under_way = 0;
  while (::ioctl(fd_, SIOCOUTQ, &under_way) == 0 && under_way > 0 && clock_.Elapsed() < until) {
    ::poll(nullptr, 0, 1);
  }
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void Socket::Interrupt() { ::shutdown(fd_, SHUT_RDWR); }

std::string Socket::PeerAddress() const {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(fd_, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    return "";
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* address =
      peer.ss_family == AF_INET6
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr)
          : static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(peer).sin_addr);
  return ::inet_ntop(peer.ss_family, address, text.data(), text.size()) ? text.data() : "";
}

}  // namespace drydock::simulator
