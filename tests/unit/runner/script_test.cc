// The baseline, held against commands that record: what the script and the workflow do when
// commands fail, with the waits between.
#include "scenarios/runner/script/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/text.h"
#include "scenarios/runner/script/commands.h"

namespace drydock::scenarios::script {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Time that passes at once.
class FakeClock : public Clock {
 public:
  TimePoint Now() override { return TimePoint() + elapsed_; }
  Duration Elapsed() override { return elapsed_; }
  Status SleepFor(Duration span) override {
    elapsed_ += span;
    return Ok{};
  }

 private:
  Duration elapsed_{};
};

publisher::ReleaseFile Release() {
  publisher::ReleaseFile release;
  release.image = *ImageReference::Parse("a/b");
  release.platforms = {"linux/amd64"};
  release.base = publisher::BaseSpec{{"Dockerfile.base", ""}, {}, {}};
  release.versions = {{"OMOS_VERSION", "omos", ""}};
  release.variants = {
      {"plain", "", {"Dockerfile.variant", ""}, {}, {}},
      {"omos", "-omos", {"Dockerfile.variant", ""}, {{"X", "1"}}, {"OMOS_VERSION"}}};
  return release;
}

class ScriptTest : public ::testing::Test {
 protected:
  ScriptTest()
      : journal_(clock_),
        release_(Release()),
        surroundings_{clock_,
                      journal_,
                      "ci",
                      [this](const std::string&) { return MakeTools(); },
                      [](auto tasks) {
                        for (auto& [name, body] : tasks) {
                          body();
                        }
                      },
                      [](const std::string&) {}} {}

  Tools MakeTools() {
    ++machines_;
    Tools tools;
    tools.build = [this](const simulator::BuildSpec& spec) -> Tools::Command {
      builds_.push_back(spec);
      if (killed_) {
        return Error(ErrorCode::kCancelled, "killed");
      }
      if (failures_[spec.tags.front()] > 0) {
        --failures_[spec.tags.front()];
        return simulator::CommandResult{1, "", "#1 pushing\nERROR: failed to solve: no\n", {}};
      }
      if (spec.push_by_digest) {
        return simulator::CommandResult{0, "", "", DigestOf(spec)};
      }
      tags_.insert(spec.tags.begin(), spec.tags.end());
      return simulator::CommandResult{};
    };
    tools.imagetools_create = [this](const std::vector<std::string>& tags,
                                     const std::vector<std::string>& sources) -> Tools::Command {
      commands_.push_back(Concat({"create ", Join(tags, " "), " of ", Join(sources, " ")}));
      tags_.insert(tags.begin(), tags.end());
      return simulator::CommandResult{};
    };
    tools.inspect = [this](const std::string& reference) -> Tools::Command {
      commands_.push_back(Concat({"inspect ", reference}));
      const bool there = probe_works_ && tags_.count(reference) != 0;
      return simulator::CommandResult{there ? 0 : 1, "", there ? "" : "ERROR: not found\n",
                                      Digest::Of(reference)};
    };
    tools.npm_view = [this](const std::string&) -> Result<std::string> { return version_; };
    return tools;
  }

  // Of one variant's image for one platform.
  static Digest DigestOf(const simulator::BuildSpec& spec) {
    return Digest::Of(Concat({spec.platforms.front(), spec.build_args.count("X") ? " omos" : ""}));
  }

  std::vector<std::string> Built() const {
    std::vector<std::string> tags;
    for (const simulator::BuildSpec& spec : builds_) {
      tags.push_back(Join(spec.tags, " "));
    }
    return tags;
  }

  std::vector<Duration> Waits() const {
    std::vector<Duration> waits;
    for (const Event& event : journal_.Snapshot()) {
      if (const auto* wait = std::get_if<WaitEvent>(&event.payload)) {
        waits.push_back(wait->span);
      }
    }
    return waits;
  }

  static std::vector<std::string> Parts(const Outcome& outcome) {
    std::vector<std::string> parts;
    for (const PartResult& part : outcome.parts) {
      parts.push_back(Concat({part.part, " ", part.outcome}));
    }
    return parts;
  }

  Outcome Script() { return RunShellScript(surroundings_, constants_, settings_); }
  Outcome Workflow() {
    if (settings_.workflow.jobs.empty()) {
      settings_.workflow = UsualWorkflow(true);
    }
    return RunWorkflow(surroundings_, constants_, settings_);
  }

  FakeClock clock_;
  Journal journal_;
  publisher::ReleaseFile release_;
  Surroundings surroundings_;
  Constants constants_{release_, "/src", "v1", "0123456789ab"};
  Settings settings_;
  std::vector<simulator::BuildSpec> builds_;
  std::vector<std::string> commands_;
  std::set<std::string> tags_;
  std::map<std::string, int> failures_;  // by first tag: how many builds fail
  std::string version_ = "1.0.9";
  bool probe_works_ = true;
  bool killed_ = false;
  int machines_ = 0;
};

TEST_F(ScriptTest, TheScriptRunsTheRunbooksFiveSteps) {
  const Outcome outcome = Script();
  EXPECT_TRUE(outcome.green) << outcome.reason;
  EXPECT_THAT(Parts(outcome),
              ElementsAre("preflight ran", "probe ran", "base-build ran", "promote-base ran",
                          "variant:plain ran", "variant:omos ran", "verify ran"));
  EXPECT_THAT(Built(), ElementsAre("a/b:base-0123456789ab", "a/b:v1 a/b:latest",
                                   "a/b:v1-omos a/b:latest-omos"));
  EXPECT_EQ(builds_[2].build_args.at("BASE_IMAGE"), "a/b:base-0123456789ab");
  EXPECT_EQ(builds_[2].build_args.at("OMOS_VERSION"), "1.0.9");
  EXPECT_EQ(builds_[1].build_args.count("OMOS_VERSION"), 0U);
  EXPECT_THAT(builds_[0].cache_to, IsEmpty());
  EXPECT_EQ(outcome.builds, 3U);
}

TEST_F(ScriptTest, TheScriptSkipsABaseThatIsThere) {
  tags_.insert("a/b:base-0123456789ab");
  const Outcome outcome = Script();
  EXPECT_THAT(Parts(outcome), ::testing::Contains("base-build skipped"));
  EXPECT_EQ(outcome.builds, 2U);
}

TEST_F(ScriptTest, TheScriptTakesAnyFailureOfTheProbeForMissing) {
  tags_.insert("a/b:base-0123456789ab");
  probe_works_ = false;
  EXPECT_EQ(Script().builds, 3U);
}

TEST_F(ScriptTest, TheScriptStopsAtTheFirstFailure) {
  failures_["a/b:v1"] = 1;
  const Outcome outcome = Script();
  EXPECT_FALSE(outcome.green);
  EXPECT_EQ(Parts(outcome).back(), "variant:plain failed");
  EXPECT_THAT(outcome.reason, HasSubstr("failed to solve: no"));
  EXPECT_THAT(commands_, ::testing::Contains("create a/b:base-latest of a/b:base-0123456789ab"));
}

TEST_F(ScriptTest, TheScriptsVerifyOnlyPrints) {
  tags_.insert("a/b:base-0123456789ab");
  probe_works_ = false;  // and so is every digest at the end
  const Outcome outcome = Script();
  EXPECT_TRUE(outcome.green);
  EXPECT_THAT(outcome.output, HasSubstr("MISSING  a/b:latest-omos"));
}

TEST_F(ScriptTest, TheScriptRefusesAnotherCommit) {
  settings_.head_at_tag = false;
  EXPECT_FALSE(Script().green);
  EXPECT_THAT(builds_, IsEmpty());
}

TEST_F(ScriptTest, TheWorkflowExportsItsCacheFromTheBaseAlone) {
  settings_.cache = true;
  EXPECT_TRUE(Workflow().green);
  EXPECT_THAT(builds_[0].cache_to, ElementsAre("type=registry,ref=a/b:base-buildcache,mode=max"));
  EXPECT_THAT(builds_[1].cache_to, IsEmpty());
  EXPECT_EQ(machines_, 6);  // one for each job
}

TEST_F(ScriptTest, TheLoopWaitsFifteenAndThirtySeconds) {
  settings_.attempts = 3;
  failures_["a/b:base-0123456789ab"] = 3;
  const Outcome outcome = Workflow();
  EXPECT_FALSE(outcome.green);
  EXPECT_EQ(outcome.builds, 3U);
  EXPECT_THAT(Waits(), ElementsAre(std::chrono::seconds(15), std::chrono::seconds(30)));
  EXPECT_THAT(Parts(outcome),
              ElementsAre("resolve-versions ran", "base-decide ran", "build-base failed",
                          "variant:plain not-reached", "variant:omos not-reached",
                          "promote-base-latest not-reached"));
}

TEST_F(ScriptTest, TheLoopEndsWithTheFirstSuccess) {
  settings_.attempts = 3;
  failures_["a/b:v1"] = 1;
  const Outcome outcome = Workflow();
  EXPECT_TRUE(outcome.green);
  EXPECT_EQ(outcome.builds, 4U);
  EXPECT_THAT(Waits(), ElementsAre(std::chrono::seconds(15)));
}

TEST_F(ScriptTest, AFailedVariantLeavesTheOthersAndThePromotionIsNotReached) {
  failures_["a/b:v1"] = 1;
  const Outcome outcome = Workflow();
  EXPECT_FALSE(outcome.green);
  EXPECT_THAT(Parts(outcome), ElementsAre("resolve-versions ran", "base-decide ran",
                                          "build-base ran", "variant:plain failed",
                                          "variant:omos ran", "promote-base-latest not-reached"));
}

TEST_F(ScriptTest, RunnersTakeJobsInTheOrderAskedFor) {
  settings_.jobs = {"omos", "plain"};
  EXPECT_TRUE(Workflow().green);
  EXPECT_THAT(Built(), ElementsAre("a/b:base-0123456789ab", "a/b:v1-omos a/b:latest-omos",
                                   "a/b:v1 a/b:latest"));
}

TEST_F(ScriptTest, AnEmptyAnswerOfNpmGoesIntoTheBuildAsItIs) {
  version_ = "";
  EXPECT_TRUE(Workflow().green);
  EXPECT_EQ(builds_[2].build_args.at("OMOS_VERSION"), "");
}

TEST_F(ScriptTest, NothingRunsAfterAKill) {
  killed_ = true;
  settings_.attempts = 3;
  const Outcome outcome = Workflow();
  EXPECT_FALSE(outcome.green);
  EXPECT_EQ(outcome.builds, 1U);
  EXPECT_THAT(Waits(), IsEmpty());
}

TEST_F(ScriptTest, ASkippedJobCountsAsASuccess) {
  settings_.workflow = UsualWorkflow(true);
  Job last = settings_.workflow.jobs.back();
  last.name = "after";
  last.needs = {"promote-base-latest"};
  settings_.workflow.jobs.back().condition = Condition{"env.PROMOTE_LATEST", true, "true"};
  settings_.workflow.jobs.push_back(last);
  const Outcome outcome = Workflow();
  EXPECT_TRUE(outcome.green);
  EXPECT_THAT(Parts(outcome),
              ::testing::IsSupersetOf({"promote-base-latest skipped", "after ran"}));
}

TEST_F(ScriptTest, ConditionsKnowTheTagAndWhatJobsSay) {
  tags_.insert("a/b:base-0123456789ab");
  settings_.workflow = UsualWorkflow(true);
  settings_.workflow.jobs.back().condition = Condition{"github.ref_name", true, "v1"};
  EXPECT_THAT(Parts(Workflow()),
              ElementsAre("resolve-versions ran", "base-decide ran", "build-base skipped",
                          "variant:plain ran", "variant:omos ran", "promote-base-latest ran"));
  settings_.workflow.jobs.back().condition = Condition{"github.ref_type", false, "tag"};
  EXPECT_THAT(Parts(Workflow()), ::testing::Contains("promote-base-latest skipped"));
}

TEST_F(ScriptTest, ARerunIsOfTheFailedJobsAlone) {
  failures_["a/b:v1"] = 1;
  const CiRun before = Workflow().run;
  builds_.clear();
  settings_.rerun = &before;
  const Outcome outcome = Workflow();
  EXPECT_TRUE(outcome.green);
  EXPECT_THAT(Built(), ElementsAre("a/b:v1 a/b:latest"));
  EXPECT_THAT(Parts(outcome),
              ::testing::IsSupersetOf({"variant:plain ran", "promote-base-latest skipped"}));
}

TEST_F(ScriptTest, ARunnerThatHangsTakesItsTimeAndFails) {
  settings_.trouble["base-decide"] = Trouble{std::chrono::minutes(12), ""};
  const Outcome outcome = Workflow();
  EXPECT_FALSE(outcome.green);
  EXPECT_EQ(clock_.Elapsed(), std::chrono::minutes(12));
  EXPECT_THAT(outcome.output, HasSubstr("ERROR: the runner stopped answering"));
  EXPECT_THAT(builds_, IsEmpty());
}

TEST_F(ScriptTest, APassedVersionIsNotAskedFor) {
  settings_.workflow = UsualWorkflow(true);
  settings_.workflow.jobs.front().version = "latest";
  EXPECT_TRUE(Workflow().green);
  EXPECT_EQ(builds_[2].build_args.at("OMOS_VERSION"), "latest");
}

// A matrix of variants and platforms, and a merge for each variant.
CiWorkflow Matrix(int upload, int download) {
  CiWorkflow matrix;
  Job push;
  push.name = "build";
  push.kind = JobKind::kPushDigest;
  push.each_variant = true;
  push.each_platform = true;
  push.artifacts = upload;
  Job merge;
  merge.name = "merge";
  merge.kind = JobKind::kMergeDigests;
  merge.needs = {"build"};
  merge.each_variant = true;
  merge.artifacts = download;
  matrix.jobs = {push, merge};
  return matrix;
}

class MatrixTest : public ScriptTest {
 protected:
  MatrixTest() {
    release_.base.reset();
    release_.platforms = {"linux/amd64", "linux/arm64"};
  }
};

TEST_F(MatrixTest, PushesEachPlatformByDigestAndMergesTheDigests) {
  settings_.workflow = Matrix(3, 3);
  const Outcome outcome = Workflow();
  EXPECT_TRUE(outcome.green) << outcome.reason;
  EXPECT_THAT(Parts(outcome),
              ElementsAre("build:plain:linux/amd64 ran", "build:plain:linux/arm64 ran",
                          "build:omos:linux/amd64 ran", "build:omos:linux/arm64 ran",
                          "merge:plain ran", "merge:omos ran"));
  EXPECT_THAT(Built(), ElementsAre("a/b", "a/b", "a/b", "a/b"));
  std::set<std::string> digests;
  for (const std::size_t build : {2U, 3U}) {
    EXPECT_TRUE(builds_[build].push_by_digest);
    EXPECT_EQ(builds_[build].platforms.size(), 1U);
    digests.insert(Concat({"a/b@", DigestOf(builds_[build]).ToString()}));
  }
  EXPECT_EQ(commands_.back(), Concat({"create a/b:v1-omos a/b:latest-omos of ",
                                      Join({digests.begin(), digests.end()}, " ")}));
}

TEST_F(MatrixTest, AnUploadThatTheForgeRefusesLeavesDigestsWithoutATag) {
  settings_.workflow = Matrix(4, 4);
  const Outcome outcome = Workflow();
  EXPECT_FALSE(outcome.green);
  EXPECT_THAT(Parts(outcome),
              ElementsAre("build:plain:linux/amd64 failed", "build:plain:linux/arm64 failed",
                          "build:omos:linux/amd64 failed", "build:omos:linux/arm64 failed",
                          "merge:plain not-reached", "merge:omos not-reached"));
  EXPECT_EQ(builds_.size(), 4U);
  EXPECT_THAT(tags_, IsEmpty());
  EXPECT_THAT(outcome.output,
              HasSubstr("::warning::Artifact upload failed with error: GHESNotSupportedError: "));
  EXPECT_THAT(outcome.reason, HasSubstr("not currently supported on GHES."));
}

TEST_F(MatrixTest, ADownloadIsRefusedAlike) {
  settings_.workflow = Matrix(3, 4);
  const Outcome outcome = Workflow();
  EXPECT_THAT(Parts(outcome),
              ::testing::IsSupersetOf({"build:omos:linux/arm64 ran", "merge:plain failed"}));
  EXPECT_THAT(commands_, IsEmpty());
  EXPECT_THAT(outcome.output, HasSubstr("ERROR: Unable to download artifact(s): @actions"));
}

TEST_F(MatrixTest, WhatFailsToBeBuiltIsNotHandedOver) {
  settings_.workflow = Matrix(3, 3);
  failures_["a/b"] = 1;
  EXPECT_THAT(Parts(Workflow()),
              ::testing::IsSupersetOf({"build:plain:linux/amd64 failed",
                                       "build:plain:linux/arm64 ran", "merge:omos not-reached"}));
}

TEST_F(MatrixTest, ARerunOfTheFailedJobsMergesWhatWasHandedOverBefore) {
  settings_.workflow = Matrix(3, 3);
  settings_.trouble["merge:omos"] = Trouble{{}, "the runner lost its disk"};
  const CiRun before = Workflow().run;
  builds_.clear();
  commands_.clear();
  settings_.trouble.clear();
  settings_.rerun = &before;
  EXPECT_TRUE(Workflow().green);
  EXPECT_THAT(builds_, IsEmpty());
  EXPECT_THAT(commands_, ElementsAre(::testing::StartsWith("create a/b:v1-omos ")));
}

TEST_F(MatrixTest, AMergeOfNothingFails) {
  settings_.workflow = Matrix(3, 3);
  settings_.workflow.jobs.front().condition = Condition{"env.PUSH", true, "true"};
  const Outcome outcome = Workflow();
  EXPECT_FALSE(outcome.green);
  EXPECT_THAT(outcome.reason, HasSubstr("Unable to find any artifacts"));
  EXPECT_THAT(commands_, IsEmpty());
}

TEST(LastErrorLineTest, FindsTheLastOne) {
  EXPECT_EQ(LastErrorLine("#1 x\nerror: retrying\nERROR: failed to solve: y\n"),
            "ERROR: failed to solve: y");
  EXPECT_EQ(LastErrorLine("#1 no errors here\n"), "");
}

}  // namespace
}  // namespace drydock::scenarios::script
