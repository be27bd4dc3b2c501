// The transport for code that runs inside a world.
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "core/text.h"
#include "simulator/world/internet.h"
#include "simulator/world/world.h"

namespace drydock::simulator {
namespace {

// An actor that waits for an answer until its deadline.
class ActorPeer : public Peer {
 public:
  explicit ActorPeer(Deadline deadline) : deadline_(deadline) {}

  Status WaitUntil(Clock& clock, Deadline until) override {
    const Duration now = clock.Elapsed();
    const Deadline end = std::min(until, deadline_);
    if (end > now) {
      if (Status slept = clock.SleepFor(end - now); !slept) {
        return slept;
      }
    }
    if (end < until) {
      return Error(ErrorCode::kTimeout, "the deadline passed");
    }
    return Ok{};
  }

 private:
  Deadline deadline_;
};

// Reads on to the end, or until `bytes_max` were read; false when there is more.
Result<bool> ReachesEnd(Body& body, std::uint64_t bytes_max) {
  std::vector<char> piece(65'536);
  for (std::uint64_t read = 0; read <= bytes_max;) {
    const auto size = body.Read(piece);
    if (!size) {
      return size.error();
    }
    if (*size == 0) {
      return true;
    }
    read += *size;
  }
  return false;
}

class Connection : public Transport {
 public:
  Connection(Internet& net, World& world, Caller caller)
      : net_(net), world_(world), caller_(std::move(caller)) {}

  Result<Response> Send(Request request, Deadline deadline) override {
    const Status turn = world_.Yield();
    if (!turn) {
      return turn.error();
    }
    const std::string method = request.method;
    const std::string what = Concat({method, " ", RedactedUrl(request.url.ToString())});
    if (world_.clock().Elapsed() >= deadline) {
      return Error(ErrorCode::kTimeout, Concat({what, ": the deadline passed"}));
    }
    RequestHead head;
    head.method = std::move(request.method);
    head.url = std::move(request.url);
    head.headers = std::move(request.headers);
    head.content_length = request.body.length();
    head.caller = caller_;
    head.caller.connection_age = world_.clock().Elapsed() - opened_;
    if (head.caller.client.empty()) {
      head.caller.client = world_.CurrentActor();
    }
    const auto peer = std::make_shared<ActorPeer>(deadline);
    auto answer = net_.Serve(std::move(head), request.body, peer);
    const Status alive = world_.Alive();
    if (!alive) {
      return alive.error();
    }
    if (!answer) {
      return answer.error().At(what);
    }
    if (answer->cut && !answer->cut->after_response_bytes) {
      return Error(ErrorCode::kAmbiguous,
                   Concat({what, ": connection ",
                           answer->cut->manner == Cut::Manner::kRst ? "reset" : "closed",
                           " before an answer"}));
    }
    if (answer->raw) {
      auto read = ReadAsClient(method, *answer->raw);
      return read ? std::move(read) : read.error().At(what);
    }
    if (answer->rest) {
      const Status sent = SendRest(*answer->rest, request.body);
      if (!sent) {
        return sent.error().At(what);
      }
    }
    return std::move(answer->response);
  }

 private:
  // The answer is there before the request was sent to its end. A client hears it then (RFC 9112
  // section 9.5), unless a reset overtakes it.
  Status SendRest(EarlyReply::Then then, Body& body) {
    constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max() - 1;
    switch (then) {
      case EarlyReply::Then::kDrain: {
        const auto sent = ReachesEnd(body, kAll);
        return sent ? Status(Ok{}) : sent.error();
      }
      case EarlyReply::Then::kStop:
        return Ok{};
      case EarlyReply::Then::kClose: {
        const auto sent = ReachesEnd(body, 0);
        if (!sent || *sent) {
          return sent ? Status(Ok{}) : sent.error();
        }
        return Error(ErrorCode::kAmbiguous, "the connection broke while the request was sent");
      }
    }
    return Ok{};
  }

  Internet& net_;
  World& world_;
  Caller caller_;
  Duration opened_ = world_.clock().Elapsed();
};

}  // namespace

std::unique_ptr<Transport> Internet::Connect(World& world, std::string address,
                                             std::string client) {
  const std::lock_guard lock(mutex_);
  return std::make_unique<Connection>(
      *this, world, Caller{std::move(client), std::move(address), next_connection_++});
}

}  // namespace drydock::simulator
