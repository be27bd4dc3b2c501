// The pipeline with images that are built elsewhere: what a failed push of a layout means.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "tests/unit/release/hub_bench.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;

TEST(PrebuiltRelease, ARejectedPushHasNothingToSpreadFrom) {
  Bench bench(R"({"image": "joakimp/opencode-devbox", "platforms": ["linux/amd64"],
                  "builder": "layout", "variants": [{"name": "pi", "layout": "dist"}]})");
  bench.builder.scripts["v1.15.12"] = {
      {.pushes = false,
       .error = "ERROR: unexpected status from PUT request to "
                "https://registry-1.docker.io/v2/a/b/blobs/uploads/u: 400 Bad Request"}};
  const PublishReport report = bench.Run();
  EXPECT_EQ(report.verdict, Verdict::kRefused);
  EXPECT_THAT(report.why, ::testing::Not(HasSubstr("spread")));
  EXPECT_THAT(ToText(report), ::testing::Not(HasSubstr("cache export")));
}

// The builder that pushes layouts says whether it may have moved the tag.
TEST(PrebuiltRelease, ATagThatThePusherLeftAloneIsNotOpen) {
  for (const NextMove next : {NextMove::kStop, NextMove::kAsk}) {
    Bench bench(R"({"image": "joakimp/opencode-devbox", "platforms": ["linux/amd64"],
                    "builder": "layout", "variants": [{"name": "pi", "layout": "dist"}]})",
                R"({"faults": [{"name": "limit", "do": {"reply": {"status": 503}},
                    "when": {"operation": ["manifest.head", "manifest.get"],
                             "from": "2026-05-28T06:00:01Z"}}]})");
    Failure failure;
    failure.next = next;
    failure.persistence = Persistence::kDeterministic;
    failure.words = "the pull limit";
    bench.builder.scripts["v1.15.12"] = {
        {.pushes = false, .error = "ERROR: the pull limit", .failure = failure, .first = [&] {
           (void)bench.world.clock().SleepFor(std::chrono::seconds(2));
         }}};
    const PublishReport report = bench.Run();
    EXPECT_EQ(report.verdict, next == NextMove::kAsk ? Verdict::kUnknown : Verdict::kRefused)
        << ToText(report);
  }
}

// The layout may have changed since: a further registry gets the image that the first one has.
TEST(PrebuiltRelease, AFurtherRegistryGetsTheImageOfTheFirst) {
  Bench bench(R"({"image": "joakimp/opencode-devbox", "also": ["docker.io/joakimp/mirror"],
                  "platforms": ["linux/amd64"],
                  "builder": "layout", "variants": [{"name": "pi", "layout": "dist"}]})");
  bench.builder.scripts["v1.15.12"] = {{}, {.pushes = false}};
  (void)bench.Run();
  const std::vector<BuildRequest>& requests = bench.builder.requests;
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].expected, std::nullopt);
  EXPECT_EQ(requests[1].tags.front().repository, "joakimp/mirror");
  ASSERT_TRUE(requests[1].expected);
  EXPECT_EQ(requests[1].expected->ToString(), bench.DigestOf("v1.15.12"));
}

}  // namespace
}  // namespace drydock::publisher
