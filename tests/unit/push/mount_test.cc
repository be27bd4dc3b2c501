// Blobs that the registry has in another repository: mounted where it lets us, uploaded otherwise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/text.h"
#include "simulator/registry/personalities.h"
#include "tests/unit/push/push_bench.h"

namespace drydock::publisher {
namespace {

using simulator::AnonymousPersonality;
using simulator::DockerHubPersonality;
using ::testing::IsEmpty;

class MountTest : public ::testing::Test {
 protected:
  testing::TempFolder folder_;
};

TEST_F(MountTest, MountsWhatAnotherRepositoryHas) {
  PushBench bench(DockerHubPersonality());
  const LayoutMade layout = MakeLayout(
      folder_, "one", {{40 * kKiB}},
      R"(,"annotations":{"containerd.io/distribution.source.docker.io":"joakimp/base"})");
  bench.registry.store().PutBlob(
      "joakimp/base",
      testing::ReadFile(Concat({layout.folder, "/blobs/sha256/", layout.layers.front().hex()})));
  const auto pushed = bench.Push(layout);
  ASSERT_TRUE(pushed) << pushed.failure().ToString();
  EXPECT_EQ(pushed->mounted, 1U);
  EXPECT_EQ(pushed->uploaded, 1U);  // the config
  bench.ExpectWhole(layout);
}

TEST_F(MountTest, NothingIsMountedFromAnotherRegistry) {
  PushBench bench(AnonymousPersonality());
  const LayoutMade layout =
      MakeLayout(folder_, "one", {{40 * kKiB}},
                 R"(,"annotations":{"containerd.io/distribution.source.ghcr.io":"joakimp/base"})");
  const auto pushed = bench.Push(layout);
  ASSERT_TRUE(pushed) << pushed.failure().ToString();
  EXPECT_THAT(bench.RequestsOf("upload.mount"), IsEmpty());
  bench.ExpectWhole(layout);
}

TEST_F(MountTest, AMountThatFailsIsAnUpload) {
  for (const char* answer :
       {R"({"reply": {"status": 403, "error": "DENIED"}})",
        R"({"reply": {"status": 401, "error": "UNAUTHORIZED"}})",
        R"({"reply": {"status": 404, "page": "nginx"}})", R"({"reply": {"status": 500}})",
        R"({"cut": "rst", "at": "decide"})", R"({"reply": {"status": 405}})"}) {
    SCOPED_TRACE(answer);
    PushBench bench(AnonymousPersonality(),
                    Concat({R"({"name": "mount", "when": {"operation": "upload.mount"}, "do": )",
                            answer, "}"}));
    const LayoutMade layout = MakeLayout(folder_, "one", {{40 * kKiB}});
    PushOptions options;
    options.mount_from = {"joakimp/base"};
    const auto pushed = bench.Push(layout, options);
    ASSERT_TRUE(pushed) << pushed.failure().ToString();
    bench.ExpectWhole(layout);
    EXPECT_EQ(pushed->uploaded, 2U);
  }
}

TEST_F(MountTest, AMountThatOpensASessionUsesIt) {
  PushBench bench(AnonymousPersonality());
  const LayoutMade layout = MakeLayout(folder_, "one", {{40 * kKiB}});
  PushOptions options;
  options.mount_from = {"joakimp/base"};
  ASSERT_TRUE(bench.Push(layout, options));
  EXPECT_THAT(bench.RequestsOf("upload.start"), IsEmpty());
  EXPECT_THAT(bench.registry.OpenUploads(), IsEmpty());
}

}  // namespace
}  // namespace drydock::publisher
