// The rules every scenario must keep, whatever it expects: each broken once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/runner/loader.h"
#include "scenarios/runner/premises.h"
#include "scenarios/runner/shelf.h"
#include "tests/scenario/plays.h"

namespace drydock::testing {
namespace {

using ::testing::HasSubstr;

scenarios::Scenario Incident(const std::string& name) {
  return Load(std::string(DRYDOCK_SOURCE_DIR) + "/scenarios/incidents/" + name + ".json");
}

std::string FailuresOf(const scenarios::Scenario& scenario) {
  const auto result = Play(scenario);
  return result ? Failures(*result) : result.error().message();
}

std::string ErrorOf(const scenarios::Scenario& scenario) {
  const auto result = scenarios::RunScenario(scenario);
  return result ? "it was played" : result.error().message();
}

scenarios::PublishStep& FirstPublish(scenarios::Scenario& scenario) {
  return std::get<scenarios::PublishStep>(scenario.steps.front().action);
}

TEST(RulesTest, ARuleThatNeverFiredFailsTheScenario) {
  auto scenario = Incident("base-tag-present");
  scenario.faults = Incident("base-push-refused-without-cache").faults;
  scenario.faults.front().when.exchange.repository = "somebody/else";
  EXPECT_THAT(
      FailuresOf(scenario),
      HasSubstr("fault layer-upload-400 fires at least once\n    found     never: offered"));
}

TEST(RulesTest, AKillThatNeverCameFailsTheScenario) {
  auto scenario = Incident("killed-between-variants");
  FirstPublish(scenario).kill->after.reference = "no-such-tag";
  EXPECT_THAT(FailuresOf(scenario), HasSubstr("killed on the way"));
}

TEST(RulesTest, EveryPublishOfTheTwinMustSucceed) {
  auto scenario = Incident("npm-tarball-vanishes");
  scenario.world.project.dirty = true;  // drydock refuses, faults or not
  EXPECT_THAT(FailuresOf(scenario), HasSubstr("without the faults: "));
}

TEST(RulesTest, TheSecondRunMustSucceedAndIsHeldAgainstTheFile) {
  auto scenario = Incident("base-tag-present");
  scenario.second = {{3, scenarios::CountIs{scenarios::CountIs::What::kBuilds, {7, 7}}}};
  EXPECT_THAT(FailuresOf(scenario), HasSubstr("second run: "));
  scenario.second.clear();
  scenario.world.project.head_at_tag = false;
  EXPECT_THAT(FailuresOf(scenario),
              HasSubstr("host-publish (second run)\n    expected  published and verified"));
}

TEST(RulesTest, WhatCannotBePlayedIsAnErrorWithItsLine) {
  auto scenario = Incident("base-tag-present");
  FirstPublish(scenario).only = "nightly";
  EXPECT_THAT(ErrorOf(scenario), HasSubstr("the release file has no such variant: \"nightly\""));
  scenario = Incident("base-tag-present");
  scenario.second = {{9, scenarios::PartIs{"alias:nightly", "ran"}}};
  EXPECT_THAT(ErrorOf(scenario), HasSubstr("base-tag-present.json:9: parts: the release file has"));
  scenario = Incident("2026-05-09-npm-tarball-404");
  std::get<scenarios::PublishStep>(scenario.steps.back().action).jobs.pop_back();
  EXPECT_THAT(ErrorOf(scenario), HasSubstr("\"jobs\": expected every variant once"));
  scenario = Incident("base-tag-present");
  scenario.steps.front().action = scenarios::WaitStep{{}, scenario.start - std::chrono::hours(1)};
  EXPECT_THAT(ErrorOf(scenario), HasSubstr("base-tag-present.json:20: wait: that moment"));
  scenario = Incident("base-tag-present");
  scenario.world.npm.front().version = "not a version";
  EXPECT_THAT(ErrorOf(scenario), HasSubstr("not a version"));
}

// A release that is gone back to is the commit it was, one whose tag moves keeps its parent, and a
// letter for the same content is the same commit.
TEST(RulesTest, ReleasesFollowEachOther) {
  auto scenario = Incident("recovered-by-the-next-version");  // v1.14.42, .44, .42, .44
  scenarios::Shelf shelf;
  const auto premises = scenarios::MakePremises(scenario, shelf);
  ASSERT_TRUE(premises.ok()) << premises.error().message();
  ASSERT_EQ(premises->later.size(), 3U);
  EXPECT_EQ(premises->spec.before, nullptr);
  EXPECT_EQ(premises->later[0].spec.before->tag, "v1.14.42");
  EXPECT_EQ(premises->later[2].commit, premises->later[0].commit);
  for (scenarios::Step& step : scenario.steps) {
    if (auto* change = std::get_if<scenarios::ProjectStep>(&step.action)) {
      change->tag = "v1.14.44";
    }
  }
  const auto moved = scenarios::MakePremises(scenario, shelf);
  ASSERT_TRUE(moved.ok());
  EXPECT_NE(moved->later[1].commit, moved->later[0].commit);
  EXPECT_EQ(moved->later[1].spec.before->tag, "v1.14.42");
  const auto letter = scenarios::MakePremises(Incident("letter-moves-one-package"), shelf);
  ASSERT_TRUE(letter.ok());
  EXPECT_EQ(letter->later[0].commit, letter->commit);
}

// Names of the release file in a workflow: parts with a platform, and jobs about what is not there.
TEST(RulesTest, AWorkflowIsHeldAgainstTheRelease) {
  const std::string file = "digests-without-a-tag";
  auto scenario = Incident(file);
  scenario.steps.front().expect = {{9, scenarios::PartIs{"build:omos:linux/s390x", "ran"}}};
  EXPECT_THAT(ErrorOf(scenario),
              HasSubstr(".json:9: parts: the release file has no such platform: \"linux/s390x\""));
  scenario = Incident(file);
  FirstPublish(scenario).trouble["merge:nightly"] = scenarios::script::Trouble{{}, "no"};
  EXPECT_THAT(ErrorOf(scenario),
              HasSubstr("\"trouble\": the release file has no such variant: \"nightly\""));
  scenario = Incident(file);
  scenario.world.ci["matrix"].jobs.front().kind = scenarios::script::JobKind::kBaseDecide;
  EXPECT_THAT(ErrorOf(scenario),
              HasSubstr("\"workflow\": job \"resolve-versions\" is about a base, "
                        "and this release has none"));
}

// What a file says of the runbook's script is held against what the script does.
TEST(RulesTest, TheScriptIsJudgedByTheRunner) {
  auto scenario = Incident("base-push-refused-without-cache");
  EXPECT_FALSE(scenario.script->teeth);
  scenario.script->teeth = true;
  EXPECT_THAT(FailuresOf(scenario), HasSubstr("by the script: "));
  EXPECT_THAT(FailuresOf(scenario), HasSubstr("found     toothless: "));
  scenario.script->verdict = "green";
  EXPECT_THAT(FailuresOf(scenario),
              HasSubstr("expected  the script ends green\n    found     red"));

  scenario = Incident("killed-between-variants");
  EXPECT_TRUE(scenario.script->teeth);
  scenario.script->teeth = false;
  EXPECT_THAT(FailuresOf(scenario),
              HasSubstr("it does worse, first host-script resumed: expected tag v1.15.12 unmoved"));
  scenario = Incident("killed-between-variants");
  scenario.script->expect = {
      {7, scenarios::TagIs{"v1.15.12", scenarios::TagIs::State::kAbsent, ""}}};
  EXPECT_THAT(FailuresOf(scenario), HasSubstr("variants.json:7: the whole run"));
  scenario.script.reset();
  EXPECT_THAT(FailuresOf(scenario), HasSubstr("none; the script ends green, and it does worse"));
}

// The developer's tree may be dirty; CI checks the tag out.
TEST(RulesTest, CiBuildsTheTagWhateverTheDevelopersTreeIsLike) {
  auto scenario = Incident("registry-503-once");
  scenarios::RunOptions options;
  options.second_run = false;
  options.twin = false;
  scenario.world.project.dirty = true;
  scenario.world.project.head_at_tag = false;
  const auto result = Play(scenario, options);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(Failures(*result), "");
}

}  // namespace
}  // namespace drydock::testing
