// `drydock publish` with the real buildah as its builder, to the fake Docker Hub with TLS and
// tokens and to Debian's own registry. buildah's storage wants root; without it these tests fail
// and say so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/text.h"
#include "tests/e2e/release_clone.h"
#include "tests/support/docker_registry.h"

namespace drydock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class BuildahPublish : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(0U, ::geteuid()) << "buildah's vfs storage wants root; run this test as root";
    const TempFolder& folder = clone_.folder();
    folder.Write("storage.conf",
                 Concat({"[storage]\ndriver = \"vfs\"\ngraphroot = \"", folder.At("storage"),
                         "\"\nrunroot = \"", folder.At("run"), "\"\n"}));
  }

  // A buildah that does `before` first, shell text that sees its arguments as $*.
  void Meddle(std::string_view before) {
    clone_.Program("buildah", Concat({before, "\nPATH=${PATH#*:}\nexec buildah \"$@\""}));
  }

  Published Run(const std::vector<std::string>& flags) {
    return clone_.Publish(flags,
                          {Concat({"CONTAINERS_STORAGE_CONF=", clone_.folder().At("storage.conf")}),
                           "BUILDAH_ISOLATION=chroot"});
  }

  ReleaseClone clone_{"buildah"};
};

TEST_F(BuildahPublish, PublishesForTwoPlatformsThenFindsEverythingInPlace) {
  const auto server = clone_.Serve(Against::kDockerHub);
  const Published first = Run({});
  ASSERT_EQ(0, first.exit_code) << first.out << first.err;
  EXPECT_THAT(first.out, HasSubstr("verdict: published-and-verified"));
  ExpectWholeRelease(clone_.Tags());
  EXPECT_THAT(TagPuts(*server), ElementsAre(StartsWith("base-"), "base-latest", "v1.2.3", "latest",
                                            "v1.2.3-omos", "latest-omos"));
  const std::size_t writes = Writes(*server);
  const Published second = Run({});
  EXPECT_EQ(0, second.exit_code) << second.out << second.err;
  EXPECT_EQ(writes, Writes(*server)) << server->Sequence();
  EXPECT_THAT(server->JournalText(), Not(HasSubstr(kPassword)));
}

TEST_F(BuildahPublish, GetsOverAnswersThatGoAway) {
  const auto server = clone_.Serve(Against::kDockerHub, R"({"faults": [
    {"name": "blob", "when": {"operation": "upload.commit"},
     "do": {"reply": {"status": 503, "page": "nginx"}}, "times": 1},
    {"name": "index", "when": {"operation": "manifest.put", "reference": "v1.2.3"},
     "do": {"reply": {"status": 503, "page": "nginx"}}, "times": 1},
    {"name": "alias", "when": {"operation": "manifest.put", "reference": "latest"},
     "do": {"reply": {"status": 503, "page": "nginx"}}, "times": 1}]})");
  const Published done = Run({});
  ASSERT_EQ(0, done.exit_code) << done.out << done.err;
  ExpectWholeRelease(clone_.Tags());
}

TEST_F(BuildahPublish, StopsWhenTheEdgeRefusesTheBase) {
  const auto server = clone_.Serve(
      Against::kDockerHub, R"({"faults": [{"name": "edge", "when": {"operation": "upload.commit"},
     "do": {"reply": {"status": 400, "page": "hub-edge"}}}]})");
  const Published stopped = Run({});
  EXPECT_EQ(6, stopped.exit_code) << stopped.out << stopped.err;
  EXPECT_THAT(stopped.out, HasSubstr("the regression has spread to image push"));
  EXPECT_THAT(TagPuts(*server), IsEmpty());
}

TEST_F(BuildahPublish, KilledBetweenItsStepsItGoesOnWhereItStood) {
  const auto server = clone_.Serve(Against::kDockerHub);
  bool resume = false;
  for (const char* step : {"build ", "manifest push *:base-", "manifest push *:v1.2.3-omos "}) {
    Meddle(Concat(
        {"case \"$* \" in ", ReplaceAll(step, " ", "\\ "), "*) kill -9 $PPID; exit 1 ;; esac"}));
    const auto flags = resume ? std::vector<std::string>{"--resume"} : std::vector<std::string>();
    EXPECT_EQ(128 + SIGKILL, Run(flags).exit_code) << step;
    resume = true;
  }
  std::filesystem::remove(clone_.folder().At("bin/buildah"));
  const Published resumed = Run({"--resume"});
  ASSERT_EQ(0, resumed.exit_code) << resumed.out << resumed.err;
  ExpectWholeRelease(clone_.Tags());
  const auto puts = TagPuts(*server);
  for (const char* alias : {"base-latest", "latest", "latest-omos"}) {
    EXPECT_EQ(1, std::count(puts.begin(), puts.end(), alias)) << alias;
  }
}

TEST_F(BuildahPublish, LineThatFailsIsTheBuildersOwnTrouble) {
  clone_.folder().Write("clone/Dockerfile.base", "FROM scratch\nCOPY nowhere /\n");
  clone_.Git({"commit", "-qam", "broken"});
  clone_.Git({"tag", "v1.2.4"});
  const auto server = clone_.Serve(Against::kDockerHub);
  const Published failed = Run({"--tag", "v1.2.4"});
  EXPECT_EQ(6, failed.exit_code) << failed.out << failed.err;
  EXPECT_THAT(failed.out, HasSubstr("nowhere"));
  EXPECT_EQ(0U, Writes(*server));
}

TEST_F(BuildahPublish, GivesDebiansRegistryTheSameReleaseWithTheSameDigests) {
  // Dates are part of an image.
  Meddle(R"([ "$1" != build ] || { shift; set -- build --timestamp 0 "$@"; })");
  std::map<std::string, std::string> fake;
  std::uint16_t port = 0;
  {
    const auto server = clone_.Serve(Against::kStrict);
    port = server->port();
    const Published done = Run({});
    ASSERT_EQ(0, done.exit_code) << done.out << done.err;
    fake = clone_.Tags();
    ExpectWholeRelease(fake);
    server->Stop(SIGTERM);
  }
  // Another release state, since this registry knows nothing of the other one's.
  std::filesystem::remove_all(clone_.folder().At("clone/.git/drydock"));
  DockerRegistry registry(port);
  ASSERT_TRUE(registry.WaitUntilItServes()) << registry.complaints();
  const Published done = Run({});
  ASSERT_EQ(0, done.exit_code) << done.out << done.err;
  EXPECT_EQ(fake, clone_.Tags());
}

}  // namespace
}  // namespace drydock::testing
