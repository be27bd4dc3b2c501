#include "publisher/registry/http_socket.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

namespace drydock::publisher {
namespace {

constexpr std::size_t kBufferBytes = 64u << 10;

sigset_t OnlySigpipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  return set;
}

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

// What a call on the socket did: its bytes, 0 at the end of the connection, -1 on an error; nullopt
// when it has to wait.
std::optional<long> Done(long size) {
  return size < 0 && WouldBlock() ? std::nullopt : std::optional(size);
}

// The same of one over TLS.
template <class Call>
std::optional<long> DoneOverTls(SSL* tls, Call call) {
  ERR_clear_error();
  const int size = call();
  switch (size > 0 ? SSL_ERROR_NONE : SSL_get_error(tls, size)) {
    case SSL_ERROR_NONE:
      return size;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return std::nullopt;
    default:
      return -1;
  }
}

constexpr std::string_view kVersion = "HTTP/1.1 ";
constexpr std::string_view kContinue = "HTTP/1.1 100";
constexpr std::string_view kInterim = "HTTP/1.1 1";

}  // namespace

NoSigpipe::NoSigpipe() {
  const sigset_t sigpipe = OnlySigpipe();
  pthread_sigmask(SIG_BLOCK, &sigpipe, &before_);
}

NoSigpipe::~NoSigpipe() {
  if (sigismember(&before_, SIGPIPE) == 0) {
    const sigset_t sigpipe = OnlySigpipe();
    const timespec at_once{};
    sigtimedwait(&sigpipe, nullptr, &at_once);  // one that came meanwhile
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

HttpSocket::HttpSocket(int socket, SSL* tls, Duration silence_max)
    : socket_(socket), tls_(tls), silence_max_(silence_max) {
  // A write that waits inside the kernel hears nothing.
  fcntl(socket_, F_SETFL, fcntl(socket_, F_GETFL) | O_NONBLOCK);
}

long HttpSocket::Read(char* into, std::size_t size) {
  if (size == 1 && !owed_.empty()) {
    *into = last_ = owed_.front();
    owed_.remove_prefix(1);
    return 1;
  }
  if (used_ == buffer_.size()) {
    const long filled = Fill();
    if (filled <= 0) {
      return filled;
    }
  }
  if (size == 1 && LacksCarriageReturn()) {
    *into = last_ = '\r';
    return 1;
  }
  const std::size_t taken = buffer_.copy(into, size, used_);
  used_ += taken;
  if (size > 1) {
    line_ = 0;
  } else if (!Follow(*into)) {
    return -1;
  }
  last_ = into[taken - 1];
  return static_cast<long>(taken);
}

// Servers have ended the lines of a head by bare line feeds; httplib takes CRLF alone.
bool HttpSocket::LacksCarriageReturn() const {
  return in_head_ && buffer_[used_] == '\n' && last_ != '\r';
}

// Keeps in mind where in the head `next` stands; false when its line is too long.
bool HttpSocket::Follow(char next) {
  ++line_;
  if (line_ > (first_line_ ? kFirstLineMax : kLineMax)) {
    return false;
  }
  empty_line_ = empty_line_ && (next == '\r' || next == '\n');
  if (first_line_ && line_ > kVersion.size() && line_ <= kContinue.size()) {
    is_continue_ = (line_ == kVersion.size() + 1 || is_continue_) && next == kContinue[line_ - 1];
  }
  if (in_value_ && next == '%') {
    owed_ = "25";  // httplib takes every value for an encoded one
  }
  in_value_ = next != '\n' && (in_value_ || (in_head_ && !first_line_ && next == ':'));
  if (next == '\n') {
    const bool head_ends = in_head_ && empty_line_;
    in_head_ = in_head_ && (!empty_line_ || is_continue_);  // behind a 100 comes another head
    first_line_ = head_ends && is_continue_;
    line_ = 0;
    empty_line_ = true;
  }
  return true;
}

long HttpSocket::Fill() {
  buffer_.resize(kBufferBytes);
  used_ = 0;
  std::optional<long> size = ReadSome();
  while (!size && Wait(POLLIN, silence_max_) != 0) {
    size = ReadSome();
  }
  buffer_.resize(static_cast<std::size_t>(std::max(size.value_or(-1), 0L)));
  return size.value_or(-1);
}

// Fills the buffer with what is there.
std::optional<long> HttpSocket::ReadSome() {
  if (tls_ == nullptr) {
    return Done(recv(socket_, buffer_.data(), buffer_.size(), 0));
  }
  return DoneOverTls(
      tls_, [&] { return SSL_read(tls_, buffer_.data(), static_cast<int>(buffer_.size())); });
}

long HttpSocket::Write(std::string_view bytes) {
  std::string_view rest = bytes;
  short awaited = POLLOUT | POLLIN;
  while (!rest.empty() && !hung_up_) {
    const int ready = Wait(awaited, silence_max_);
    if (ready == 0) {
      return -1;
    }
    const Said said = (ready & POLLIN) != 0 ? Listen() : Said::kNothing;
    if (said == Said::kAnswer) {
      hung_up_ = true;
    } else if (said == Said::kInterim) {
      awaited = POLLOUT;  // what was said stays readable
    }
    if (hung_up_ || (ready & ~POLLIN) == 0) {
      continue;
    }
    const std::optional<long> size = WriteSome(rest);
    hung_up_ = size && *size <= 0;
    rest.remove_prefix(static_cast<std::size_t>(std::max(size.value_or(0), 0L)));
  }
  return static_cast<long>(bytes.size());
}

// Sends what there is room for.
std::optional<long> HttpSocket::WriteSome(std::string_view bytes) {
  if (tls_ == nullptr) {
    return Done(send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  const int size = static_cast<int>(std::min(bytes.size(), kBufferBytes));
  return DoneOverTls(tls_, [&] { return SSL_write(tls_, bytes.data(), size); });
}

// Hears what came while the request was being sent, and leaves it to be read. TLS has records that
// say nothing (tickets).
HttpSocket::Said HttpSocket::Listen() {
  std::array<char, kInterim.size()> start{};
  constexpr int kSize = static_cast<int>(start.size());
  const std::optional<long> size =
      tls_ == nullptr ? Done(recv(socket_, start.data(), start.size(), MSG_PEEK))
                      : DoneOverTls(tls_, [&] { return SSL_peek(tls_, start.data(), kSize); });
  if (!size) {
    return Said::kNothing;
  }
  const bool interim =
      *size > 0 && kInterim.starts_with({start.data(), static_cast<std::size_t>(*size)});
  return interim ? Said::kInterim : Said::kAnswer;
}

bool HttpSocket::IsReadable() {
  return used_ < buffer_.size() || (tls_ != nullptr && SSL_pending(tls_) > 0) ||
         Wait(POLLIN, silence_max_) != 0;
}

bool HttpSocket::IsReusable() {
  const bool said_more = used_ < buffer_.size() || (tls_ != nullptr && SSL_pending(tls_) > 0);
  // TLS may send tickets of its own at any time; only a plain socket must be quiet.
  return !hung_up_ && !said_more && (tls_ != nullptr || Wait(POLLIN, Duration::zero()) == 0);
}

// What of `events` came within `span`, or the failure of the connection; 0 when nothing did.
int HttpSocket::Wait(short events, Duration span) {
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(span).count();
  pollfd waiting = {socket_, events, 0};
  int ready = -1;
  do {
    ready = poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(millis, 1'000'000'000)));
  } while (ready < 0 && errno == EINTR);
  return ready > 0 ? waiting.revents : 0;
}

}  // namespace drydock::publisher
