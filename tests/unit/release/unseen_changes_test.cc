// What a publish says of changes that the base hash does not see, when it skips the base.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"
#include "tests/unit/release/hub_bench.h"

namespace drydock::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class UnseenChangesTest : public ::testing::Test {
 protected:
  UnseenChangesTest() : bench(SplitRelease()) {
    EXPECT_TRUE(bench.npm.Publish({"oh-my-opencode-slim", "1.0.9", {}, {}}));
    EXPECT_TRUE(bench.npm.SetDistTag("oh-my-opencode-slim", "latest", "1.0.9"));
  }

  void PutBase() {
    bench.PutImage(Concat({"base-", kBaseHash}), bench.release.platforms, "of an earlier release");
  }

  Bench bench;
};

BlindSpotReport Unseen(std::size_t changes) {
  BlindSpotReport report;
  report.since = "v1.15.11";
  for (std::size_t at = 1; at <= changes; ++at) {
    const std::string path = Concat({"rootfs/", std::to_string(at)});
    report.changes.push_back({BlindSpot::Kind::kMode, {path}, path + ": executable now"});
  }
  return report;
}

TEST_F(UnseenChangesTest, AreNamedWhenTheBaseIsThere) {
  PutBase();
  bench.unseen = [] { return Unseen(2); };
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPublishedVerified) << ToText(report);
  EXPECT_EQ(StepOf(report, "base-build").outcome, StepOutcome::kSkipped);
  EXPECT_THAT(report.next,
              ElementsAre("Not shipped, unless CI built base-0123456789ab of this very commit: "
                          "changes since v1.15.11 that the base hash does not see (rootfs/1: "
                          "executable now; rootfs/2: executable now). Change what it sees as well, "
                          "a line of Dockerfile.base, and publish the next release."));
  EXPECT_THAT(EndingText(report), HasSubstr("rootfs/2: executable now"));
}

TEST_F(UnseenChangesTest, TenOfManyAreNamed) {
  PutBase();
  bench.unseen = [] { return Unseen(12); };
  const std::string next = Join(bench.Run().next, " ");
  EXPECT_THAT(next, HasSubstr("rootfs/10: executable now; and 2 more)"));
  EXPECT_THAT(next, Not(HasSubstr("rootfs/11")));
}

TEST_F(UnseenChangesTest, AreNoneWhereTheBaseHasThemOrNobodyKnows) {
  int asked = 0;
  bench.unseen = [&] {
    ++asked;
    return Unseen(1);
  };
  EXPECT_THAT(bench.Run().next, IsEmpty()) << "the base was built";
  EXPECT_THAT(bench.Run().next, IsEmpty()) << "by the run before";
  EXPECT_EQ(asked, 0);
  bench.states = std::make_unique<MemoryRunStateStore>();
  EXPECT_THAT(bench.Run().next, ElementsAre(HasSubstr("rootfs/1")));
  bench.unseen = [] { return BlindSpotReport(); };
  EXPECT_THAT(bench.Run().next, IsEmpty());
  bench.unseen = []() -> Result<BlindSpotReport> { return Error(ErrorCode::kInvalid, "shallow"); };
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kPublishedVerified) << "no reason to stop";
  EXPECT_THAT(report.next, IsEmpty());
}

}  // namespace
}  // namespace drydock::publisher
