// The checks of the preflight, each in its states.
#include "publisher/release/preflight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"
#include "tests/unit/release/hub_bench.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;

RepositoryFacts Facts() {
  RepositoryFacts facts;
  facts.tag_commit = facts.head_commit = std::string(40, 'a');
  return facts;
}

TEST(Inputs, AreWhatTheRecipeReads) {
  const Recipe recipe = RunbookRecipe();
  for (const char* path : {"Dockerfile.base", "entrypoint.sh", "rootfs/etc/motd", "rootfs/a"}) {
    EXPECT_TRUE(IsInput(recipe, path)) << path;
  }
  for (const char* path : {"Dockerfile.variant", "rootfs", "rootfs2/a", "rootfs/__pycache__/a",
                           "rootfs/a.pyc", "rootfs/.DS_Store", "docs/rootfs/a"}) {
    EXPECT_FALSE(IsInput(recipe, path)) << path;
  }
}

TEST(Tree, SaysWhetherTheDirtGoesIntoTheBaseHash) {
  RepositoryFacts facts = Facts();
  facts.dirty = {"README.md", "rootfs/etc/motd"};
  const Recipe recipe = RunbookRecipe();
  EXPECT_THAT(CheckRepository(facts, "v1.0.0", &recipe)[2].found,
              HasSubstr("(this goes into the base hash: rootfs/etc/motd)"));
  facts.dirty = {"README.md"};
  const PreflightCheck tree = CheckRepository(facts, "v1.0.0", &recipe)[2];
  EXPECT_EQ(tree.result, CheckResult::kFailed);
  EXPECT_THAT(tree.found, HasSubstr("nothing of it goes into the base hash"));
}

TEST(RemoteTagCheck, ComparesCommits) {
  const auto check = [](const Result<RemoteTag>& found) {
    return CheckRemoteTag(found, Facts(), "v1.0.0");
  };
  EXPECT_EQ(check(RemoteTag{"origin", std::string(40, 'a')}).result, CheckResult::kPassed);
  const PreflightCheck moved = check(RemoteTag{"origin", std::string(40, 'b')});
  EXPECT_EQ(moved.result, CheckResult::kFailed);
  EXPECT_THAT(moved.found, HasSubstr("aaaaaaaaaaaa here and bbbbbbbbbbbb at origin"));
  const PreflightCheck unpushed = check(RemoteTag{"origin", ""});
  EXPECT_EQ(unpushed.result, CheckResult::kFailed);
  EXPECT_EQ(unpushed.remedy, "run: git push origin v1.0.0");
  EXPECT_EQ(check(Error(ErrorCode::kUnavailable, "origin: no route")).result, CheckResult::kWarned);
  EXPECT_EQ(check(Error(ErrorCode::kNotFound, "none")).result, CheckResult::kSkipped);
}

TEST(Disk, FailsWithoutRoomForTheRunAndWarnsWithoutRoomForABuild) {
  EXPECT_EQ(CheckDisk(std::uint64_t{1} << 40, true).result, CheckResult::kPassed);
  EXPECT_EQ(CheckDisk(std::uint64_t{1} << 30, true).result, CheckResult::kWarned);
  EXPECT_EQ(CheckDisk(std::uint64_t{1} << 30, false).result, CheckResult::kPassed);
  EXPECT_EQ(CheckDisk(std::uint64_t{1} << 20, false).result, CheckResult::kFailed);
  EXPECT_EQ(CheckDisk(Error(ErrorCode::kUnavailable, "x"), true).result, CheckResult::kWarned);
  EXPECT_FALSE(FreeBytes("/no/such/folder"));
  EXPECT_GT(*FreeBytes("/"), 0U);
}

TEST(Clocks, MayDifferByLessThanAMinute) {
  const TimePoint now = *ParseRfc3339("2026-05-28T06:00:00Z");
  EXPECT_EQ(CheckClock(std::nullopt, now).result, CheckResult::kSkipped);
  EXPECT_EQ(CheckClock(now + std::chrono::seconds(59), now).result, CheckResult::kPassed);
  EXPECT_THAT(CheckClock(now - std::chrono::minutes(3), now).found, HasSubstr("3m ahead of"));
  const PreflightCheck behind = CheckClock(now + std::chrono::hours(2), now);
  EXPECT_EQ(behind.result, CheckResult::kWarned);
  EXPECT_THAT(behind.found, HasSubstr("2h behind"));
}

TEST(RunOfThePipeline, TellsEveryCheckAndSendsNothingWhenTheMachineIsNotInOrder) {
  Bench bench(OneImageRelease());
  std::vector<std::string> told;
  PipelineOptions options;
  options.on_check = [&told](const PreflightCheck& check) {
    told.push_back(Concat({check.name, " ", Name(check.result)}));
  };
  ASSERT_EQ(bench.Run(options).verdict, Verdict::kPublishedVerified);
  EXPECT_THAT(told,
              ::testing::ElementsAre("tag passed", "head passed", "tree passed", "builder passed",
                                     "registry passed", "clock passed", "credentials passed"));
  bench.repository.head_commit = std::string(40, 'b');
  bench.repository.dirty = {"x"};
  const auto before = bench.journal.size();
  told.clear();
  const PublishReport report = bench.Run(options);
  EXPECT_EQ(report.verdict, Verdict::kRefused);
  EXPECT_THAT(told,
              ::testing::ElementsAre("tag passed", "head failed", "tree failed", "builder passed"));
  EXPECT_EQ(bench.journal.size(), before + 2) << "only the step's own marks";
}

TEST(RunOfThePipeline, IsRefusedBeforeAnyBuildWhenTheLoginMayNotPush) {
  Bench bench(OneImageRelease());
  bench.release.image.repository = "somebody/else";
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kRefused) << ToText(report);
  EXPECT_EQ(report.checks.back().name, "credentials");
  EXPECT_EQ(report.checks.back().result, CheckResult::kFailed);
  EXPECT_THAT(report.checks.back().remedy, HasSubstr("docker login"));
  EXPECT_TRUE(bench.builder.requests.empty());
}

}  // namespace
}  // namespace drydock::publisher
