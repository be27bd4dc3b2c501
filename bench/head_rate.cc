// HEADs as wrk cannot send them: it waits for the bodies that their lengths announce.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/load.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/http.h"
#include "core/text.h"

namespace drydock::bench {
namespace {

constexpr std::size_t kConnections = 8;
constexpr Duration kLong = std::chrono::seconds(2);
constexpr int kPatienceMs = 5'000;

Result<OwnedFile> Connect(const Url& url) {
  const std::size_t colon = url.host.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port =
      htons(static_cast<std::uint16_t>(std::strtoul(url.host.c_str() + colon + 1, nullptr, 10)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  OwnedFile socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
      0) {
    return FileError(url.host, "connect");
  }
  return socket;
}

// Eight connections of one thread; each asks again as soon as it has its answer's head.
class Heads {
 public:
  explicit Heads(const Url& url)
      : asked_(Concat({"HEAD ", url.Target(), " HTTP/1.1\r\nHost: ", url.host,
                       "\r\nAccept: application/vnd.oci.image.manifest.v1+json\r\n\r\n"})),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  Status Begin(const Url& url) {
    answers_.resize(kConnections);
    for (std::size_t i = 0; i < kConnections; ++i) {
      Result<OwnedFile> socket = Connect(url);
      if (!socket) {
        return socket.error();
      }
      sockets_.push_back(std::move(*socket));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      ::epoll_ctl(epoll_.descriptor(), EPOLL_CTL_ADD, sockets_[i].descriptor(), &event);
      if (!Ask(i)) {
        return FileError(url.host, "write");
      }
    }
    return Ok();
  }

  // Takes what is there; the number of answers that came to their end.
  Result<std::uint64_t> Turn() {
    std::array<epoll_event, kConnections> events{};
    const int ready = ::epoll_wait(epoll_.descriptor(), events.data(), kConnections, kPatienceMs);
    std::uint64_t answered = 0;
    for (int i = 0; i < ready; ++i) {
      const auto number = static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64);
      std::string& answer = answers_[number];
      std::array<char, 4096> piece;
      const ssize_t got = ::recv(sockets_[number].descriptor(), piece.data(), piece.size(), 0);
      answer.append(piece.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
      if (got <= 0 || (answer.size() > 12 && answer.compare(8, 4, " 200") != 0)) {
        return Error(ErrorCode::kUnavailable, "HEAD: not answered with 200: " + answer);
      }
      if (answer.size() >= 4 && answer.compare(answer.size() - 4, 4, "\r\n\r\n") == 0) {
        ++answered;
        answer.clear();
        if (!Ask(number)) {
          return FileError("HEAD", "write");
        }
      }
    }
    return ready > 0 ? Result<std::uint64_t>(answered)
                     : Error(ErrorCode::kTimeout, "HEAD: no answer");
  }

 private:
  bool Ask(std::size_t number) {
    return ::send(sockets_[number].descriptor(), asked_.data(), asked_.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(asked_.size());
  }

  std::string asked_;
  OwnedFile epoll_;
  std::vector<OwnedFile> sockets_;
  std::vector<std::string> answers_;
};

}  // namespace

Result<double> HeadRate(const std::string& url) {
  const Result<Url> parsed = Url::Parse(url);
  if (!parsed) {
    return parsed.error();
  }
  Heads heads(*parsed);
  if (Status begun = heads.Begin(*parsed); !begun) {
    return begun.error();
  }
  SystemClock clock;
  const Duration begin = clock.Elapsed();
  std::uint64_t answered = 0;
  while (clock.Elapsed() - begin < kLong) {
    const Result<std::uint64_t> more = heads.Turn();
    if (!more) {
      return more.error();
    }
    answered += *more;
  }
  return static_cast<double>(answered) /
         std::chrono::duration<double>(clock.Elapsed() - begin).count();
}

}  // namespace drydock::bench
