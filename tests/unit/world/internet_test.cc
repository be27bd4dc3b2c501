// Exchanges without faults, clients that go away, and many at once.
#include "simulator/world/internet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "core/text.h"
#include "tests/unit/world/shelf.h"

namespace drydock::simulator {
namespace {

using std::chrono::seconds;

TEST_F(InternetTest, AnExchangeWithoutFaults) {
  Start();
  EXPECT_EQ(Told("PUT", "/v1", "manifest"), "201");
  auto got = Send("GET", "/v1");
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->reason, "OK");
  EXPECT_EQ(got->headers.Get("Content-Length"), "8");
  EXPECT_EQ(All(got), "manifest");
  const auto events = journal_.Snapshot();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].actor, "ci");
  const auto& put = std::get<ExchangeEvent>(events[0].payload);
  EXPECT_EQ(put.ordinal, 1u);
  EXPECT_EQ(put.method, "PUT");
  EXPECT_EQ(put.url, "https://registry-1.docker.io/v1");
  EXPECT_EQ(put.operation, "manifest.put");
  EXPECT_EQ(put.repository, "a/b");
  EXPECT_EQ(put.reference, "v1");
  EXPECT_EQ(put.request_bytes, 8u);
  EXPECT_EQ(put.status, 201);
  EXPECT_EQ(put.reason, "Created");
  EXPECT_EQ(put.response_headers.Get("Content-Length"), "0");
  EXPECT_EQ(put.lost, "");
  EXPECT_EQ(Last().response_bytes, 8u);
  EXPECT_EQ(Last().ordinal, 2u);
}

TEST_F(InternetTest, AnAnswerHasTheDateUnlessItHasOne) {
  Start();
  EXPECT_EQ(Send("PUT", "/v1")->headers.All("Date"),
            std::vector<std::string>{FormatHttpDate(world_.clock().Now())});
  EXPECT_TRUE(world_.clock().SleepFor(std::chrono::milliseconds(1200)).ok());
  EXPECT_EQ(Send("GET", "/v1")->headers.All("Date"),
            std::vector<std::string>{FormatHttpDate(world_.clock().Now())});
  Start(R"({"name": "r", "do": {"reply": {"status": 503, "headers": {"Date": "yesterday"}}}})");
  EXPECT_EQ(Send("GET", "/v1")->headers.All("Date"), std::vector<std::string>{"yesterday"});
}

TEST_F(InternetTest, UnknownHosts) {
  Start();
  Request request = Make("GET", "/v1");
  request.url.host = "ghcr.io";
  const auto response = transport_->Send(std::move(request), kNoDeadline);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(Last().lost, "nothing listens there");
  EXPECT_EQ(Last().status, 0);
  Shelf other;
  net_->Attach("*", other);
  request = Make("PUT", "/v1");
  request.url.host = "127.0.0.1:5000";
  EXPECT_TRUE(transport_->Send(std::move(request), kNoDeadline).ok());
  EXPECT_EQ(other.shelf.count("v1"), 1u);
  EXPECT_TRUE(site_.shelf.empty());
}

TEST_F(InternetTest, AHostIsFoundWhateverPortIsAsked) {
  Start();
  Shelf other;
  Shelf own_port;
  net_->Attach("npm.test", other);
  net_->Attach("npm.test:4873", own_port);
  for (const char* host : {"npm.test", "npm.test:80", "npm.test:4873"}) {
    Request request = Make("PUT", "/v1");
    request.url.host = host;
    EXPECT_TRUE(transport_->Send(std::move(request), kNoDeadline).ok()) << host;
  }
  EXPECT_EQ(other.log.size(), 2 * own_port.log.size());
  EXPECT_FALSE(own_port.log.empty());
}

TEST_F(InternetTest, ARefusalReadsTheBodyAndAppliesNothing) {
  Start();
  EXPECT_EQ(Told("PUT", "/secret", "body"), "401");
  EXPECT_EQ(site_.log, std::vector<std::string>{"decide secret"});
  EXPECT_TRUE(site_.sessions.empty());
  EXPECT_EQ(Last().request_bytes, 4u);
  EXPECT_EQ(Last().response_excerpt, "go away");
}

TEST_F(InternetTest, HeadHasNoBodyButItsLength) {
  Start();
  site_.shelf["v1"] = "manifest";
  auto response = Send("HEAD", "/v1");
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->headers.Get("Content-Length"), "8");
  EXPECT_EQ(All(response), "");
  EXPECT_EQ(Last().response_bytes, 0u);
}

TEST_F(InternetTest, TheExcerptTakesNothingFromTheBody) {
  const std::string page(5000, 'x');
  Start(Concat({R"({"name": "r", "do": {"reply": {"status": 400, "text": ")", page, "\"}}}"}));
  auto response = Send("GET", "/v1");
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->body.length(), 5000u);
  EXPECT_EQ(All(response), page);
  EXPECT_EQ(Last().response_excerpt, page.substr(0, 2048));
  EXPECT_EQ(Last().response_bytes, 5000u);
}

TEST_F(InternetTest, DeadlinesPass) {
  Start();
  world_.Spawn("ci", [&] {
    ASSERT_TRUE(world_.clock().SleepFor(seconds(5)).ok());
    EXPECT_EQ(transport_->Send(Make("GET", "/v1"), seconds(5)).error().code(), ErrorCode::kTimeout);
    EXPECT_TRUE(transport_->Send(Make("GET", "/v1"), seconds(6)).ok());
  });
  EXPECT_TRUE(world_.Run().ok());
}

// A body that gives a few bytes and then fails, as when the client was killed.
class Vanishing : public BodyReader {
 public:
  Result<std::size_t> Read(std::span<char> into) override {
    if (given_) {
      return Error(ErrorCode::kCancelled, "killed");
    }
    given_ = true;
    into[0] = 'x';
    return std::size_t{1};
  }

 private:
  bool given_ = false;
};

TEST_F(InternetTest, AClientThatVanishesLeavesWhatItSent) {
  for (const char* rules :
       {"", R"({"name": "r", "do": {"reply": {"status": 503}, "at": "request-head"}})"}) {
    Start(rules);
    Request request = Make("PUT", "/v1");
    request.body = Body::FromReader(std::make_unique<Vanishing>(), 10);
    const auto response = transport_->Send(std::move(request), kNoDeadline);
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code(), ErrorCode::kCancelled);
    EXPECT_EQ(site_.sessions["v1"], "x");
    EXPECT_TRUE(site_.shelf.empty());
    EXPECT_EQ(Last().lost, "the client went away: killed");
    EXPECT_EQ(Last().request_bytes, 1u);
  }
  EXPECT_EQ(Count().fired, 1u);
  EXPECT_EQ(Count().seen, 0u) << "the answer had nobody to go to";
}

TEST_F(InternetTest, KillIsNoticedBeforeAndAfterASend) {
  Start();
  Request request = Make("PUT", "/v1");
  class KillsWhileRead : public BodyReader {
   public:
    explicit KillsWhileRead(World& world) : world_(world) {}
    Result<std::size_t> Read(std::span<char> /*into*/) override {
      world_.Kill("ci");
      return std::size_t{0};
    }

   private:
    World& world_;
  };
  request.body = Body::FromReader(std::make_unique<KillsWhileRead>(world_), 0);
  world_.Spawn("ci", [&] {
    const auto during = transport_->Send(std::move(request), kNoDeadline);
    EXPECT_EQ(during.error().code(), ErrorCode::kCancelled);
    EXPECT_EQ(site_.shelf.count("v1"), 1u) << "it was sent, and applied";
    const auto after = transport_->Send(Make("PUT", "/v2"), kNoDeadline);
    EXPECT_EQ(after.error().code(), ErrorCode::kCancelled);
    EXPECT_EQ(site_.shelf.count("v2"), 0u) << "a killed actor sends nothing";
  });
  EXPECT_TRUE(world_.Run().ok());
}

TEST_F(InternetTest, RequestsCarryTheClientOrTheActor) {
  Start(
      R"({"name": "per", "do": {"edit-reply": {"add": {"X": "y"}}}, "times": {"nth": 1, "per": ["client", "connection"]}})");
  const auto unnamed = net_->Connect(world_, "203.0.113.8");
  world_.Spawn("host", [&] {
    EXPECT_TRUE(unnamed->Send(Make("GET", "/v1"), kNoDeadline).ok());
    EXPECT_EQ(Told("GET", "/v1"), "404");
  });
  EXPECT_TRUE(world_.Run().ok());
  const auto firings = Firings();
  ASSERT_EQ(firings.size(), 2u);
  EXPECT_EQ(firings[0].key, "client=host connection=2");
  EXPECT_EQ(firings[1].key, "client=ci connection=1");
}

// Three clients that race for the same tags under a seeded fault.
std::string JournalOf(std::uint64_t seed) {
  World world(seed, kStart);
  Journal journal(world.clock());
  auto rules = ParseFaultFile(R"({"faults": [
    {"name": "dice", "do": {"reply": {"status": 503}}, "times": {"chance": "1/3", "per": "client"}},
    {"name": "lost", "do": {"cut": "rst", "at": "response-head"}, "times": {"every": 5}}]})",
                              "f");
  FaultState faults(std::move(*rules), seed);
  Internet net(world.clock(), journal, faults);
  Shelf site;
  net.Attach(std::string(kHost), site);
  for (const char* name : {"a", "b", "c"}) {
    world.Spawn(name, [&, name] {
      const auto transport = net.Connect(world, "203.0.113.7");
      for (int i = 0; i < 10; ++i) {
        Request request;
        request.method = i % 2 == 0 ? "PUT" : "GET";
        request.url = *Url::Parse(Concat({"https://", kHost, "/v1"}));
        request.body = Body::FromString(name);
        (void)transport->Send(std::move(request), kNoDeadline);
        (void)world.clock().SleepFor(seconds(i % 3));
      }
    });
  }
  EXPECT_TRUE(world.Run().ok());
  return journal.ToJsonLines();
}

TEST(Determinism, OneSeedGivesOneJournalByteForByte) {
  const std::string journal = JournalOf(42);
  EXPECT_GT(std::count(journal.begin(), journal.end(), '\n'), 30);
  for (int again = 0; again < 5; ++again) {
    EXPECT_EQ(JournalOf(42), journal);
  }
  EXPECT_NE(JournalOf(43), journal);
}

TEST(Threads, ManyServeAtOnceAsAServerDoes) {
  SystemClock clock;
  Journal journal(clock);
  auto rules = ParseFaultFile(
      R"({"faults": [{"name": "third", "do": {"reply": {"status": 503}}, "times": {"every": 3}}]})",
      "f");
  FaultState faults(std::move(*rules), 1);
  Internet net(clock, journal, faults);
  Shelf site;
  net.Attach("*", site);
  constexpr int kThreads = 4;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  std::atomic<int> refused = 0;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 30; ++i) {
        RequestHead head;
        head.method = "PUT";
        head.url = *Url::Parse(Concat({"http://127.0.0.1:5000/t", std::to_string(t)}));
        Body body = Body::FromString(std::string(70000, 'x'));
        const auto answer = net.Serve(std::move(head), body);
        refused += answer->response.status == 503 ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(refused, 40);
  EXPECT_EQ(site.shelf.size(), 4u);
  std::vector<std::uint64_t> ordinals;
  for (const Event& event : journal.Snapshot()) {
    if (const auto* exchange = std::get_if<ExchangeEvent>(&event.payload)) {
      ordinals.push_back(exchange->ordinal);
      EXPECT_EQ(exchange->request_bytes, 70000u);
    }
  }
  std::sort(ordinals.begin(), ordinals.end());
  ASSERT_EQ(ordinals.size(), 120u);
  EXPECT_EQ(ordinals.front(), 1u);
  EXPECT_EQ(ordinals.back(), 120u);
}

}  // namespace
}  // namespace drydock::simulator
