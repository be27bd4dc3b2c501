#include "tests/support/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "core/text.h"

namespace drydock::testing {
namespace {

constexpr int kPatienceMs = 60'000;  // for one read; far above what a working server needs

}  // namespace

std::string RawAnswer::Field(std::string_view name) const {
  for (const std::string& line : Split(head, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && EqualsIgnoringCase(line.substr(0, colon), name)) {
      return std::string(Trim(std::string_view(line).substr(colon + 1)));
    }
  }
  return "";
}

RawClient::RawClient(std::uint16_t port, const std::string& from, const std::string& to) {
  sockaddr_in6 six{};
  sockaddr_in four{};
  const bool ipv6 = ::inet_pton(AF_INET6, to.c_str(), &six.sin6_addr) == 1;
  six.sin6_family = AF_INET6;
  four.sin_family = AF_INET;
  six.sin6_port = four.sin_port = htons(port);
  ::inet_pton(AF_INET, to.c_str(), &four.sin_addr);
  fd_ = ::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  const bool placed = ::inet_pton(AF_INET, from.c_str(), &own.sin_addr) != 1 ||
                      ::bind(fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0;
  if (!placed || ::connect(fd_,
                           ipv6 ? reinterpret_cast<const sockaddr*>(&six)
                                : reinterpret_cast<const sockaddr*>(&four),
                           ipv6 ? sizeof six : sizeof four) != 0) {
    ::close(fd_);
    fd_ = -1;
    return;
  }
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::uint16_t FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

RawClient::~RawClient() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::EndSending() { ::shutdown(fd_, SHUT_WR); }

void RawClient::Vanish() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(fd_);
  fd_ = -1;
}

bool RawClient::Quiet(std::chrono::milliseconds span) const {
  pollfd waiting{fd_, POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(span.count())) == 0;
}

bool RawClient::Fill() {
  pollfd waiting{fd_, POLLIN, 0};
  if (::poll(&waiting, 1, kPatienceMs) <= 0) {
    return false;
  }
  std::array<char, 65'536> piece;
  const ssize_t got = ::recv(fd_, piece.data(), piece.size(), 0);
  if (got <= 0) {
    end_ = got == 0 ? End::kFin : errno == ECONNRESET ? End::kRst : End::kStillOpen;
    return false;
  }
  held_.append(piece.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> RawClient::TakeThrough(std::string_view mark) {
  std::size_t at = held_.find(mark);
  while (at == std::string::npos) {
    if (!Fill()) {
      return std::nullopt;
    }
    at = held_.find(mark);
  }
  return Take(at + mark.size());
}

std::optional<std::string> RawClient::Take(std::size_t count) {
  while (held_.size() < count) {
    if (!Fill()) {
      return std::nullopt;
    }
  }
  std::string taken = held_.substr(0, count);
  held_.erase(0, count);
  return taken;
}

// Through the empty line; lines may end in bare line feeds.
std::optional<std::string> RawClient::TakeHead() {
  for (;;) {
    const std::size_t crlf = held_.find("\r\n\r\n");
    const std::size_t lf = held_.find("\n\n");
    if (crlf != std::string::npos || lf != std::string::npos) {
      return Take(crlf < lf ? crlf + 4 : lf + 2);
    }
    if (!Fill()) {
      return std::nullopt;
    }
  }
}

RawAnswer RawClient::ReadAnswer(bool to_head) {
  RawAnswer answer;
  const std::optional<std::string> head = TakeHead();
  if (!head) {
    return answer;
  }
  answer.head = head->substr(0, head->find_last_not_of("\r\n") + 1);
  answer.status = std::atoi(answer.head.c_str() + std::string_view("HTTP/1.1 ").size());
  const std::string length = answer.Field("Content-Length");
  if (to_head || answer.status < 200 || answer.status == 204 || answer.status == 304) {
    answer.whole = true;
  } else if (EqualsIgnoringCase(answer.Field("Transfer-Encoding"), "chunked")) {
    ReadChunks(answer);
  } else if (!length.empty()) {
    std::optional<std::string> body = Take(static_cast<std::size_t>(std::atoll(length.c_str())));
    answer.whole = body.has_value();
    answer.body = body ? *body : std::move(held_);
  } else {
    answer.body = ReadToEnd();
    answer.whole = end_ == End::kFin;
  }
  return answer;
}

void RawClient::ReadChunks(RawAnswer& answer) {
  while (true) {
    const std::optional<std::string> line = TakeThrough("\r\n");
    if (!line) {
      return;
    }
    const auto size = static_cast<std::size_t>(std::strtoull(line->c_str(), nullptr, 16));
    const std::optional<std::string> piece = Take(size);
    answer.body += piece ? *piece : std::exchange(held_, {});
    if (!piece || !TakeThrough("\r\n")) {
      return;
    }
    if (size == 0) {
      answer.whole = true;
      return;
    }
  }
}

std::string RawClient::ReadToEnd() {
  while (Fill()) {
  }
  return std::move(held_);
}

std::string RequestText(std::string_view method, std::string_view target, std::string_view fields,
                        std::string_view body) {
  return Concat({method, " ", target, " HTTP/1.1\r\nHost: registry.test\r\n", fields,
                 body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n",
                 "\r\n", body});
}

}  // namespace drydock::testing
