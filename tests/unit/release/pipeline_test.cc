#include "publisher/release/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/text.h"
#include "tests/unit/release/hub_bench.h"

namespace drydock::publisher {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kBaseTag[] = "base-0123456789ab";
constexpr char kRejected[] =
    "ERROR: failed to solve: failed to push joakimp/opencode-devbox:x: failed commit on ref "
    "\"layer-sha256:46ee\": unexpected status from PUT request to "
    "https://registry-1.docker.io/v2/joakimp/opencode-devbox/blobs/uploads/u?_state=s: 400 Bad "
    "Request";
constexpr char kUnavailable[] =
    "ERROR: failed to solve: failed to push joakimp/opencode-devbox:x: failed commit on ref "
    "\"layer-sha256:46ee\": unexpected status from PUT request to "
    "https://registry-1.docker.io/v2/joakimp/opencode-devbox/blobs/uploads/u?_state=s: 503 "
    "Service Unavailable";

class Split : public ::testing::Test {
 protected:
  explicit Split(std::string_view faults = "") : bench(SplitRelease(), faults) {
    EXPECT_TRUE(bench.npm.Publish({"oh-my-opencode-slim", "1.0.9", {}, {}}));
    EXPECT_TRUE(bench.npm.SetDistTag("oh-my-opencode-slim", "latest", "1.0.9"));
  }

  Bench bench;
};

TEST_F(Split, FirstRunPublishesEverythingInOrder) {
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPublishedVerified) << ToText(report);
  EXPECT_EQ(ExitCode(report), 0);
  bench.ExpectPublished();
  for (const TagRecord& tag : report.tags) {
    EXPECT_EQ(tag.state, TagState::kVerified) << tag.tag;
    EXPECT_EQ(tag.digest, bench.DigestOf(tag.tag));
    EXPECT_EQ(tag.before, "");
  }
  std::vector<std::string> built;
  for (const BuildRequest& request : bench.builder.requests) {
    ASSERT_EQ(request.tags.size(), 1u);
    built.push_back(request.tags[0].ToString());
    EXPECT_THAT(request.cache_from, IsEmpty());
    EXPECT_THAT(request.cache_to, IsEmpty());
    EXPECT_EQ(request.platforms, bench.release.platforms);
  }
  EXPECT_THAT(built, ElementsAre("joakimp/opencode-devbox:base-0123456789ab",
                                 "joakimp/opencode-devbox:v1.15.12",
                                 "joakimp/opencode-devbox:v1.15.12-omos",
                                 "joakimp/opencode-devbox:v1.15.12-with-pi"));
  EXPECT_EQ(bench.builder.requests[0].dockerfile, "Dockerfile.base");
  EXPECT_EQ(bench.builder.requests[0].build_args.at("GO"), "1.26");
  EXPECT_EQ(bench.builder.requests[0].build_args.count("BASE_IMAGE"), 0u);
  EXPECT_EQ(bench.builder.requests[2].build_args.at("OMOS_VERSION"), "1.0.9");
  EXPECT_EQ(bench.builder.requests[2].build_args.at("BASE_IMAGE"),
            "joakimp/opencode-devbox:base-0123456789ab");
  EXPECT_EQ(bench.builder.requests[1].build_args.count("OMOS_VERSION"), 0u);
  // Tags move by reference alone: one PUT each, none of a version tag or of the base.
  EXPECT_THAT(bench.ManifestPuts(),
              ElementsAre(std::pair("base-latest", 1), std::pair("latest", 1),
                          std::pair("latest-omos", 1), std::pair("latest-with-pi", 1)));
  EXPECT_THAT(bench.Waits(), IsEmpty());
}

TEST_F(Split, SecondRunSendsNothing) {
  ASSERT_EQ(bench.Run().verdict, Verdict::kPublishedVerified);
  const auto tags = bench.Tags();
  const auto puts = bench.ManifestPuts();
  const std::size_t builds = bench.builder.requests.size();
  for (const bool with_state : {true, false}) {
    if (!with_state) {
      bench.states = std::make_unique<MemoryRunStateStore>();
    }
    const PublishReport report = bench.Run();
    EXPECT_EQ(report.verdict, Verdict::kPublishedVerified) << ToText(report);
    EXPECT_EQ(bench.Tags(), tags);
    EXPECT_EQ(bench.ManifestPuts(), puts);
    EXPECT_EQ(bench.builder.requests.size(), builds);
    for (const char* step : {"base-build", "promote-base-latest", "variant:omos", "alias:omos"}) {
      EXPECT_EQ(StepOf(report, step).outcome, StepOutcome::kSkipped) << step;
    }
    EXPECT_EQ(StepOf(report, "versions").outcome,
              with_state ? StepOutcome::kSkipped : StepOutcome::kRan);
  }
}

TEST_F(Split, BaseAlreadyThereIsNotBuilt) {
  bench.PutImage(kBaseTag, bench.release.platforms, "of an earlier release");
  const std::string base = bench.DigestOf(kBaseTag);
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPublishedVerified) << ToText(report);
  EXPECT_EQ(StepOf(report, "base-build").outcome, StepOutcome::kSkipped);
  EXPECT_EQ(StepOf(report, "promote-base-latest").outcome, StepOutcome::kRan);
  EXPECT_EQ(bench.DigestOf(kBaseTag), base);
  EXPECT_EQ(bench.builder.requests.size(), 3u);
}

TEST_F(Split, BaseThatLacksAPlatformIsBuiltAgain) {
  bench.PutImage(kBaseTag, {"linux/amd64"}, "one platform");
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPublishedVerified) << ToText(report);
  EXPECT_EQ(StepOf(report, "base-build").outcome, StepOutcome::kRan);
  bench.ExpectPublished();
}

TEST_F(Split, VariantThatCiPublishedIsKeptAndItsStaleAliasMoved) {
  bench.PutImage(kBaseTag, bench.release.platforms, "ci");
  bench.PutImage("v1.15.12", bench.release.platforms, "ci");
  bench.PutImage("latest", bench.release.platforms, "the release before");
  const std::string old = bench.DigestOf("latest");
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPublishedVerified) << ToText(report);
  EXPECT_EQ(StepOf(report, "variant:base").outcome, StepOutcome::kSkipped);
  EXPECT_EQ(StepOf(report, "alias:base").outcome, StepOutcome::kRan);
  EXPECT_EQ(TagOf(report, "latest").before, old);
  bench.ExpectPublished();
}

TEST_F(Split, OnlyOneVariantLeavesTheOthersAndSaysSo) {
  PipelineOptions options;
  options.only = "omos";
  const PublishReport first = bench.Run(options);
  EXPECT_EQ(first.verdict, Verdict::kPartial) << ToText(first);
  EXPECT_THAT(first.why, HasSubstr("v1.15.12, latest, v1.15.12-with-pi, latest-with-pi"));
  EXPECT_EQ(StepOf(first, "variant:base").outcome, StepOutcome::kSkipped);
  EXPECT_EQ(bench.DigestOf("latest-omos"), bench.DigestOf("v1.15.12-omos"));
  EXPECT_EQ(bench.DigestOf("latest"), "");
  for (const char* name : {"base", "with-pi"}) {
    options.only = name;
    bench.Run(options);
  }
  EXPECT_EQ(bench.Run().verdict, Verdict::kPublishedVerified);
  EXPECT_EQ(bench.builder.requests.size(), 4u);
  EXPECT_EQ(bench.ManifestPuts().at("base-latest"), 1);
}

TEST_F(Split, PlanWritesNothingAndSaysWhatItWould) {
  bench.PutImage("latest", bench.release.platforms, "the release before");
  const auto tags = bench.Tags();
  PipelineOptions options;
  options.plan = true;
  const PublishReport report = bench.Run(options);
  EXPECT_EQ(ExitCode(report), 0) << ToText(report);
  EXPECT_EQ(report.verdict, Verdict::kNothingChanged);
  EXPECT_EQ(bench.Tags(), tags);
  EXPECT_THAT(bench.builder.requests, IsEmpty());
  EXPECT_THAT(bench.ManifestPuts(), IsEmpty());
  EXPECT_FALSE(bench.states->Load()->has_value());
  EXPECT_THAT(StepOf(report, "base-build").detail, HasSubstr("would build and push"));
  EXPECT_THAT(StepOf(report, "alias:base").detail, HasSubstr("would move latest from"));
  EXPECT_THAT(ToText(report), HasSubstr("nothing stands in the way"));
}

TEST_F(Split, PlanThatFindsSomethingInTheWayHasItsExitCode) {
  bench.repository.dirty = {"rootfs/etc/motd"};
  PipelineOptions options;
  options.plan = true;
  EXPECT_EQ(ExitCode(bench.Run(options)), ExitCode(Verdict::kRefused));
}

// --- what is refused before the first write

struct RefusedRow {
  std::string name;
  std::function<void(Bench&, PipelineOptions&)> prepare;
  std::string step;
  std::string says;
  Verdict verdict = Verdict::kRefused;
};
void PrintTo(const RefusedRow& row, std::ostream* out) { *out << row.name; }

class RefusedBeforeAnyWrite : public ::testing::TestWithParam<RefusedRow> {};

TEST_P(RefusedBeforeAnyWrite, SaysWhyAndTouchesNothing) {
  Bench bench(SplitRelease());
  ASSERT_TRUE(bench.npm.Publish({"oh-my-opencode-slim", "1.0.9", {}, {}}));
  ASSERT_TRUE(bench.npm.SetDistTag("oh-my-opencode-slim", "latest", "1.0.9"));
  PipelineOptions options;
  GetParam().prepare(bench, options);
  const auto tags = bench.Tags();
  const PublishReport report = bench.Run(options);
  EXPECT_EQ(report.verdict, GetParam().verdict) << ToText(report);
  EXPECT_EQ(StepOf(report, GetParam().step).outcome, StepOutcome::kFailed) << ToText(report);
  ASSERT_TRUE(report.failure);
  EXPECT_THAT(ToText(report), HasSubstr(GetParam().says));
  EXPECT_EQ(StepOf(report, "verify").outcome, StepOutcome::kNotReached);
  EXPECT_EQ(bench.Tags(), tags);
  EXPECT_THAT(bench.builder.requests, IsEmpty());
  EXPECT_THAT(bench.ManifestPuts(), IsEmpty());
}

RunState StateOf(const Bench& bench) {
  RunState state;
  state.image = bench.release.image.Name();
  state.tag = "v1.15.12";
  state.commit = bench.repository.tag_commit;
  state.base_tag = kBaseTag;
  state.versions = {{"OMOS_VERSION", "1.0.9"}};
  state.begun = {"v1.15.12"};
  return state;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, RefusedBeforeAnyWrite,
    ::testing::Values(
        RefusedRow{"tag_form", [](auto&, auto& o) { o.release_tag = "v1.15.12a"; }, "preflight",
                   "the second is b"},
        RefusedRow{"unknown_variant", [](auto&, auto& o) { o.only = "omo"; }, "preflight",
                   "base, omos, with-pi"},
        RefusedRow{"no_tag", [](auto& b, auto&) { b.repository.tag_commit.clear(); }, "preflight",
                   "git fetch --tags"},
        RefusedRow{"head_elsewhere",
                   [](auto& b, auto&) { b.repository.head_commit = std::string(40, 'b'); },
                   "preflight", "git checkout v1.15.12"},
        RefusedRow{"dirty", [](auto& b, auto&) { b.repository.dirty = {"rootfs/x"}; }, "preflight",
                   "rootfs/x"},
        RefusedRow{"nothing_to_resume", [](auto&, auto& o) { o.resume = true; }, "preflight",
                   "nothing to resume"},
        RefusedRow{"resume_of_another_release",
                   [](auto& b, auto& o) {
                     RunState state = StateOf(b);
                     state.tag = "v1.15.11";
                     EXPECT_TRUE(b.states->Save(state));
                     o.resume = true;
                   },
                   "preflight", "nothing to resume"},
        RefusedRow{"git_tag_moved",
                   [](auto& b, auto&) {
                     RunState state = StateOf(b);
                     state.commit = std::string(40, 'c');
                     EXPECT_TRUE(b.states->Save(state));
                   },
                   "preflight", "the git tag moved"},
        RefusedRow{"base_changed_midway",
                   [](auto& b, auto&) {
                     EXPECT_TRUE(b.states->Save(StateOf(b)));
                     b.base_hash = "ba9876543210";
                   },
                   "base-hash", "would differ in their base"},
        RefusedRow{"pushed_over",
                   [](auto& b, auto&) {
                     RunState state = StateOf(b);
                     state.published["v1.15.12"] = Digest::Of("ours").ToString();
                     EXPECT_TRUE(b.states->Save(state));
                     b.PutImage("v1.15.12", b.release.platforms, "somebody else");
                   },
                   "probe", "somebody pushed over it"},
        RefusedRow{"odd_base_hash", [](auto& b, auto&) { b.base_hash = "latest"; }, "base-hash",
                   "12 lower-case hex digits"},
        RefusedRow{"version_unpublished",
                   [](auto& b, auto&) { b.release.versions[0].pinned = "9.9.9"; }, "versions",
                   "oh-my-opencode-slim@9.9.9"},
        RefusedRow{"package_unknown",
                   [](auto& b, auto&) { b.release.versions[0].package = "no-such"; }, "versions",
                   "no-such"},
        RefusedRow{"no_npm_registry", [](auto& b, auto&) { b.release.npm_registry.clear(); },
                   "versions", "--npm-registry"},
        RefusedRow{"pinned_otherwise_midway",
                   [](auto& b, auto&) {
                     EXPECT_TRUE(b.states->Save(StateOf(b)));
                     b.release.versions[0].pinned = "1.0.8";
                   },
                   "versions", "the release began with 1.0.9"},
        RefusedRow{"tarball_of_a_dependency",
                   [](auto& b, auto&) {
                     EXPECT_TRUE(b.npm.Publish({"@opencode-ai/sdk",
                                                "1.14.44",
                                                {},
                                                b.world.clock().Now() + std::chrono::hours(2)}));
                     EXPECT_TRUE(b.npm.Publish(
                         {"oh-my-opencode-slim", "1.0.10", {{"@opencode-ai/sdk", "1.14.44"}}, {}}));
                     EXPECT_TRUE(b.npm.SetDistTag("oh-my-opencode-slim", "latest", "1.0.10"));
                   },
                   "versions", "@opencode-ai/sdk@1.14.44"},
        RefusedRow{"no_builder", [](auto& b, auto&) { b.builder.ready = false; }, "probe",
                   "install it"}),
    [](const auto& row) { return row.param.name; });

TEST_F(Split, NoBuilderIsNeededWhenAllIsThere) {
  ASSERT_EQ(bench.Run().verdict, Verdict::kPublishedVerified);
  bench.builder.ready = false;
  EXPECT_EQ(bench.Run().verdict, Verdict::kPublishedVerified);
}

TEST_F(Split, VersionsOfABegunReleaseAreKept) {
  bench.builder.scripts["v1.15.12-omos"] = {{.pushes = false, .error = kRejected}};
  EXPECT_EQ(bench.Run().verdict, Verdict::kPartial);
  ASSERT_TRUE(bench.npm.Publish({"oh-my-opencode-slim", "2.0.0", {}, {}}));
  ASSERT_TRUE(bench.npm.SetDistTag("oh-my-opencode-slim", "latest", "2.0.0"));
  PipelineOptions options;
  options.resume = true;
  const PublishReport report = bench.Run(options);
  EXPECT_EQ(report.verdict, Verdict::kPublishedVerified) << ToText(report);
  EXPECT_THAT(report.versions, ElementsAre(std::pair("OMOS_VERSION", "1.0.9")));
}

// A run that was refused before any build settles the versions anew.
TEST_F(Split, VersionsOfAReleaseThatNeverBeganAreNotKept) {
  bench.builder.scripts[kBaseTag] = {{.pushes = false, .error = kRejected}};
  EXPECT_EQ(bench.Run().verdict, Verdict::kRefused);
  ASSERT_TRUE(bench.npm.Publish({"oh-my-opencode-slim", "2.0.0", {}, {}}));
  ASSERT_TRUE(bench.npm.SetDistTag("oh-my-opencode-slim", "latest", "2.0.0"));
  EXPECT_THAT(bench.Run().versions, ElementsAre(std::pair("OMOS_VERSION", "2.0.0")));
}

// --- failures of builds

TEST_F(Split, RejectedBasePushHasSpreadAndMovesNothing) {
  bench.PutImage("base-latest", bench.release.platforms, "the release before");
  const auto tags = bench.Tags();
  bench.builder.scripts[kBaseTag] = {{.pushes = false, .error = kRejected}};
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kRefused) << ToText(report);
  EXPECT_THAT(report.why, HasSubstr("the regression has spread to image push"));
  EXPECT_THAT(report.build_log, HasSubstr("400 Bad Request"));
  EXPECT_EQ(bench.builder.requests.size(), 1u) << "a deterministic rejection is not repeated";
  EXPECT_EQ(bench.Tags(), tags);
  EXPECT_EQ(StepOf(report, "variant:base").outcome, StepOutcome::kNotReached);
}

TEST_F(Split, TransientBuildFailuresAreRepeatedWithinTheBudget) {
  bench.builder.scripts["v1.15.12"] = {{.pushes = false, .error = kUnavailable},
                                       {.pushes = false, .error = kUnavailable}};
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPublishedVerified) << ToText(report);
  EXPECT_EQ(report.build_log, "");
  const auto waits = bench.Waits();
  ASSERT_EQ(waits.size(), 2u);
  EXPECT_GE(waits[0], std::chrono::milliseconds(7500));
  EXPECT_LE(waits[0], std::chrono::seconds(15));
  EXPECT_GE(waits[1], std::chrono::seconds(15));
  EXPECT_LE(waits[1], std::chrono::seconds(30));
  EXPECT_THAT(bench.builder.wasted, IsEmpty());
}

TEST_F(Split, TransientFailureBeyondTheBudgetMovesNothing) {
  bench.builder.scripts[kBaseTag] =
      std::deque<BuildScript>(9, {.pushes = false, .error = kUnavailable});
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kNothingChanged) << ToText(report);
  EXPECT_EQ(bench.builder.requests.size(), 3u);
  EXPECT_THAT(bench.Tags(), IsEmpty());
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->attempts, 3);
}

TEST_F(Split, PushThatArrivedAlthoughTheBuilderFailedIsNotRepeated) {
  bench.builder.scripts["v1.15.12"] = {{.pushes = true, .error = kUnavailable}};
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPublishedVerified) << ToText(report);
  EXPECT_EQ(bench.builder.requests.size(), 4u);
  EXPECT_THAT(bench.builder.wasted, IsEmpty());
}

TEST_F(Split, RejectedVariantLeavesAPartialReleaseAndResumeFinishesIt) {
  bench.PutImage("latest-omos", bench.release.platforms, "the release before");
  const std::string old = bench.DigestOf("latest-omos");
  bench.builder.scripts["v1.15.12-omos"] = {{.pushes = false, .error = kRejected}};
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPartial) << ToText(report);
  EXPECT_EQ(ExitCode(report), 4);
  EXPECT_THAT(report.why, HasSubstr("v1.15.12-omos, latest-omos, v1.15.12-with-pi"));
  EXPECT_EQ(TagOf(report, "latest").state, TagState::kVerified);
  EXPECT_EQ(TagOf(report, "v1.15.12-omos").state, TagState::kMissing);
  EXPECT_EQ(TagOf(report, "latest-omos").state, TagState::kOther);
  EXPECT_EQ(bench.DigestOf("latest-omos"), old);
  EXPECT_THAT(report.next, Contains(HasSubstr("--resume")));
  EXPECT_THAT(report.next, Contains(HasSubstr("the next letter or a newer version")));
  PipelineOptions options;
  options.resume = true;
  const PublishReport second = bench.Run(options);
  EXPECT_EQ(second.verdict, Verdict::kPublishedVerified) << ToText(second);
  EXPECT_EQ(bench.builder.requests.size(), 5u);
  EXPECT_THAT(bench.builder.wasted, IsEmpty());
  bench.ExpectPublished();
}

TEST_F(Split, VanishedBaseIsNamed) {
  bench.PutImage(kBaseTag, bench.release.platforms, "earlier");
  bench.builder.scripts["v1.15.12-omos"] = {
      {.first = [this] { bench.registry.store().DeleteTag(kRepository, kBaseTag); }}};
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPartial) << ToText(report);
  EXPECT_THAT(report.why, HasSubstr("joakimp/opencode-devbox:base-0123456789ab vanished between "
                                    "the probe and the build of v1.15.12-omos"));
  EXPECT_EQ(TagOf(report, kBaseTag).state, TagState::kMissing);
  EXPECT_EQ(bench.builder.requests.size(), 2u) << "a missing base is not tried again";
}

TEST_F(Split, ImageThatLacksAPlatformDoesNotBecomeTheAlias) {
  bench.PutImage("latest", bench.release.platforms, "the release before");
  const std::string old = bench.DigestOf("latest");
  bench.builder.scripts["v1.15.12"] = {{.platforms = {"linux/amd64"}}};
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPartial) << ToText(report);
  EXPECT_THAT(report.why, HasSubstr("v1.15.12 lacks a platform"));
  EXPECT_EQ(bench.DigestOf("latest"), old);
  const PublishReport second = bench.Run();
  EXPECT_EQ(second.verdict, Verdict::kPublishedVerified) << ToText(second);
}

TEST_F(Split, AcceptedTagThatNeverAppearsIsNotPromoted) {
  bench.PutImage(kBaseTag, bench.release.platforms, "earlier");
  bench.builder.scripts["v1.15.12"] = {{.pushes = false}};
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPartial) << ToText(report);
  EXPECT_THAT(report.why, HasSubstr("v1.15.12 was accepted, but the registry does not show it"));
  EXPECT_EQ(TagOf(report, "v1.15.12").state, TagState::kPublished);
  EXPECT_EQ(bench.DigestOf("latest"), "");
  EXPECT_EQ(bench.builder.requests.size(), 1u) << "what was accepted is not built again";
  EXPECT_EQ(bench.Run().verdict, Verdict::kPublishedVerified);
}

TEST_F(Split, OneImageReleasePublishesItsPair) {
  Bench one(OneImageRelease());
  const PublishReport report = one.Run();
  EXPECT_EQ(report.verdict, Verdict::kPublishedVerified) << ToText(report);
  EXPECT_EQ(one.Tags().size(), 2u);
  EXPECT_EQ(one.DigestOf("latest"), one.DigestOf("v1.15.12"));
  EXPECT_EQ(StepOf(report, "base-build").name, "there is no such step");
  EXPECT_EQ(one.builder.requests[0].build_args.count("BASE_IMAGE"), 0u);
}

TEST(OneImage, RejectedPushHasSpread) {
  Bench bench(OneImageRelease());
  bench.builder.scripts["v1.15.12"] = {{.pushes = false, .error = kRejected}};
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kRefused);
  EXPECT_THAT(report.why, HasSubstr("spread to image push"));
}

// --- failures of the registry

struct FaultRow {
  std::string name;
  std::string faults;
  Verdict verdict = Verdict::kNothingChanged;
  std::string step;
  std::size_t builds = 0;
};
void PrintTo(const FaultRow& row, std::ostream* out) { *out << row.name; }

std::string Rule(std::string_view when, std::string_view effect, std::string_view more = "") {
  return Concat(
      {R"({"faults": [{"name": "f", "when": )", when, R"(, "do": )", effect, more, "}]}"});
}

class UnderFault : public ::testing::TestWithParam<FaultRow> {};

TEST_P(UnderFault, EndsWithTheRightVerdictAndRecovers) {
  Bench bench(SplitRelease(), GetParam().faults);
  ASSERT_TRUE(bench.npm.Publish({"oh-my-opencode-slim", "1.0.9", {}, {}}));
  ASSERT_TRUE(bench.npm.SetDistTag("oh-my-opencode-slim", "latest", "1.0.9"));
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, GetParam().verdict) << ToText(report);
  if (!GetParam().step.empty()) {
    EXPECT_EQ(StepOf(report, GetParam().step).outcome, StepOutcome::kFailed) << ToText(report);
  }
  EXPECT_EQ(bench.builder.requests.size(), GetParam().builds);
  EXPECT_GT(bench.faults().Counts()[0].fired, 0u) << "the fault never fired";
  bench.SwitchFaultsOff();
  const PublishReport second = bench.Run();
  EXPECT_EQ(second.verdict, Verdict::kPublishedVerified) << ToText(second);
  bench.ExpectPublished();
  EXPECT_THAT(bench.builder.wasted, IsEmpty());
}

constexpr char kBaseHead[] = R"({"operation": "manifest.head", "reference": "base-0123456789ab"})";
constexpr char kOmosPut[] = R"({"operation": "manifest.put", "reference": "latest-omos"})";

INSTANTIATE_TEST_SUITE_P(
    Rows, UnderFault,
    ::testing::Values(
        FaultRow{
            "ping_503",
            Rule(R"({"operation": "ping"})", R"({"reply": {"status": 503}, "at": "request-head"})"),
            Verdict::kNothingChanged, "preflight", 0},
        FaultRow{"probe_429", Rule(kBaseHead, R"({"reply": {"status": 429}})"),
                 Verdict::kNothingChanged, "probe", 0},
        FaultRow{"probe_503", Rule(kBaseHead, R"({"reply": {"status": 503}})"),
                 Verdict::kNothingChanged, "probe", 0},
        FaultRow{"probe_503_once",
                 Rule(kBaseHead, R"({"reply": {"status": 503}})", R"(, "times": 1)"),
                 Verdict::kPublishedVerified, "", 4},
        FaultRow{"probe_404_html",
                 Rule(R"({"operation": "manifest.*", "reference": "base-0123456789ab"})",
                      R"({"reply": {"status": 404, "page": "nginx"}})"),
                 Verdict::kNothingChanged, "probe", 0},
        FaultRow{"probe_denied",
                 Rule(kBaseHead, R"({"reply": {"status": 403, "error": "DENIED"}})"),
                 Verdict::kRefused, "probe", 0},
        FaultRow{"probe_cut", Rule(kBaseHead, R"({"cut": "rst", "at": "response-head"})"),
                 Verdict::kNothingChanged, "probe", 0},
        FaultRow{"tag_put_denied",
                 Rule(kOmosPut, R"({"reply": {"status": 403, "error": "DENIED"}})"),
                 Verdict::kPartial, "alias:omos", 3},
        FaultRow{"tag_put_500", Rule(kOmosPut, R"({"reply": {"status": 500}})"), Verdict::kPartial,
                 "alias:omos", 3},
        FaultRow{"tag_put_500_once",
                 Rule(kOmosPut, R"({"reply": {"status": 500}})", R"(, "times": 1)"),
                 Verdict::kPublishedVerified, "", 4},
        FaultRow{"tag_put_applied_and_500",
                 Rule(kOmosPut, R"({"reply": {"status": 500}, "commit": "apply"})"),
                 Verdict::kPublishedVerified, "", 4},
        FaultRow{"tag_put_applied_and_lost",
                 Rule(kOmosPut, R"({"cut": "rst", "at": "response-head"})"),
                 Verdict::kPublishedVerified, "", 4},
        FaultRow{"tag_put_accepted_not_done",
                 Rule(kOmosPut, R"({"reply": {"status": 201}, "commit": "none"})"),
                 Verdict::kPublishedNotVerified, "verify", 4},
        FaultRow{"tag_put_accepted_done_later",
                 Rule(kOmosPut, R"({"reply": {"status": 201}, "commit": {"after": "20s"}})"),
                 Verdict::kPublishedVerified, "", 4}),
    [](const auto& row) { return row.param.name; });

TEST(Unknown, IsTheVerdictWhenTheFateOfAWriteCannotBeLearned) {
  Bench bench(OneImageRelease(), R"({"faults": [
    {"name": "lost", "when": {"operation": "manifest.put", "reference": "latest"},
     "do": {"cut": "rst", "at": "response-head"}},
    {"name": "blind", "when": {"operation": "manifest.*", "reference": "latest",
     "since": {"operation": "manifest.head", "reference": "v1.15.12", "status": 200}},
     "do": {"reply": {"status": 503}}, "times": {"after": 2}}]})");
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kUnknown) << ToText(report);
  EXPECT_EQ(ExitCode(report), 7);
  EXPECT_EQ(TagOf(report, "latest").state, TagState::kUnknown);
  EXPECT_THAT(report.why, HasSubstr("latest"));
  bench.SwitchFaultsOff();
  EXPECT_EQ(bench.Run().verdict, Verdict::kPublishedVerified);
}

TEST_F(Split, StepsAreAnnouncedAsTheyBeginAndEnd) {
  std::vector<std::string> seen;
  PipelineOptions options;
  options.on_step = [&seen](const StepRecord& step) {
    seen.push_back(Concat({step.name, " ", Name(step.outcome)}));
  };
  bench.Run(options);
  ASSERT_EQ(seen.size(), 26u);
  EXPECT_EQ(seen[0], "preflight not-reached");
  EXPECT_EQ(seen[1], "preflight ran");
  EXPECT_EQ(seen.back(), "verify ran");
}

TEST(ExpectedTags, FollowTheReleaseFile) {
  Bench split(SplitRelease());
  EXPECT_THAT(ExpectedTags(split.release, "v1.0.0", kBaseTag),
              ElementsAre(kBaseTag, "base-latest", "v1.0.0", "latest", "v1.0.0-omos", "latest-omos",
                          "v1.0.0-with-pi", "latest-with-pi"));
  Bench one(OneImageRelease());
  EXPECT_THAT(ExpectedTags(one.release, "v1.0.0b", ""), ElementsAre("v1.0.0b", "latest"));
}

}  // namespace
}  // namespace drydock::publisher
