// What every effect leaves on the server, with the client and in the journal.
#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <string>

#include "core/text.h"
#include "simulator/world/internet.h"
#include "tests/unit/world/shelf.h"

namespace drydock::simulator {
namespace {

using std::chrono::seconds;

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

}  // namespace
}  // namespace drydock::simulator
