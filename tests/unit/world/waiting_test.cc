// Effects that take time: hold, throttle, and the answer that comes early, as a client in the same
// process meets them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/text.h"
#include "simulator/world/internet.h"
#include "simulator/world/pace.h"
#include "tests/unit/world/shelf.h"

namespace drydock::simulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Pace, LetsBytesThroughInTheirTime) {
  const struct {
    std::uint64_t rate, burst, bytes;
    Duration at;
  } rows[] = {
      {1000, 0, 0, Duration(0)},
      {1000, 0, 1, milliseconds(1)},
      {1000, 0, 2500, milliseconds(2500)},
      {1000, 2000, 2000, Duration(0)},
      {1000, 2000, 2500, milliseconds(500)},
      {3, 0, 1, Duration(333'333)},
      {std::uint64_t{1} << 40U, 0, std::uint64_t{1} << 42U, seconds(4)},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Pace(row.rate, row.burst, seconds(10)).TimeOf(row.bytes), seconds(10) + row.at)
        << row.rate << " " << row.bytes;
  }
  EXPECT_EQ(Pace(800, 0, {}).Portion(4096), 100u);
  EXPECT_EQ(Pace(1, 0, {}).Portion(4096), 1u);
  EXPECT_EQ(Pace(1'000'000, 0, {}).Portion(16), 16u);
}

class WaitingTest : public InternetTest {
 protected:
  struct Told {
    std::string what;  // status, or the error's code
    Duration took{};
    std::string body;
  };
  // One exchange of an actor whose patience ends after `patience`.
  Told Ask(std::string_view method, std::string_view path, std::string body = "",
           Duration patience = std::chrono::minutes(10)) {
    Told told;
    world_.Spawn("ci", [&] {
      const Duration begin = world_.clock().Elapsed();
      auto response = transport_->Send(Make(method, path, std::move(body)), begin + patience);
      if (response) {
        told.what = std::to_string(response->status);
        const auto all = ReadAll(response->body, 1 << 20);
        told.body = all ? *all : std::string(Name(all.error().code()));
      } else {
        told.what = Name(response.error().code());
      }
      told.took = world_.clock().Elapsed() - begin;
    });
    EXPECT_TRUE(world_.Run().ok());
    return told;
  }
};

TEST_F(WaitingTest, HoldsWhereTheRuleSays) {
  const struct {
    std::string_view at;
    bool applied_after_patience;
  } rows[] = {
      {R"("at": "request-head")", false},
      {R"("at": "request-body", "after-bytes": 2)", false},
      {R"("at": "decide")", false},
      {R"("at": "response-head")", true},
  };
  for (const auto& row : rows) {
    for (const bool patient : {true, false}) {
      site_.shelf.clear();
      Start(Concat({R"({"name": "h", "do": {"hold": "30s", )", row.at, "}}"}));
      const Told told = Ask("PUT", "/v1", "body", seconds(patient ? 31 : 29));
      EXPECT_EQ(told.what, patient ? "201" : "timeout") << row.at;
      EXPECT_EQ(told.took, seconds(patient ? 30 : 29)) << row.at;
      EXPECT_EQ(site_.shelf.count("v1") > 0, patient || row.applied_after_patience) << row.at;
      EXPECT_EQ(Count().seen, 1u) << row.at;
    }
  }
}

TEST_F(WaitingTest, HoldsForEver) {
  Start(R"({"name": "h", "do": {"hold": "forever", "at": "response-head"}})");
  const Told told = Ask("GET", "/v1", "", std::chrono::hours(6));
  EXPECT_EQ(told.what, "timeout");
  EXPECT_EQ(told.took, std::chrono::hours(6));
  EXPECT_EQ(Last().lost, "the client went away: the deadline passed");
}

TEST_F(WaitingTest, AHoldStandsBesideOtherEffects) {
  Start(R"({"name": "524", "do": {"hold": "100s", "commit": "apply", "reply": {"status": 524}}})");
  const Told late = Ask("PUT", "/v1", "body");
  EXPECT_EQ(late.what, "524");
  EXPECT_EQ(late.took, seconds(100));
  EXPECT_EQ(site_.shelf.count("v1"), 1u);
  Start(R"({"name": "c", "do": {"hold": "5s", "cut": "rst", "at": "decide"}})");
  const Told cut = Ask("PUT", "/v2", "body");
  EXPECT_EQ(cut.what, "ambiguous");
  EXPECT_EQ(Count().seen, 1u);  // once, although there were two things to see
  EXPECT_EQ(cut.took, seconds(5));
  EXPECT_EQ(site_.shelf.count("v2"), 0u);
  EXPECT_EQ(Firings().back().effect, "hold 5s, cut rst");
}

TEST_F(WaitingTest, AnEventEndsAHold) {
  Start(R"({"name": "h", "when": {"reference": "v1"}, "do": {"at": "decide", "hold":
      {"until": {"operation": "manifest.put", "reference": "v2", "status": 201},
       "at-most": "1m"}}})");
  Duration took{};
  world_.Spawn("ci", [&] {
    EXPECT_TRUE(transport_->Send(Make("PUT", "/v1", "body"), kNoDeadline).ok());
    took = world_.clock().Elapsed();
  });
  const auto other = net_->Connect(world_, "203.0.113.8", "other");
  world_.Spawn("other", [&] {
    EXPECT_TRUE(world_.clock().SleepFor(seconds(7)).ok());
    EXPECT_TRUE(other->Send(Make("PUT", "/v2", "body"), kNoDeadline).ok());
  });
  ASSERT_TRUE(world_.Run().ok());
  EXPECT_GE(took, seconds(7));
  EXPECT_LE(took, seconds(7) + milliseconds(60));
  EXPECT_EQ(Ask("PUT", "/v1", "body").took, std::chrono::minutes(1));  // nobody puts v2 now
}

TEST_F(WaitingTest, AHoldWithinTheAnswerStopsItThere) {
  Start(R"({"name": "h", "do": {"hold": "20s", "at": "response-body", "after-bytes": 3}})");
  site_.shelf["v1"] = "manifest";
  const Told patient = Ask("GET", "/v1");
  EXPECT_EQ(patient.body, "manifest");
  EXPECT_EQ(patient.took, seconds(20));
  EXPECT_EQ(Ask("GET", "/v1", "", seconds(19)).body, "timeout");
}

TEST_F(WaitingTest, ThrottlesEachWayByItself) {
  site_.shelf["big"] = std::string(100'000, 'b');
  Start(R"({"name": "t", "do": {"throttle": {"up": 1000, "down": 10000, "burst": 20000}}})");
  const Told got = Ask("GET", "/big");
  EXPECT_EQ(got.body.size(), 100'000u);
  EXPECT_EQ(got.took, seconds(8));
  const Told put = Ask("PUT", "/v1", std::string(30'000, 'x'));
  EXPECT_EQ(put.what, "201");
  EXPECT_EQ(put.took, seconds(10));
  EXPECT_EQ(Ask("PUT", "/v2", std::string(30'000, 'x'), seconds(9)).what, "timeout");
  EXPECT_EQ(site_.shelf.count("v2"), 0u);
  EXPECT_EQ(Ask("GET", "/big", "", seconds(7)).body, "timeout");
}

TEST_F(WaitingTest, AThrottledBodyMeetsOtherRules) {
  Start(R"({"name": "t", "do": {"throttle": {"up": 1000}}},
           {"name": "c", "do": {"cut": "rst", "at": "request-body", "after-bytes": 5000}})");
  const Told told = Ask("PUT", "/v1", std::string(9000, 'x'));
  EXPECT_EQ(told.what, "ambiguous");
  EXPECT_EQ(told.took, seconds(5));
  EXPECT_EQ(site_.sessions["v1"].size(), 5000u);
}

TEST_F(WaitingTest, AnAnswerComesEarly) {
  const struct {
    std::string_view then;
    std::size_t bytes;
    std::string_view what;
    Duration took;
  } rows[] = {
      {"drain", 900'000, "413", {}},
      {"stop", 900'000, "413", {}},  // more than the machines between them hold
      {"close", 900'000, "ambiguous", {}},
      {"close", 1000, "413", {}},  // all of it was read
  };
  for (const auto& row : rows) {
    Start(
        Concat({R"({"name": "e", "do": {"early-reply": {"status": 413, "page": "nginx", "then": ")",
                row.then, R"("}, "after-bytes": 1000}})"}));
    const Told told = Ask("PUT", "/v1", std::string(row.bytes, 'x'), seconds(60));
    EXPECT_EQ(told.what, row.what) << row.then << row.bytes;
    EXPECT_EQ(told.took, row.took) << row.then << row.bytes;
    EXPECT_TRUE(site_.shelf.empty());
    EXPECT_EQ(site_.sessions["v1"].size(), 1000u);
    EXPECT_EQ(Count().seen, 1u);
  }
}

TEST_F(WaitingTest, AnEarlyAnswerMayComeBeforeTheServerLooks) {
  Start(R"({"name": "e", "do": {"early-reply": {"status": 413}, "at": "request-head"}})");
  EXPECT_EQ(Ask("PUT", "/secret", "body").what, "413");
  EXPECT_TRUE(site_.log.empty());
}

TEST_F(WaitingTest, WhoeverIsKilledWhileHeldIsGone) {
  Start(R"({"name": "h", "do": {"hold": "30s", "at": "decide"}})");
  ErrorCode code{};
  world_.Spawn("ci", [&] {
    const auto answer = transport_->Send(Make("PUT", "/v1", "body"), kNoDeadline);
    ASSERT_FALSE(answer.ok());
    code = answer.error().code();
  });
  world_.Spawn("other", [&] {
    EXPECT_TRUE(world_.clock().SleepFor(seconds(1)).ok());
    world_.Kill("ci");
  });
  ASSERT_TRUE(world_.Run().ok());
  EXPECT_EQ(code, ErrorCode::kCancelled);
  EXPECT_TRUE(site_.shelf.empty());
}

}  // namespace
}  // namespace drydock::simulator
