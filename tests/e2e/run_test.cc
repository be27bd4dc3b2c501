// Steps that run programs: the worked example of docs/regression-testing.md with the real skopeo.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenario/plays.h"

namespace drydock::testing {
namespace {

using ::testing::HasSubstr;

scenarios::Scenario Example(const std::string& name) {
  return Load(std::string(DRYDOCK_SOURCE_DIR) + "/scenarios/run/" + name + ".json");
}

std::string FailuresOf(const scenarios::Scenario& scenario) {
  scenarios::RunOptions options;
  options.allow_commands = true;
  const auto result = Play(scenario, options);
  return result ? Failures(*result) : result.error().message();
}

void Use(scenarios::Scenario& scenario, const std::vector<std::string>& command) {
  std::get<scenarios::RunStep>(scenario.steps.front().action).command = command;
}

TEST(RunTest, TheExamplesHold) {
  for (const std::string& file : FilesIn("scenarios/run")) {
    EXPECT_EQ(FailuresOf(Load(file)), "") << file;
  }
}

TEST(RunTest, AFaultShowsTheBugOfTheScript) {
  auto scenario = Example("skopeo-script-503");
  Use(scenario, {"sh", "publish.sh"});
  EXPECT_THAT(FailuresOf(scenario),
              HasSubstr("expected  verdict red\n    found     green: sh ended with 0"));
}

TEST(RunTest, TheRegistrySpeaksTlsWhenAsked) {
  auto scenario = Example("skopeo-script");
  scenario.world.hub.tls = true;
  Use(scenario,
      {"sh", "-c",
       "skopeo copy --all --dest-cert-dir \"$DRYDOCK_CERT_DIR\" oci:dist/app "
       "docker://$DRYDOCK_IMAGE:v1.0.0 && skopeo copy --all --src-cert-dir "
       "\"$DRYDOCK_CERT_DIR\" --dest-cert-dir \"$DRYDOCK_CERT_DIR\" "
       "docker://$DRYDOCK_IMAGE:v1.0.0 docker://$DRYDOCK_IMAGE:latest && echo published"});
  EXPECT_EQ(FailuresOf(scenario), "");
}

TEST(RunTest, AProgramThatOutlastsItsTimeIsStopped) {
  auto scenario = Example("skopeo-script");
  Use(scenario, {"sh", "-c", "echo begun; sleep 60"});
  std::get<scenarios::RunStep>(scenario.steps.front().action).timeout = std::chrono::seconds(1);
  EXPECT_THAT(FailuresOf(scenario), HasSubstr("found     red: sh was stopped after 1s"));
}

}  // namespace
}  // namespace drydock::testing
