// The builder of prebuilt layouts, as the pipeline uses it.
#include "publisher/build/layout_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "core/text.h"
#include "publisher/registry/revision_label.h"
#include "simulator/registry/personalities.h"
#include "tests/unit/push/push_bench.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;

class LayoutBuilderTest : public ::testing::Test {
 protected:
  BuildOutcome Build(PushBench& bench, const std::string& layout, const std::string& revision = "",
                     const std::optional<Digest>& expected = std::nullopt) {
    BuildRequest request;
    request.expected = expected;
    if (!revision.empty()) {
      request.labels[std::string(kRevisionLabel)] = revision;
    }
    request.context = folder_.path().string();
    request.layout = layout;
    request.tags = {*ImageReference::Parse(Concat({kTarget, ":v1"}))};
    Result<BuildOutcome> built = Error(ErrorCode::kInternal, "the world ended");
    bench.RunAsActor([&] {
      LayoutBuilder builder({bench.world.clock(), bench.world.Fork("builder"), bench.journal,
                             bench.ActorLanes(), *bench.run},
                            PushOptions());
      built = builder.Build(request);
    });
    EXPECT_TRUE(built) << built.error().message();
    return built ? *built : BuildOutcome();
  }

  testing::TempFolder folder_;
};

TEST_F(LayoutBuilderTest, PushesTheLayoutUnderItsTag) {
  PushBench bench(simulator::AnonymousPersonality());
  const LayoutMade layout = MakeLayout(folder_, "dist/app", {{5000}, {6000}});
  const BuildOutcome built = Build(bench, "dist/app");
  EXPECT_EQ(built.exit_code, 0) << built.log;
  EXPECT_EQ(built.digest, layout.top);
  bench.ExpectWhole(layout);
}

TEST_F(LayoutBuilderTest, GivesTheRegistrysFailureAsItWas) {
  PushBench bench(simulator::AnonymousPersonality(),
                  R"({"name": "denied", "when": {"operation": "manifest.put"},
                      "do": {"reply": {"status": 403, "error": "DENIED"}}})");
  MakeLayout(folder_, "dist/app", {{5000}});
  const BuildOutcome built = Build(bench, "dist/app");
  EXPECT_EQ(built.exit_code, 1);
  ASSERT_TRUE(built.failure);
  EXPECT_EQ(built.failure->code, "DENIED");
  EXPECT_EQ(built.failure->answerer, Answerer::kRegistry);
  EXPECT_THAT(built.log, HasSubstr("registry answered 403 DENIED to PUT"));
}

TEST_F(LayoutBuilderTest, SendsNothingOfAnotherCommit) {
  PushBench bench(simulator::AnonymousPersonality());
  const LayoutMade layout =
      MakeLayout(folder_, "dist/app", {{5000}, {6000}}, "",
                 R"({"Labels":{"org.opencontainers.image.revision":"0123456789"}})");
  const BuildOutcome other = Build(bench, "dist/app", std::string(40, 'a'));
  ASSERT_TRUE(other.failure);
  EXPECT_THAT(other.failure->words,
              HasSubstr("dist/app: its images say that they are of commit 0123456789, and aaaa"));
  EXPECT_TRUE(bench.journal.Snapshot().empty());
  EXPECT_EQ(Build(bench, "dist/app", "0123456789" + std::string(30, 'a')).digest, layout.top);
}

// For the other registries of a release: all get the image that the first one has.
TEST_F(LayoutBuilderTest, SendsNoOtherImageThanTheExpectedOne) {
  PushBench bench(simulator::AnonymousPersonality());
  const LayoutMade layout = MakeLayout(folder_, "dist/app", {{5000}});
  const BuildOutcome other = Build(bench, "dist/app", "", Digest::Of("built before"));
  ASSERT_TRUE(other.failure);
  EXPECT_THAT(other.failure->words, HasSubstr(Concat({"dist/app is ", layout.top.ToString()})));
  EXPECT_TRUE(bench.journal.Snapshot().empty());
  EXPECT_EQ(Build(bench, "dist/app", "", layout.top).digest, layout.top);
}

TEST_F(LayoutBuilderTest, SaysThatALayoutIsMissing) {
  PushBench bench(simulator::AnonymousPersonality());
  const BuildOutcome built = Build(bench, "dist/nowhere");
  ASSERT_TRUE(built.failure);
  EXPECT_THAT(built.failure->words, HasSubstr("dist/nowhere/index.json: cannot be read"));
}

}  // namespace
}  // namespace drydock::publisher
