// Faults of the wire on real sockets: what a client that hides nothing sees of them. Time is the
// test's where it says so: the world's clock is set forward, nobody sleeps.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "core/gzip.h"
#include "simulator/faults/read_rules.h"
#include "tests/unit/server/rig.h"

namespace drydock::simulator {
namespace {

using std::chrono::milliseconds;
using testing::End;
using testing::RawAnswer;
using testing::RawClient;
using testing::RequestText;

std::vector<FaultRule> Rules(std::string_view effect) {
  auto read = ParseFaultFile(Concat({R"({"faults": [{"name": "f", "do": )", effect, "}]}"}), "f");
  EXPECT_TRUE(read.ok()) << (read ? "" : read.error().message());
  return read ? std::move(*read) : std::vector<FaultRule>();
}

// Waits until the rule has fired: the exchange is where the rule acts.
bool Fired(const Rig& rig) {
  const Deadline until = SystemClock().Elapsed() + std::chrono::seconds(10);
  while (rig.faults.Counts()[0].fired == 0) {
    if (SystemClock().Elapsed() > until) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

// Sets the world's clock six hours forward, again and again while it lives: a rule that has fired
// may not have looked at the clock yet.
class TimePasses {
 public:
  explicit TimePasses(Rig& rig)
      : thread_([&rig](const std::stop_token& stop) {
          const RawClient idle(rig.port);
          while (!stop.stop_requested() && rig.clock.Advance(std::chrono::hours(6))) {
            static_cast<void>(idle.Quiet(milliseconds(20)));
          }
        }) {}

 private:
  std::jthread thread_;
};

TEST(WireFaults, AHoldEndsWhenTheWorldsClockSaysSo) {
  for (const char* at : {"request-head", "decide", "response-head"}) {
    Rig rig(Rules(Concat({R"({"hold": "6h", "at": ")", at, "\"}"})));
    RawClient client(rig.port);
    ASSERT_TRUE(client.Send(RequestText("PUT", "/sink", "", "body")));
    ASSERT_TRUE(Fired(rig));
    EXPECT_TRUE(client.Quiet(milliseconds(30))) << at;
    {
      const TimePasses hours(rig);
      EXPECT_EQ(201, client.ReadAnswer().status) << at;
    }
    EXPECT_EQ(1u, rig.faults.Counts()[0].seen);
  }
}

TEST(WireFaults, AHeldAnswerStopsAtTheByte) {
  Rig rig(Rules(R"({"hold": "6h", "at": "response-body", "after-bytes": 1000})"));
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send(RequestText("GET", "/big")));
  ASSERT_TRUE(Fired(rig));
  EXPECT_FALSE(client.Quiet(milliseconds(10'000)));  // the head and the front are there
  const TimePasses hours(rig);
  EXPECT_EQ(TestExchange::kBigBytes, client.ReadAnswer().body.size());
}

TEST(WireFaults, AHoldForEverEndsWithTheClient) {
  Rig rig(Rules(R"({"hold": "forever", "at": "decide"})"));
  {
    RawClient client(rig.port);
    ASSERT_TRUE(client.Send(RequestText("PUT", "/sink", "", "body")));
    ASSERT_TRUE(Fired(rig));
    client.Vanish();
  }
  const Deadline until = rig.machine.Elapsed() + std::chrono::seconds(10);
  while (rig.listener.live() > 0 && rig.machine.Elapsed() < until) {
    std::this_thread::yield();
  }
  EXPECT_EQ(0u, rig.listener.live());
}

TEST(WireFaults, AStoppingServerHoldsNobody) {
  ServerLimits limits;
  limits.grace_time = std::chrono::seconds(60);
  Rig rig(Rules(R"({"hold": "forever", "at": "decide"})"), limits);
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send(RequestText("PUT", "/sink", "", "body")));
  ASSERT_TRUE(Fired(rig));
  rig.listener.Stop();
  EXPECT_EQ("", client.ReadToEnd());
}

TEST(WireFaults, AThrottlePacesByTheWorldsClock) {
  // An hour at this rate, but the clock is ours.
  Rig rig(Rules(R"({"throttle": {"down": 800, "burst": 1000}})"));
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send(RequestText("GET", "/big")));
  EXPECT_FALSE(client.Quiet(milliseconds(10'000)));  // the head and the burst: the pace has begun
  const TimePasses hours(rig);
  EXPECT_EQ(TestExchange::kBigBytes, client.ReadAnswer().body.size());
}

TEST(WireFaults, AThrottledUploadArrivesSlowly) {
  Rig rig(Rules(R"({"throttle": {"up": 1000}})"));
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send(RequestText("PUT", "/sink", "", std::string(50'000, 'x'))));
  ASSERT_TRUE(Fired(rig));
  EXPECT_TRUE(client.Quiet(milliseconds(30)));
  const TimePasses hours(rig);
  EXPECT_EQ(201, client.ReadAnswer().status);
}

std::string Early(std::string_view then) {
  return Concat({R"({"early-reply": {"status": 413, "text": "too large", "then": ")", then,
                 R"("}, "after-bytes": 1000})"});
}

TEST(WireFaults, AnEarlyAnswerComesWhileTheBodyIsOnItsWay) {
  Rig rig(Rules(Early("drain")));
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send("PUT /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n"));
  ASSERT_TRUE(client.Send(std::string(2000, 'x')));
  EXPECT_EQ(413, client.ReadAnswer().status);
  ASSERT_TRUE(client.Send(std::string(3000, 'x') + RequestText("GET", "/next")));
  EXPECT_EQ("GET /next", client.ReadAnswer().body);
}

TEST(WireFaults, AnEarlyAnswerToWhoWaitsNeedsNoBody) {
  Rig rig(Rules(R"({"early-reply": {"status": 413}})"));
  RawClient client(rig.port);
  ASSERT_TRUE(
      client.Send(RequestText("PUT", "/sink", "Content-Length: 5000\r\nExpect: 100-continue\r\n")));
  const RawAnswer answer = client.ReadAnswer();
  EXPECT_EQ(413, answer.status);
  EXPECT_EQ("close", answer.Field("Connection"));
  EXPECT_EQ("", client.ReadToEnd());
  EXPECT_EQ(End::kFin, client.end());
}

TEST(WireFaults, AnEarlyAnswerMayBeTheLastThingReadFrom) {
  Rig rig(Rules(Early("close")));
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send("PUT /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n"));
  ASSERT_TRUE(client.Send(std::string(1000, 'x')));
  EXPECT_EQ(413, client.ReadAnswer().status);
  // The server is gone: what we go on to send is answered by a reset.
  const Deadline until = rig.machine.Elapsed() + std::chrono::seconds(10);
  while (client.Send(std::string(1000, 'x')) && rig.machine.Elapsed() < until) {
    std::this_thread::yield();
  }
  EXPECT_EQ("", client.ReadToEnd());
  EXPECT_NE(End::kStillOpen, client.end());
}

TEST(WireFaults, AServerThatStopsReadingLeavesTheConnectionOpen) {
  ServerLimits limits;
  limits.idle_time = milliseconds(100);
  Rig rig(Rules(Early("stop")), limits);
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send("PUT /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n"));
  ASSERT_TRUE(client.Send(std::string(2000, 'x')));
  EXPECT_EQ(413, client.ReadAnswer().status);
  EXPECT_TRUE(client.Quiet(milliseconds(30)));
  EXPECT_EQ("", client.ReadToEnd());
  EXPECT_EQ(End::kRst, client.end());
}

TEST(WireFaults, RawBytesLeaveAsTheyAre) {
  const std::string bytes = "HTTP/1.1 429 Too Many Requests\nConnection: close\n\nslow down\n";
  Rig rig(Rules(R"({"raw-reply":
      "HTTP/1.1 429 Too Many Requests\nConnection: close\n\nslow down\n"})"));
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send(RequestText("GET", "/a")));
  EXPECT_EQ(bytes, client.ReadToEnd());
  EXPECT_EQ(End::kFin, client.end());
}

TEST(WireFaults, TheFinalChunkIsMissing) {
  for (const char* path : {"/stream", "/json"}) {
    Rig rig(Rules(R"({"cut": "fin", "at": "response-body", "after-bytes": "all"})"));
    RawClient client(rig.port);
    ASSERT_TRUE(client.Send(RequestText("GET", path)));
    const RawAnswer answer = client.ReadAnswer();
    EXPECT_EQ("chunked", answer.Field("Transfer-Encoding"));
    EXPECT_EQ(std::string(path) == "/json" ? R"({"a":1})" : "piece piece piece ", answer.body);
    EXPECT_FALSE(answer.whole);
    EXPECT_EQ(End::kFin, client.end());
    EXPECT_EQ(1u, rig.faults.Counts()[0].seen);
  }
}

TEST(WireFaults, ChangedBytesComeInSoundFraming) {
  Rig rig(Rules(R"({"bytes": {"flip": 70000, "truncate": 80000}})"));
  RawClient client(rig.port);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client.Send(RequestText("GET", "/big")));
    const RawAnswer answer = client.ReadAnswer();
    std::string expected(80'000, 'b');
    expected[70'000] = static_cast<char>(~'b');
    EXPECT_EQ("80000", answer.Field("Content-Length"));
    EXPECT_TRUE(expected == answer.body);
  }
}

TEST(WireFaults, ARedirectNamesAnotherPlace) {
  const std::pair<const char*, const char*> rows[] = {
      {R"("relative")", "/a?drydock-hop=1"},
      {R"("other-scheme")", "https://h:5000/a?drydock-hop=1"},
      {R"({"port": 81})", "http://h:81/a?drydock-hop=1"}};
  for (const auto& [to, location] : rows) {
    Rig rig(Rules(Concat({R"({"redirect": {"status": 307, "to": )", to, "}}"})));
    RawClient client(rig.port);
    ASSERT_TRUE(client.Send("GET /a HTTP/1.1\r\nHost: h:5000\r\n\r\n"));
    const RawAnswer answer = client.ReadAnswer();
    EXPECT_EQ(307, answer.status);
    EXPECT_EQ(location, answer.Field("Location"));
    ASSERT_TRUE(client.Send("GET /a?drydock-hop=1 HTTP/1.1\r\nHost: h:5000\r\n\r\n"));
    EXPECT_EQ(200, client.ReadAnswer().status);
  }
}

TEST(WireFaults, AnAnswerIsReallyCoded) {
  for (const char* label : {"", R"(, "encoding": "gzip")"}) {
    Rig rig(Rules(Concat({R"({"bytes": {"coded": "gzip")", label, "}}"})));
    RawClient client(rig.port);
    ASSERT_TRUE(client.Send(RequestText("GET", "/big")));
    const RawAnswer answer = client.ReadAnswer();
    EXPECT_EQ(*label == '\0' ? "" : "gzip", answer.Field("Content-Encoding"));
    EXPECT_TRUE(Gzip(std::string(TestExchange::kBigBytes, 'b')) == answer.body);
  }
}

TEST(WireFaults, AConnectionIsResetWhereItBegins) {
  for (const char* kind : {"refused", "reset"}) {
    Rig rig(Rules(Concat({R"({"connect-fault": ")", kind, R"("}, "times": {"first": 2})"})));
    for (int i = 0; i < 2; ++i) {
      RawClient client(rig.port);
      EXPECT_EQ("", client.ReadToEnd()) << kind;
      EXPECT_EQ(End::kRst, client.end()) << kind;
    }
    RawClient third(rig.port);
    ASSERT_TRUE(third.Send(RequestText("GET", "/a")));
    EXPECT_EQ("GET /a", third.ReadAnswer().body) << kind;
    EXPECT_EQ(2u, rig.faults.Counts()[0].fired) << kind;
    EXPECT_EQ(2u, rig.faults.Counts()[0].seen) << kind;
  }
}

TEST(WireFaults, ASilentConnectionTakesEverythingAndSaysNothing) {
  ServerLimits limits;
  limits.head_time = milliseconds(20);  // which is not its end
  limits.grace_time = std::chrono::seconds(60);
  Rig rig(Rules(R"({"connect-fault": "silent"})"), limits);
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send(RequestText("GET", "/a")));
  EXPECT_TRUE(client.Quiet(milliseconds(60)));
  EXPECT_TRUE(client.Send(RequestText("GET", "/b")));
  EXPECT_EQ(1u, rig.listener.live());
  rig.listener.Stop();  // and a server that is stopped does not wait for it
  EXPECT_EQ("", client.ReadToEnd());
}

TEST(WireFaults, RulesTellConnectionsApart) {
  const auto answers = [](std::string_view when) {
    auto read =
        ParseFaultFile(Concat({R"({"faults": [{"name": "f", "when": {)", when,
                               R"(}, "do": {"reply": {"status": 503}, "at": "request-head"}}]})"}),
                       "f");
    Rig rig(read ? std::move(*read) : std::vector<FaultRule>());
    std::string told;
    for (const char* from : {"127.0.0.1", "127.0.0.9"}) {
      RawClient client(rig.port, from);
      EXPECT_TRUE(client.Send("GET /a HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n"));
      told += std::to_string(client.ReadAnswer().status) + " ";
      EXPECT_TRUE(client.Send(RequestText("GET", "/a")));
      told += std::to_string(client.ReadAnswer().status) + " ";
    }
    return told;
  };
  EXPECT_EQ("200 200 503 503 ", answers(R"("address": "127.0.0.9")"));
  EXPECT_EQ("503 503 200 200 ", answers(R"("connection": 1)"));
  EXPECT_EQ("200 200 503 503 ", answers(R"("connection": {"from": 2, "to": 2})"));
  EXPECT_EQ("503 200 503 200 ", answers(R"("protocol": "HTTP/1.0")"));
}

}  // namespace
}  // namespace drydock::simulator
