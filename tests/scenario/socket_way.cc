#include "tests/scenario/socket_way.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <thread>
#include <utility>

#include "core/text.h"
#include "simulator/world/internet.h"
#include "simulator/world/peer.h"
#include "simulator/world/world.h"
#include "tests/support/raw_client.h"

namespace drydock::testing {
namespace {

using simulator::Caller;
using simulator::Internet;
using simulator::World;

constexpr std::size_t kBodyMax = std::size_t{64} << 20;

// The rest of an answer that ended before its time.
class BrokenOff : public BodyReader {
 public:
  BrokenOff(std::string bytes, Error end) : bytes_(std::move(bytes)), end_(std::move(end)) {}
  Result<std::size_t> Read(std::span<char> into) override {
    if (at_ == bytes_.size()) {
      return end_;
    }
    const std::size_t count = bytes_.copy(into.data(), into.size(), at_);
    at_ += count;
    return count;
  }

 private:
  std::string bytes_;
  Error end_;
  std::size_t at_ = 0;
};

// How an answer ended before its time.
struct Ending {
  bool reset = false;
  bool gave_up = false;  // the client's patience was at its end
};

Error ErrorOf(const RawAnswer& answer, const std::string& host, Ending ending) {
  if (ending.gave_up) {
    return Error(ErrorCode::kTimeout, "the deadline passed");
  }
  return Error(ErrorCode::kAmbiguous,
               Concat({host, ending.reset ? ": connection reset" : ": connection closed", " after ",
                       std::to_string(answer.body.size()), " of ", answer.Field("Content-Length"),
                       " bytes"}));
}

Response ResponseOf(const RawAnswer& answer, const std::string& host, Ending ending) {
  Response response;
  response.status = answer.status;
  bool first = true;
  for (const std::string& line : Split(answer.head, '\n')) {
    const std::string_view text = Trim(line);
    const std::size_t colon = text.find(':');
    if (first) {
      const std::size_t code = text.find(' ');
      const std::size_t reason = text.find(' ', code + 1);
      response.reason = reason == std::string_view::npos ? "" : text.substr(reason + 1);
    } else if (colon != std::string_view::npos) {
      response.headers.Add(text.substr(0, colon), Trim(text.substr(colon + 1)));
    }
    first = false;
  }
  if (answer.whole) {
    response.body = Body::FromString(answer.body);
  } else {
    response.body = Body::FromReader(
        std::make_unique<BrokenOff>(answer.body, ErrorOf(answer, host, ending)), std::nullopt);
  }
  return response;
}

// Lets another thread work for the calling actor. The world is one thread's, which waits meanwhile;
// what the work wants to sleep in virtual time, the actor sleeps.
class ActorAtTheGate {
 public:
  explicit ActorAtTheGate(Clock& clock) : clock_(clock) {}

  // From the actor: returns when `work` is done.
  void While(const std::function<void()>& work) {
    std::thread worker([&] {
      work();
      const std::lock_guard<std::mutex> lock(mutex_);
      done_ = true;
      changed_.notify_all();
    });
    {
      std::unique_lock<std::mutex> lock(mutex_);
      do {
        changed_.wait(lock, [&] { return done_ || span_; });
        if (span_) {
          slept_ = clock_.SleepFor(*std::exchange(span_, std::nullopt));
          changed_.notify_all();
        }
      } while (!done_);
    }
    worker.join();
  }

  // From the work, on whichever thread it is. kAmbiguous when it is done already.
  Status SleepFor(Duration span) {
    std::unique_lock<std::mutex> lock(mutex_);
    slept_.reset();
    span_ = span;
    changed_.notify_all();
    changed_.wait(lock, [&] { return done_ || slept_; });
    return slept_ ? *slept_ : Status(Error(ErrorCode::kAmbiguous, "the client went away"));
  }

 private:
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::optional<Duration> span_;  // asked for
  std::optional<Status> slept_;   // how that went
};

// Waits on the world's clock, as the actor that asked.
class ActorsPatience : public simulator::Peer {
 public:
  ActorsPatience(std::shared_ptr<ActorAtTheGate> gate, Deadline deadline)
      : gate_(std::move(gate)), deadline_(deadline) {}
  Status WaitUntil(Clock& clock, Deadline until) override {
    const Duration now = clock.Elapsed();
    const Deadline end = std::min(until, deadline_);
    const Status slept = end > now ? gate_->SleepFor(end - now) : Status(Ok{});
    if (slept && end < until) {
      gave_up_ = true;
      return Error(ErrorCode::kTimeout, "the deadline passed");
    }
    return slept;
  }
  bool gave_up() const { return gave_up_; }

 private:
  std::shared_ptr<ActorAtTheGate> gate_;
  Deadline deadline_;
  std::atomic<bool> gave_up_ = false;
};

}  // namespace

class SocketWay::Way : public Transport {
 public:
  Way(SocketWay& sockets, Internet& internet, World& world, Caller caller)
      : sockets_(sockets), internet_(internet), world_(world), caller_(std::move(caller)) {}

  Result<Response> Send(Request request, Deadline deadline) override {
    if (const Status turn = world_.Yield(); !turn) {
      return turn.error();
    }
    const std::string what = Concat({request.method, " ", RedactedUrl(request.url.ToString())});
    if (world_.clock().Elapsed() >= deadline) {
      return Error(ErrorCode::kTimeout, Concat({what, ": the deadline passed"}));
    }
    const auto gate = std::make_shared<ActorAtTheGate>(world_.clock());
    const auto patience = std::make_shared<ActorsPatience>(gate, deadline);
    Asked asked{&internet_, request.url, caller_, patience};
    if (asked.caller.client.empty()) {
      asked.caller.client = world_.CurrentActor();
    }
    auto body = ReadAll(request.body, kBodyMax);
    if (!body) {
      return body.error();
    }
    RawAnswer answer;
    gate->While([&] { answer = Exchange(request, *body, asked); });
    if (const Status alive = world_.Alive(); !alive) {
      return alive.error();
    }
    if (asked.failure) {
      return asked.failure->At(what);
    }
    if (answer.status == 0) {
      return Error(
          ErrorCode::kAmbiguous,
          Concat({what, ": connection ", reset_ ? "reset" : "closed", " before an answer"}));
    }
    return ResponseOf(answer, request.url.host, {reset_, patience->gave_up()});
  }

 private:
  RawAnswer Exchange(const Request& request, const std::string& body, Asked& asked) {
    std::string bytes =
        Concat({request.method, " ", request.url.Target(), " HTTP/1.1\r\nHost: ", request.url.host,
                "\r\nContent-Length: ", std::to_string(body.size()), "\r\n"});
    for (const auto& [name, value] : request.headers) {
      bytes += Concat({name, ": ", value, "\r\n"});
    }
    bytes += Concat({"\r\n", body});
    if (client_ == nullptr) {
      client_ = std::make_unique<RawClient>(sockets_.port_);
      EXPECT_TRUE(client_->ok());
    }
    {
      const std::lock_guard<std::mutex> lock(sockets_.mutex_);
      sockets_.asked_ = &asked;
      ++sockets_.exchanges_;
    }
    client_->Send(bytes);
    RawAnswer answer = client_->ReadAnswer(request.method == "HEAD");
    {
      const std::lock_guard<std::mutex> lock(sockets_.mutex_);
      sockets_.asked_ = nullptr;
    }
    reset_ = client_->end() == End::kRst;
    if (answer.status == 0 || !answer.whole ||
        EqualsIgnoringCase(answer.Field("Connection"), "close")) {
      client_ = nullptr;
    }
    return answer;
  }

  SocketWay& sockets_;
  Internet& internet_;
  World& world_;
  Caller caller_;
  std::unique_ptr<RawClient> client_;
  bool reset_ = false;
};

SocketWay::SocketWay()
    : context_{
          clock_,
          {},
          "http",
          [this](simulator::RequestHead head, Body& body, const std::shared_ptr<simulator::Peer>&) {
            return Serve(std::move(head), body);
          },
          [](const Caller& /*caller*/, const std::string& /*text*/) {}},
      listener_(context_) {
  const auto bound = listener_.Bind({"127.0.0.1", 0});
  EXPECT_TRUE(bound.ok());
  port_ = bound ? *bound : 0;
  listener_.Start();
}

SocketWay::~SocketWay() { listener_.Stop(); }

// Takes off what only the wire adds, so that the world sees what it sees in process.
simulator::Served SocketWay::Serve(simulator::RequestHead head, Body& body) {
  Asked* asked = nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    asked = asked_;
  }
  if (asked == nullptr) {
    return {Error(ErrorCode::kInternal, "nobody asked")};
  }
  head.url = asked->url;
  head.caller = asked->caller;
  head.headers.Remove("Host");
  head.headers.Remove("Content-Length");
  auto answer = asked->internet->Serve(std::move(head), body, asked->peer);
  if (!answer) {
    asked->failure = answer.error();
  }
  return {std::move(answer)};
}

scenarios::Connector SocketWay::connector() {
  return [this](Internet& internet, World& world, const std::string& address,
                const std::string& client) -> std::unique_ptr<Transport> {
    return std::make_unique<Way>(*this, internet, world, Caller{client, address, ++connections_});
  };
}

}  // namespace drydock::testing
