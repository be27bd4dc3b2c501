// What must hold before an alias moves, and what --latest-last, --verify=deep and the three ways to
// know the base hash do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"
#include "tests/unit/release/hub_bench.h"

namespace drydock::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Safety : public ::testing::Test {
 protected:
  explicit Safety(std::string_view faults = "") : bench(SplitRelease(), faults) {
    EXPECT_TRUE(bench.npm.Publish({"oh-my-opencode-slim", "1.0.9", {}, {}}));
    EXPECT_TRUE(bench.npm.SetDistTag("oh-my-opencode-slim", "latest", "1.0.9"));
  }

  // Operations and references of the requests that moved or looked at blobs and manifests.
  int Count(std::string_view operation) const {
    int count = 0;
    for (const Event& event : bench.journal.Snapshot()) {
      const auto* exchange = std::get_if<ExchangeEvent>(&event.payload);
      count += exchange != nullptr && exchange->operation == operation && exchange->status == 200;
    }
    return count;
  }

  Bench bench;
};

TEST_F(Safety, EveryBlobIsLookedAtOnceBeforeTheAliasesMove) {
  ASSERT_EQ(bench.Run().verdict, Verdict::kPublishedVerified);
  // Base and three variants, two platforms each, a config and a layer in each.
  EXPECT_EQ(Count("blob.head"), 4 * 2 * 2);
  EXPECT_EQ(Count("blob.get"), 0);
}

TEST_F(Safety, NoAliasComesToNameAnImageThatLacksABlob) {
  bench.on_change = [this] {
    bench.registry.store().DeleteBlob(kRepository,
                                      Digest::Of("layer of v1.15.12 linux/arm64 build 2"));
  };
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPartial) << ToText(report);
  EXPECT_EQ(StepOf(report, "alias:base").outcome, StepOutcome::kFailed);
  EXPECT_THAT(StepOf(report, "alias:base").detail,
              HasSubstr("latest was not moved: v1.15.12 cannot be pulled whole"));
  EXPECT_EQ(bench.DigestOf("latest"), "");
}

TEST_F(Safety, AnAliasThatSomebodyMovedMeanwhileIsReportedAndLeftAlone) {
  bench.PutImage("latest", bench.release.platforms, "the release before");
  bench.builder.scripts["v1.15.12"] = {
      {.first = [this] { bench.PutImage("latest", bench.release.platforms, "somebody else's"); }}};
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPartial) << ToText(report);
  EXPECT_THAT(report.why, HasSubstr("somebody else moved it meanwhile"));
  EXPECT_NE(bench.DigestOf("latest"), bench.DigestOf("v1.15.12"));
}

TEST_F(Safety, LatestLastMovesAliasesAfterAllVersions) {
  PipelineOptions options;
  options.latest_last = true;
  bench.builder.scripts["v1.15.12-with-pi"] = {
      {.pushes = false,
       .error = "ERROR: failed to solve: process \"/bin/sh -c x\" did not complete"}};
  const PublishReport failed = bench.Run(options);
  EXPECT_EQ(failed.verdict, Verdict::kPartial) << ToText(failed);
  EXPECT_NE(bench.DigestOf("v1.15.12-omos"), "");
  EXPECT_EQ(bench.DigestOf("latest"), "");
  EXPECT_EQ(bench.DigestOf("latest-omos"), "");
  const PublishReport finished = bench.Run(options);
  EXPECT_EQ(finished.verdict, Verdict::kPublishedVerified) << ToText(finished);
  std::vector<std::string> names;
  for (const StepRecord& step : finished.steps) {
    names.push_back(step.name);
  }
  EXPECT_THAT(names,
              ElementsAre("preflight", "versions", "base-hash", "probe", "base-build",
                          "promote-base-latest", "variant:base", "variant:omos", "variant:with-pi",
                          "alias:base", "alias:omos", "alias:with-pi", "verify"));
}

TEST_F(Safety, DeepVerifyReadsEveryBlobAndCountsThePulls) {
  PipelineOptions options;
  options.verify_deep = true;
  const PublishReport report = bench.Run(options);
  EXPECT_EQ(report.verdict, Verdict::kPublishedVerified) << ToText(report);
  EXPECT_THAT(StepOf(report, "verify").detail, HasSubstr("12 manifests and 16 blobs ("));
  EXPECT_THAT(StepOf(report, "verify").detail, HasSubstr("GETs of manifests in this run count"));
  EXPECT_EQ(Count("cdn.get"), 16 + 3 * 2);  // and the variants' configs, for their revision
  // With everything in place a blob that is gone shows only this way.
  bench.registry.store().DeleteBlob(kRepository,
                                    Digest::Of("layer of v1.15.12 linux/arm64 build 2"));
  EXPECT_EQ(bench.Run().verdict, Verdict::kPublishedVerified);
  const PublishReport deep = bench.Run(options);
  EXPECT_EQ(deep.verdict, Verdict::kPublishedNotVerified) << ToText(deep);
  EXPECT_THAT(deep.why, HasSubstr("does not have this blob"));
}

// --- the revision label

class Revision : public Safety {
 protected:
  // The whole release as somebody else left it, its images saying `revision` ("": nothing).
  void Publish(std::string_view revision) {
    for (const auto& [tag, alias] :
         {std::pair("base-0123456789ab", "base-latest"), std::pair("v1.15.12", "latest"),
          std::pair("v1.15.12-omos", "latest-omos"),
          std::pair("v1.15.12-with-pi", "latest-with-pi")}) {
      const bool base = std::string_view(alias) == kBaseLatestTag;
      bench.registry.store().SetTag(
          kRepository, alias,
          bench.PutImage(tag, bench.release.platforms, "ci", base ? "of long ago" : revision));
    }
  }
};

TEST_F(Revision, IsSetForVariantsAndNotForTheBase) {
  const PublishReport report = bench.Run();
  ASSERT_EQ(report.verdict, Verdict::kPublishedVerified) << ToText(report);
  ASSERT_EQ(bench.builder.requests.size(), 4U);
  EXPECT_THAT(bench.builder.requests.front().labels, IsEmpty());
  for (std::size_t i = 1; i < bench.builder.requests.size(); ++i) {
    EXPECT_THAT(bench.builder.requests[i].labels,
                ElementsAre(std::pair(std::string(kRevisionLabel), std::string(40, 'a'))));
  }
  EXPECT_EQ(StepOf(report, "verify").detail,
            "8 of 8 tags read back right, each alias with its image");
}

TEST_F(Revision, OfAnotherCommitIsFoundByVerify) {
  Publish("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPublishedNotVerified) << ToText(report);
  EXPECT_THAT(report.why, HasSubstr("v1.15.12 ("));
  EXPECT_THAT(report.why, HasSubstr("says that it is of commit bbbbbbbbbbbb, and v1.15.12 is "
                                    "aaaaaaaaaaaa (label org.opencontainers.image.revision)"));
  bench.release.revision = RevisionRule::kIgnore;
  EXPECT_EQ(bench.Run().verdict, Verdict::kPublishedVerified);
}

TEST_F(Revision, OfAnotherCommitKeepsTheAliasWhereItIs) {
  bench.PutImage("v1.15.12", bench.release.platforms, "ci", "bbbbbbbb");
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPartial) << ToText(report);
  EXPECT_EQ(StepOf(report, "alias:base").outcome, StepOutcome::kFailed);
  EXPECT_EQ(bench.DigestOf("latest"), "");
}

TEST_F(Revision, ThatIsNotThereIsANoteUnlessItIsRequired) {
  Publish("");
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPublishedVerified) << ToText(report);
  EXPECT_THAT(StepOf(report, "verify").detail,
              HasSubstr("; of which commit is not said by v1.15.12, v1.15.12-omos"));
  bench.release.revision = RevisionRule::kRequire;
  const PublishReport strict = bench.Run();
  EXPECT_EQ(strict.verdict, Verdict::kPublishedNotVerified) << ToText(strict);
  EXPECT_THAT(strict.why, HasSubstr("has no label org.opencontainers.image.revision"));
}

TEST_F(Revision, MayBeShort) {
  Publish("aaaaaaa");
  EXPECT_EQ(bench.Run().verdict, Verdict::kPublishedVerified);
  Publish("aaaaaa");
  EXPECT_EQ(bench.Run().verdict, Verdict::kPublishedNotVerified);
}

// --- a token that runs out

TEST_F(Safety, A401OfBuildahInThePushIsATokenThatRanOut) {
  const BuildScript ran_out{
      .pushes = false,
      .error = "error parsing HTTP 401 response body: unexpected end of JSON input"};
  bench.release.builder = BuilderKind::kBuildah;
  bench.builder.scripts["v1.15.12"] = {ran_out};
  EXPECT_EQ(bench.Run().verdict, Verdict::kPublishedVerified);
  // BuildKit renews its tokens: to it a 401 is a refusal.
  bench.release.builder = BuilderKind::kBuildx;
  bench.builder.scripts["v1.15.13"] = {ran_out};
  PipelineOptions options;
  options.release_tag = "v1.15.13";
  EXPECT_EQ(bench.Run(options).verdict, Verdict::kRefused);
}

// --- the base hash

TEST_F(Safety, CisBaseHashCountsAndBaseLatestIsHeldAgainstIt) {
  PipelineOptions options;
  options.ci_base_hash = "cccccccccccc";
  bench.PutImage("base-cccccccccccc", bench.release.platforms, "ci");
  const PublishReport none = bench.Run(options);
  EXPECT_EQ(none.verdict, Verdict::kRefused);
  EXPECT_THAT(none.why, HasSubstr("base-latest is none of the base tags"));
  bench.registry.store().SetTag(kRepository, "base-latest",
                                *Digest::Parse(bench.DigestOf("base-cccccccccccc")));
  const PublishReport report = bench.Run(options);
  EXPECT_EQ(report.verdict, Verdict::kRefused);
  EXPECT_THAT(report.why,
              HasSubstr("CI computed cccccccccccc, this tree gives 0123456789ab; base-latest is "
                        "base-cccccccccccc, as CI says"));
  EXPECT_THAT(report.next.front(), HasSubstr("drydock hash --expect cccccccccccc --explain"));
  EXPECT_THAT(bench.builder.requests, IsEmpty());
  options.ci_base_hash = std::string(kBaseHash);
  EXPECT_EQ(bench.Run(options).verdict, Verdict::kPublishedVerified);
}

TEST_F(Safety, TheBaseOfBaseLatestCanBeDemanded) {
  PipelineOptions options;
  options.base_latest = true;
  bench.PutImage("base-cccccccccccc", bench.release.platforms, "earlier");
  bench.registry.store().SetTag(kRepository, "base-latest",
                                *Digest::Parse(bench.DigestOf("base-cccccccccccc")));
  const PublishReport report = bench.Run(options);
  EXPECT_EQ(report.verdict, Verdict::kRefused);
  EXPECT_THAT(report.why,
              HasSubstr("base-latest is base-cccccccccccc, the tree gives base-0123456789ab"));
  bench.base_hash = "cccccccccccc";
  EXPECT_EQ(bench.Run(options).verdict, Verdict::kPublishedVerified);
  EXPECT_EQ(bench.builder.requests.size(), 3U) << "the base was there";
}

TEST_F(Safety, APlanSaysWhatBaseLatestIs) {
  PipelineOptions options;
  options.plan = true;
  EXPECT_THAT(StepOf(bench.Run(options), "base-hash").detail,
              HasSubstr("base-0123456789ab; base-latest is none of the base tags"));
}

}  // namespace
}  // namespace drydock::publisher
