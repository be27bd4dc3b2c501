// A publish whose builder fails over the build cache: the image decides, not the cache.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "publisher/release/pipeline.h"
#include "tests/unit/release/hub_bench.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;

constexpr char kBaseTag[] = "base-0123456789ab";
constexpr char kCacheRejected[] =
    "#9 exporting cache to registry\n#9 ERROR: error writing layer blob: failed to copy: "
    "unexpected "
    "status from PUT request to https://registry-1.docker.io/v2/a/b/blobs/uploads/u: 400 Bad "
    "Request\n------\n > exporting cache to registry:\n------\nERROR: failed to solve: error "
    "writing layer blob: failed to copy: unexpected status from PUT request to "
    "https://registry-1.docker.io/v2/a/b/blobs/uploads/u: 400 Bad Request";

class CacheExport : public ::testing::Test {
 protected:
  CacheExport() : bench(SplitRelease()) {
    EXPECT_TRUE(bench.npm.Publish({"oh-my-opencode-slim", "1.0.9", {}, {}}));
    EXPECT_TRUE(bench.npm.SetDistTag("oh-my-opencode-slim", "latest", "1.0.9"));
  }

  Bench bench;
};

// The image is up when its cache is refused: it is the release, the cache is not.
TEST_F(CacheExport, AnImageWhoseCacheWasRefusedIsPublished) {
  bench.builder.scripts[kBaseTag] = {{.error = kCacheRejected}};
  PipelineOptions options;
  options.cache_to = {"type=registry,ref=joakimp/opencode-devbox:base-buildcache,mode=max"};
  const PublishReport report = bench.Run(options);
  EXPECT_EQ(report.verdict, Verdict::kPublishedVerified) << ToText(report);
  EXPECT_THAT(StepOf(report, "base-build").detail, HasSubstr("its build cache was not exported"));
  EXPECT_THAT(StepOf(report, "base-build").detail, HasSubstr("400"));
  bench.ExpectPublished();
}

TEST_F(CacheExport, RejectedCacheExportHasNotSpread) {
  bench.builder.scripts[kBaseTag] = {{.pushes = false, .error = kCacheRejected}};
  PipelineOptions options;
  options.cache_to = {"type=registry,ref=joakimp/opencode-devbox:base-buildcache,mode=max"};
  options.cache_from = {"type=registry,ref=joakimp/opencode-devbox:base-buildcache"};
  const PublishReport report = bench.Run(options);
  EXPECT_EQ(report.verdict, Verdict::kRefused) << ToText(report);
  EXPECT_THAT(report.why, ::testing::Not(HasSubstr("spread")));
  ASSERT_TRUE(report.failure);
  EXPECT_TRUE(report.failure->cache_export);
  ASSERT_EQ(bench.builder.requests.size(), 1u);
  EXPECT_EQ(bench.builder.requests[0].cache_to, options.cache_to);
}

}  // namespace
}  // namespace drydock::publisher
