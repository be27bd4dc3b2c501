// Steps that run programs, without a client of registries: what they find, how they end, who may.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/runner/loader.h"
#include "tests/scenario/plays.h"

namespace drydock::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

const std::string kFolder = std::string(DRYDOCK_SOURCE_DIR) + "/scenarios/run/";

Result<scenarios::Scenario> WithStep(const std::string& steps) {
  return scenarios::ParseScenario(
      R"({"title": "t", "sources": ["s"], "start": "2026-05-28T06:00:00Z",
          "world": {"project": {"template": "../projects/skopeo-script", "tag": "v1.0.0"}},
          "steps": [)" +
          steps + "]}",
      kFolder + "t.json");
}

scenarios::StepResult Ended(const std::string& command) {
  const auto scenario =
      WithStep(R"({"run": {"run": "it", "command": ["sh", "-c", ")" + command + R"("]}})");
  EXPECT_TRUE(scenario.ok()) << (scenario ? "" : scenario.error().message());
  scenarios::RunOptions options;
  options.allow_commands = true;
  const auto result = Play(*scenario, options);
  return result ? result->main.steps.front() : scenarios::StepResult();
}

TEST(CommandsTest, FindTheirRegistryAndTheirProject) {
  const auto step = Ended(
      "echo $DRYDOCK_REGISTRY $DRYDOCK_IMAGE $DRYDOCK_TAG; cat $REGISTRY_AUTH_FILE; ls; "
      "cat $DOCKER_CONFIG/config.json; echo x > written");
  EXPECT_EQ(step.name, "run it");
  EXPECT_EQ(step.verdict, "green");
  EXPECT_THAT(step.output, ContainsRegex("127.0.0.1:[0-9]+ 127.0.0.1:[0-9]+/joakimp/app v1.0.0\n"));
  EXPECT_THAT(step.output, ContainsRegex("\"auths\":.\"127.0.0.1:[0-9]+\":.\"auth\":\""));
  EXPECT_THAT(step.output, HasSubstr("publish.sh\n"));
  EXPECT_EQ(step.incomplete, "v1.0.0 is absent");
}

TEST(CommandsTest, EndAsTheirExitCodeSays) {
  const auto step = Ended("echo 'error: no luck' >&2; exit 3");
  EXPECT_EQ(step.verdict, "red");
  EXPECT_EQ(step.exit_code, 3);
  EXPECT_EQ(step.reason, "sh ended with 3: error: no luck");
}

TEST(CommandsTest, NeedLeave) {
  const auto scenario = WithStep(R"({"run": {"command": ["true"]}})");
  ASSERT_TRUE(scenario.ok());
  const auto result = scenarios::RunScenario(*scenario);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kDenied);
  EXPECT_THAT(result.error().message(), HasSubstr("(--allow-run lets it)"));
}

TEST(CommandsTest, AreReadStrictly) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"run": {}})", "missing key \"command\""},
      {R"({"run": {"command": []}})", "names nothing"},
      {R"({"run": {"command": ["true"], "timeout": "0s"}})", "expected 1s to 1h"},
      {R"({"run": {"command": ["true"]}}, {"host-publish": {}})",
       "there can only be \"run\" and \"faults\""},
      {R"({"run": {"command": ["true"]}, "expect": {"verdict": "partial"}})",
       "never says \"partial\""},
  };
  for (const auto& [steps, message] : cases) {
    const auto scenario = WithStep(steps);
    ASSERT_FALSE(scenario.ok()) << steps;
    EXPECT_THAT(scenario.error().message(), HasSubstr(message));
  }
}

TEST(CommandsTest, AFolderAboveDoesNotFindThem) {
  EXPECT_FALSE(FilesIn("scenarios/run").empty());
  for (const std::string& file : FilesIn("scenarios")) {
    EXPECT_EQ(file.find("/run/"), std::string::npos) << file;
  }
}

}  // namespace
}  // namespace drydock::testing
