#include "simulator/server/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::uint64_t kSentAtOnce = std::uint64_t{4} << 20;

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

Error Broken(std::string_view doing) {
  return Error(ErrorCode::kAmbiguous, Concat({doing, ": ", std::strerror(errno)}));
}

// Rounded up, so that a wait never ends before its time; poll(2) knows milliseconds only.
int PollTimeout(Duration span) {
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(span).count();
  return static_cast<int>(std::clamp<std::int64_t>(rounded, 0, 3'600'000));
}

Endpoint EndOf(int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage end{};
  socklen_t size = sizeof end;
  if (ask(fd, reinterpret_cast<sockaddr*>(&end), &size) != 0) {
    return {};
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (end.ss_family != AF_INET6) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(end);
    ::inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
    return {text.data(), ntohs(four.sin_port)};
  }
  const auto& six = reinterpret_cast<const sockaddr_in6&>(end);
  const bool mapped = IN6_IS_ADDR_V4MAPPED(&six.sin6_addr) != 0;
  ::inet_ntop(mapped ? AF_INET : AF_INET6, six.sin6_addr.s6_addr + (mapped ? 12 : 0), text.data(),
              text.size());
  return {text.data(), ntohs(six.sin6_port)};
}

}  // namespace

void WaitAccount::Open(Duration allowance, std::function<void()> begun,
                       std::function<void()> overdrawn) {
  open_ = true;
  left_ = allowance;
  begun_ = std::move(begun);
  overdrawn_ = std::move(overdrawn);
}

void WaitAccount::Close() {
  open_ = false;
  begun_ = nullptr;
  overdrawn_ = nullptr;
}

std::optional<Duration> WaitAccount::left() const {
  return overdrawn_ == nullptr ? std::nullopt : std::optional(std::max(left_, Duration::zero()));
}

void WaitAccount::Began(Duration now) {
  since_ = now;
  if (begun_ != nullptr) {
    std::exchange(begun_, nullptr)();
  }
}

void WaitAccount::Overdraw() {
  if (overdrawn_ != nullptr) {
    std::exchange(overdrawn_, nullptr)();
  }
}

void WaitAccount::Ended(Duration now) {
  left_ -= now - since_.exchange(kNotWaiting);
  if (left_ <= Duration::zero()) {
    Overdraw();
  }
}

Result<std::size_t> Stream::Read(std::span<char> into) {
  while (true) {
    const Result<std::optional<std::size_t>> got = ReadNow(into);
    if (!got) {
      return got.error();
    }
    if (*got) {
      return **got;
    }
    if (const Status waited = AwaitBytes(); !waited) {
      return waited.error();
    }
  }
}

Socket::Socket(int fd, Clock& clock) : fd_(fd), clock_(clock), stall_(std::chrono::seconds(30)) {
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
}

Socket::~Socket() { ::close(fd_); }

void Socket::SetPatience(Deadline until, Duration stall) {
  until_ = until;
  stall_ = stall;
}

int Socket::PollFor(short events, Duration span) {
  pollfd waiting{fd_, events, 0};
  const auto poll_for = [&](Duration time) {
    int ready = 0;
    do {
      ready = ::poll(&waiting, 1, PollTimeout(time));
    } while (ready < 0 && errno == EINTR);
    return ready;
  };
  if (account_ == nullptr || !account_->open()) {
    return poll_for(span);
  }
  int ready = 0;
  account_->Began(clock_.Elapsed());
  if (const auto left = account_->left(); left && *left < span) {
    ready = poll_for(*left);
    span -= *left;
    if (ready == 0) {
      account_->Overdraw();
    }
  }
  ready = ready == 0 ? poll_for(span) : ready;
  account_->Ended(clock_.Elapsed());
  return ready;
}

Status Socket::Wait(short events) {
  Duration span = stall_;
  if (until_ != kNoDeadline) {
    span = std::min(span, until_ - clock_.Elapsed());
  }
  const int ready = PollFor(events, span);
  if (ready < 0) {
    return Broken("poll");
  }
  if (ready == 0) {
    return Error(ErrorCode::kTimeout, "the peer moved no byte in time");
  }
  return Ok{};
}

// POLLIN is not asked for, so that bytes the peer sent ahead do not end the wait.
bool Socket::AwaitEnd(Duration span) { return PollFor(POLLRDHUP, span) != 0; }

Status Socket::AwaitBytes() { return Wait(POLLIN); }
Status Socket::AwaitRoom() { return Wait(POLLOUT); }

Result<std::optional<std::size_t>> Socket::ReadNow(std::span<char> into) {
  ssize_t got = 0;
  do {
    got = ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  drained_ = got > 0 && static_cast<std::size_t>(got) < into.size();
  if (got >= 0) {
    return std::optional(static_cast<std::size_t>(got));
  }
  if (WouldBlock(errno)) {
    return std::optional<std::size_t>();
  }
  return Broken("read");
}

Result<std::optional<std::size_t>> Socket::WriteNow(std::string_view bytes) {
  ssize_t sent = 0;
  do {
    sent = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) {
    return std::optional(static_cast<std::size_t>(sent));
  }
  if (WouldBlock(errno)) {
    return std::optional<std::size_t>();
  }
  return Broken("write");
}

Status Socket::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const Result<std::optional<std::size_t>> sent = WriteNow(bytes);
    if (!sent) {
      return sent.error();
    }
    if (*sent) {
      bytes.remove_prefix(**sent);
    } else if (Status waited = AwaitRoom(); !waited) {
      return waited;
    }
  }
  return Ok{};
}

Result<std::uint64_t> Socket::WriteFile(int descriptor, std::uint64_t offset,
                                        std::uint64_t length) {
  // sendfile(2) has no MSG_NOSIGNAL.
  sigset_t pipe;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  auto position = static_cast<off_t>(offset);
  while (true) {
    const ssize_t sent =
        ::sendfile(fd_, descriptor, &position, std::min<std::uint64_t>(length, kSentAtOnce));
    if (sent >= 0) {
      return static_cast<std::uint64_t>(sent);
    }
    if (errno == EINVAL || errno == ENOSYS) {
      return std::uint64_t{0};
    }
    if (!WouldBlock(errno) && errno != EINTR) {
      return Broken("write");
    }
    if (Status waited = AwaitRoom(); !waited) {
      return waited.error();
    }
  }
}

void Socket::Finish() { ::shutdown(fd_, SHUT_WR); }

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

Endpoint PeerEndpoint(int fd) { return EndOf(fd, ::getpeername); }
Endpoint LocalEndpoint(int fd) { return EndOf(fd, ::getsockname); }

std::string Authority(const Endpoint& endpoint) {
  const bool ipv6 = endpoint.address.find(':') != std::string::npos;
  return Concat(
      {ipv6 ? "[" : "", endpoint.address, ipv6 ? "]" : "", ":", std::to_string(endpoint.port)});
}

}  // namespace drydock::simulator
