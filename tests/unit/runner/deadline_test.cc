// A scenario that does not end is stopped at its deadline, and says where everyone was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"
#include "scenarios/runner/loader.h"
#include "scenarios/runner/runner.h"

namespace drydock::scenarios {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kFile = std::string(DRYDOCK_SOURCE_DIR) + "/scenarios/incidents/deadline.json";

// A publish whose builder takes an hour, with this deadline and these steps after it.
ScenarioResult PlayWith(std::string_view deadline, std::string_view more_steps = "") {
  const auto scenario = ParseScenario(
      Concat({R"({"title": "t", "sources": ["s"], "start": "2026-05-28T06:00:00Z", "deadline": ")",
              deadline, R"(",
    "world": {
      "npm": {"oh-my-opencode-slim": {"latest": "1.0.9", "versions": {"1.0.9": {}}},
              "@earendil-works/pi-coding-agent": {"latest": "0.76.0", "versions": {"0.76.0": {}}}},
      "project": {"template": "../projects/opencode-devbox-2026-05", "tag": "v1.15.12"},
      "builder": {"host": {"base-build": "1h"}}},
    "steps": [{"host-publish": {}})",
              more_steps, "]}"}),
      kFile);
  EXPECT_TRUE(scenario.ok()) << (scenario ? "" : scenario.error().message());
  auto result = RunScenario(*scenario);
  EXPECT_TRUE(result.ok()) << (result ? "" : result.error().message());
  return result ? std::move(*result) : ScenarioResult();
}

TEST(Deadline, StopsAPublishAndSaysWhereItWas) {
  const ScenarioResult result = PlayWith("30m", R"(, {"diagnose": {}})");
  EXPECT_FALSE(result.passed());
  EXPECT_TRUE(result.main.stopped);
  EXPECT_EQ(result.main.steps.size(), 1U);  // nothing more is played
  EXPECT_FALSE(result.second.has_value());
  ASSERT_FALSE(result.main.failures.empty());
  const ExpectationFailure& failure = result.main.failures.front();
  EXPECT_EQ(failure.step, "host-publish");
  EXPECT_THAT(failure.expected, HasSubstr("over within 30m of virtual time"));
  EXPECT_THAT(
      failure.found,
      AllOf(HasSubstr("not over by 2026-05-28T06:30:00Z"),
            HasSubstr("host-publish sleeps until 2026-05-28T07:00:00Z, since 2026-05-28T06"),
            HasSubstr("last request: host ")));
  EXPECT_TRUE(failure.sequence.has_value());
}

TEST(Deadline, StopsAWait) {
  const ScenarioResult result = PlayWith("1d", R"(, {"wait": {"for": "2d"}})");
  ASSERT_EQ(result.main.failures.size(), 1U);
  EXPECT_EQ(result.main.failures.front().step, "wait");
  EXPECT_THAT(result.main.failures.front().found, HasSubstr("a wait until 2026-05-30T07"));
}

TEST(Deadline, IsNotInTheWayOfWhatEnds) { EXPECT_TRUE(PlayWith("2h").passed()); }

}  // namespace
}  // namespace drydock::scenarios
