// How an exchange is driven: phases, effects, journal, and what the client gets to see.
#include "simulator/world/internet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "core/text.h"
#include "simulator/faults/read_rules.h"
#include "simulator/world/world.h"

namespace drydock::simulator {
namespace {

using std::chrono::seconds;

const TimePoint kStart = *ParseRfc3339("2026-05-28T06:00:00Z");
constexpr std::string_view kHost = "registry-1.docker.io";

// A site that stores what is put under a path and logs what it is asked to do. "/secret" is refused
// from the head, "/big" serves 100,000 bytes of unknown length.
class Shelf : public Site {
 public:
  std::unique_ptr<Exchange> Begin(RequestHead head) override {
    return std::make_unique<Visit>(*this, std::move(head));
  }

  std::map<std::string, std::string> shelf;
  std::map<std::string, std::string> sessions;  // what arrived, applied or not
  std::vector<std::string> log;

 private:
  class Visit : public Exchange {
   public:
    Visit(Shelf& owner, RequestHead head) : owner_(owner), head_(std::move(head)) {
      route_.operation = head_.method == "PUT" ? "manifest.put" : "manifest.get";
      route_.repository = "a/b";
      route_.reference = head_.url.path.substr(1);
    }
    const Route& route() const override { return route_; }
    std::optional<Response> Decide() override {
      owner_.log.push_back("decide " + route_.reference);
      if (route_.reference != "secret") {
        return std::nullopt;
      }
      Response response;
      response.status = 401;
      response.body = Body::FromString("go away");
      return response;
    }
    void Receive(std::string_view piece) override {
      body_.append(piece);
      owner_.sessions[route_.reference] = body_;
    }
    Response Apply() override {
      owner_.log.push_back("apply " + route_.reference);
      Response response;
      if (head_.method == "PUT") {
        owner_.shelf[route_.reference] = body_;
        response.status = 201;
        response.headers.Set("Location", head_.url.ToString());
        return response;
      }
      const auto found = owner_.shelf.find(route_.reference);
      response.status = found == owner_.shelf.end() ? 404 : 200;
      response.body =
          Body::FromString(found == owner_.shelf.end() ? "nothing here" : found->second);
      return response;
    }

   private:
    Shelf& owner_;
    RequestHead head_;
    Route route_;
    std::string body_;
  };
};

class InternetTest : public ::testing::Test {
 protected:
  void Start(std::string_view rules = "", std::uint64_t seed = 1) {
    auto read = ParseFaultFile(Concat({"{\"faults\": [", rules, "]}"}), "f.json");
    ASSERT_TRUE(read.ok()) << read.error().message();
    faults_ = std::make_unique<FaultState>(std::move(*read), seed);
    net_ = std::make_unique<Internet>(world_.clock(), journal_, *faults_);
    net_->Attach(std::string(kHost), site_);
    transport_ = net_->Connect(world_, "203.0.113.7", "ci");
  }

  Request Make(std::string_view method, std::string_view path, std::string body = "") {
    Request request;
    request.method = method;
    request.url = *Url::Parse(Concat({"https://", kHost, path}));
    request.body = Body::FromString(std::move(body));
    return request;
  }
  Result<Response> Send(std::string_view method, std::string_view path, std::string body = "") {
    return transport_->Send(Make(method, path, std::move(body)), kNoDeadline);
  }
  // "201", "kAmbiguous: …".
  std::string Told(std::string_view method, std::string_view path, std::string body = "") {
    auto response = Send(method, path, std::move(body));
    return response ? std::to_string(response->status)
                    : Concat({Name(response.error().code()), ": ", response.error().message()});
  }
  ExchangeEvent Last() const {
    const auto events = journal_.Snapshot();
    const auto last = std::find_if(events.rbegin(), events.rend(), [](const Event& event) {
      return std::holds_alternative<ExchangeEvent>(event.payload);
    });
    return last == events.rend() ? ExchangeEvent{} : std::get<ExchangeEvent>(last->payload);
  }
  std::vector<FaultEvent> Firings() const {
    std::vector<FaultEvent> firings;
    for (const Event& event : journal_.Snapshot()) {
      if (const auto* fault = std::get_if<FaultEvent>(&event.payload)) {
        firings.push_back(*fault);
      }
    }
    return firings;
  }
  RuleCount Count(std::size_t rule = 0) const { return faults_->Counts()[rule]; }

  World world_{1, kStart};
  Journal journal_{world_.clock()};
  Shelf site_;
  std::unique_ptr<FaultState> faults_;
  std::unique_ptr<Internet> net_;
  std::unique_ptr<Transport> transport_;
};

std::string All(Result<Response>& response) { return *ReadAll(response->body, 1 << 20); }

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

struct Effect {
  const char* effect;
  std::string told;     // what the client of PUT /v1 "0123456789" gets
  std::string kept;     // what the shelf has afterwards; "-" for nothing
  std::string arrived;  // what the site received
  const char* phase;
  const char* lost = "";
};

class EffectTest : public InternetTest, public ::testing::WithParamInterface<Effect> {};

TEST_P(EffectTest, OnAPut) {
  const Effect& row = GetParam();
  Start(Concat(
      {R"({"name": "r", "when": {"operation": "manifest.put"}, "do": {)", row.effect, "}}"}));
  const std::string told = Told("PUT", "/v1", "0123456789");
  EXPECT_EQ(told.substr(0, row.told.size()), row.told) << told;
  EXPECT_EQ(site_.shelf.count("v1") == 0 ? "-" : site_.shelf["v1"], row.kept);
  EXPECT_EQ(site_.sessions["v1"], row.arrived);
  EXPECT_EQ(Last().lost, row.lost);
  EXPECT_EQ(Last().status, std::isdigit(told[0]) ? std::stoi(told) : 0);
  const auto firings = Firings();
  ASSERT_EQ(firings.size(), 1u);
  EXPECT_EQ(firings[0].rule, "r");
  EXPECT_EQ(firings[0].phase, row.phase);
  EXPECT_EQ(firings[0].effect, Describe(faults_->rules()[0]));
  EXPECT_EQ(firings[0].exchange, 1u);
  EXPECT_EQ(Count().fired, 1u);
  EXPECT_EQ(Count().seen, 1u);
}

constexpr const char* kReset = "connection reset before an answer";

INSTANTIATE_TEST_SUITE_P(
    Effects, EffectTest,
    ::testing::Values(
        Effect{R"("reply": {"status": 503})", "503", "-", "0123456789", "decide"},
        Effect{R"("reply": {"status": 503}, "at": "request-head")", "503", "-", "", "request-head"},
        Effect{R"("edit-reply": {"status": 200})", "200", "0123456789", "0123456789",
               "response-head"},
        Effect{R"("cut": "rst", "at": "request-head")",
               "ambiguous: PUT https://registry-1.docker.io/v1: "
               "connection reset before an answer",
               "-", "", "request-head", kReset},
        Effect{R"("cut": "rst", "at": "request-body", "after-bytes": 4)", "ambiguous", "-", "0123",
               "request-body", kReset},
        Effect{R"("cut": "rst", "at": "request-body", "after-bytes": 0)", "ambiguous", "-", "",
               "request-body", kReset},
        Effect{R"("cut": "rst", "at": "request-body", "after-bytes": 10)", "ambiguous", "-",
               "0123456789", "request-body", kReset},
        Effect{R"("cut": "fin", "at": "decide")", "ambiguous", "-", "0123456789", "decide",
               "connection closed before an answer"},
        Effect{R"("cut": "rst", "at": "response-head")", "ambiguous", "0123456789", "0123456789",
               "response-head", kReset},
        Effect{R"("commit": "apply", "reply": {"status": 504, "page": "nginx"})", "504",
               "0123456789", "0123456789", "response-head"},
        Effect{R"("commit": "apply", "cut": "rst")", "ambiguous", "0123456789", "0123456789",
               "response-head", kReset},
        Effect{R"("commit": "none", "reply": {"status": 201})", "201", "-", "0123456789", "decide"},
        Effect{R"("commit": "none", "cut": "rst")", "ambiguous", "-", "0123456789", "decide",
               kReset},
        Effect{R"("commit": {"bytes": 4})", "201", "0123", "0123", "request-body"},
        Effect{R"("commit": {"bytes": 0}, "reply": {"status": 500})", "500", "", "",
               "request-body"},
        Effect{R"("commit": {"bytes": 4}, "cut": "rst")", "ambiguous", "0123", "0123",
               "request-body", kReset}));

TEST_F(InternetTest, WorkPutOffIsDoneInTime) {
  Start(R"({"name": "late", "when": {"operation": "manifest.put"},
            "do": {"commit": {"after": "10s"}, "reply": {"status": 500}}, "times": 2})");
  world_.Spawn("ci", [&] {
    EXPECT_EQ(Told("PUT", "/v1", "one"), "500");
    ASSERT_TRUE(world_.clock().SleepFor(seconds(5)).ok());
    EXPECT_EQ(Told("PUT", "/v1", "two"), "500");
    EXPECT_EQ(Told("GET", "/v1"), "404");
    ASSERT_TRUE(world_.clock().SleepFor(seconds(5) - Duration(1)).ok());
    EXPECT_EQ(Told("GET", "/v1"), "404");
    ASSERT_TRUE(world_.clock().SleepFor(Duration(1)).ok());
    EXPECT_EQ(Told("GET", "/v1"), "200");
    EXPECT_EQ(site_.shelf["v1"], "one");
    ASSERT_TRUE(world_.clock().SleepFor(seconds(5)).ok());
    net_->Settle();
    EXPECT_EQ(site_.shelf["v1"], "two") << "in order of their time";
  });
  EXPECT_TRUE(world_.Run().ok());
}

TEST_F(InternetTest, AnAnswerIsCutWithinItsBody) {
  Start(R"({"name": "cut", "when": {"operation": "manifest.get"},
            "do": {"cut": "fin", "at": "response-body", "after-bytes": 4}})");
  site_.shelf["v1"] = "0123456789";
  auto response = Send("GET", "/v1");
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->headers.Get("Content-Length"), "10");
  EXPECT_EQ(response->body.length(), 10u);
  EXPECT_EQ(Count().fired, 1u);
  EXPECT_EQ(Count().seen, 0u) << "nobody read that far yet";
  std::array<char, 16> buffer{};
  EXPECT_EQ(*response->body.Read(buffer), 4u);
  const auto more = response->body.Read(buffer);
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.error().code(), ErrorCode::kAmbiguous);
  EXPECT_FALSE(response->body.Read(buffer).ok());
  EXPECT_EQ(Count().seen, 1u);
  EXPECT_EQ(Last().lost, "connection closed after 4 of 10 bytes");
  EXPECT_EQ(Last().response_bytes, 4u);
  EXPECT_EQ(Last().status, 200);
}

TEST_F(InternetTest, ACutBeyondTheBodyIsNone) {
  Start(R"({"name": "cut", "do": {"cut": "rst", "at": "response-body", "after-bytes": 10}},
           {"name": "longer", "do": {"cut": "rst", "at": "request-body", "after-bytes": 11}})");
  site_.shelf["v1"] = "0123456789";
  auto response = Send("GET", "/v1");
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(All(response), "0123456789");
  EXPECT_EQ(Told("PUT", "/v2", "0123456789"), "201");
  EXPECT_EQ(Count(0).offered + Count(1).offered, 0u);
}

TEST_F(InternetTest, SeveralPositionsAreAskedInOrder) {
  Start(R"({"name": "nine", "do": {"cut": "rst", "at": "request-body", "after-bytes": 90000}},
           {"name": "one", "do": {"cut": "rst", "at": "request-body", "after-bytes": 1}, "times": {"nth": 2}})");
  EXPECT_EQ(Told("PUT", "/v1", std::string(100000, 'x')).substr(0, 9), "ambiguous");
  EXPECT_EQ(site_.sessions["v1"].size(), 90000u);
  EXPECT_EQ(Told("PUT", "/v1", std::string(100000, 'x')).substr(0, 9), "ambiguous");
  EXPECT_EQ(site_.sessions["v1"].size(), 1u);
  EXPECT_EQ(Count(0).offered, 1u);
  EXPECT_EQ(Count(1).offered, 2u);
}

TEST_F(InternetTest, RulesOfDifferentPhasesActOnOneExchange) {
  Start(R"({"name": "reply", "do": {"reply": {"status": 500, "text": "0123456789"}}},
           {"name": "edit", "when": {"status": 500}, "do": {"edit-reply": {"status": 503, "set": {"Retry-After": "9"}}}},
           {"name": "cut", "when": {"status": 503}, "do": {"cut": "rst", "at": "response-body", "after-bytes": 3}})");
  auto response = Send("GET", "/v1");
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->reason, "Service Unavailable");
  EXPECT_EQ(response->headers.Get("Retry-After"), "9");
  EXPECT_EQ(Last().lost, "connection reset after 3 of 10 bytes");
  EXPECT_EQ(Firings().size(), 3u);
}

TEST_F(InternetTest, ARefusedRequestIsNotOfferedToDecide) {
  Start(R"({"name": "busy", "do": {"reply": {"status": 503}}},
           {"name": "edge", "when": {"status": 401}, "do": {"edit-reply": {"add": {"X": "y"}}}})");
  auto response = Send("GET", "/secret");
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 401);
  EXPECT_EQ(response->headers.Get("X"), "y");
  EXPECT_EQ(Count(0).offered, 0u);
}

TEST_F(InternetTest, AnEditThatChangesNothingIsNotSeen) {
  Start(R"({"name": "drop", "do": {"edit-reply": {"drop": "Docker-Content-Digest"}}})");
  EXPECT_EQ(Told("GET", "/v1"), "404");
  EXPECT_EQ(Count().fired, 1u);
  EXPECT_EQ(Count().seen, 0u);
}

TEST_F(InternetTest, WithholdingMoreThanThereIsIsNotSeen) {
  Start(R"({"name": "partly", "when": {"method": "PUT"}, "do": {"commit": {"bytes": 10}}})");
  EXPECT_EQ(Told("PUT", "/v1", "0123456789"), "201");
  EXPECT_EQ(site_.shelf["v1"], "0123456789");
  EXPECT_EQ(Count().seen, 0u);
}

TEST_F(InternetTest, ManifestsAreLookedInto) {
  Start(
      R"({"name": "index", "when": {"manifest": {"/manifests": true}}, "do": {"reply": {"status": 400}}})");
  EXPECT_EQ(Told("PUT", "/v1", R"({"layers": []})"), "201");
  EXPECT_EQ(Told("PUT", "/v1", R"({"manifests": []})"), "400");
  EXPECT_EQ(Told("GET", "/v1"), "200");
}

TEST_F(InternetTest, WindowsOpenWithWhatTheClientWasTold) {
  Start(
      R"({"name": "down", "when": {"operation": "manifest.get", "since": {"operation": "manifest.put",
              "status": 201, "same": "tag", "for": "10s"}}, "do": {"reply": {"status": 404}}})");
  world_.Spawn("ci", [&] {
    EXPECT_EQ(Told("PUT", "/v1", "x"), "201");
    EXPECT_EQ(Told("PUT", "/v2", "x"), "201");
    EXPECT_EQ(Told("GET", "/v1"), "404");
    ASSERT_TRUE(world_.clock().SleepFor(seconds(10)).ok());
    EXPECT_EQ(Told("GET", "/v1"), "200");
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
  std::vector<std::thread> threads;
  std::atomic<int> refused = 0;
  for (int t = 0; t < 4; ++t) {
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
