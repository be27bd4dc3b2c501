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
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "tests/e2e/builder_suite.h"
#include "tests/e2e/release_clone.h"
#include "tests/support/docker_registry.h"

namespace drydock::testing {
namespace {

using ::testing::HasSubstr;

class BuildahPlace {
 public:
  std::string Begin(std::string_view faults) { return Begin(Against::kDockerHub, faults); }
  std::string Begin(Against against, std::string_view faults = R"({"faults": []})") {
    if (::geteuid() != 0) {
      return "buildah's vfs storage wants root; run this test as root";
    }
    const TempFolder& folder = clone_.folder();
    folder.Write("storage.conf",
                 Concat({"[storage]\ndriver = \"vfs\"\ngraphroot = \"", folder.At("storage"),
                         "\"\nrunroot = \"", folder.At("run"), "\"\n"}));
    server_ = clone_.Serve(against, faults);
    return "";
  }

  // A buildah that does `before` first, shell text that sees its arguments as $*.
  void Meddle(std::string_view before) const {
    clone_.Program("buildah", Concat({before, "\nPATH=${PATH#*:}\nexec buildah \"$@\""}));
  }

  Published Run(const std::vector<std::string>& flags) const {
    return clone_.Publish(flags,
                          {Concat({"CONTAINERS_STORAGE_CONF=", clone_.folder().At("storage.conf")}),
                           "BUILDAH_ISOLATION=chroot"});
  }

  const ReleaseClone& clone() const { return clone_; }
  Served& server() { return *server_; }

 private:
  ReleaseClone clone_{"buildah"};
  std::unique_ptr<Served> server_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Buildah, BuilderPublish, BuildahPlace);

class BuildahPublish : public BuilderPublish<BuildahPlace> {};

TEST_F(BuildahPublish, KilledBetweenItsStepsItGoesOnWhereItStood) {
  Begin();
  bool resume = false;
  for (const char* step : {"build ", "manifest push *:base-", "manifest push *:v1.2.3-omos "}) {
    place_.Meddle(Concat(
        {"case \"$* \" in ", ReplaceAll(step, " ", "\\ "), "*) kill -9 $PPID; exit 1 ;; esac"}));
    const auto flags = resume ? std::vector<std::string>{"--resume"} : std::vector<std::string>();
    EXPECT_EQ(128 + SIGKILL, place_.Run(flags).exit_code) << step;
    resume = true;
  }
  std::filesystem::remove(place_.clone().folder().At("bin/buildah"));
  const Published resumed = place_.Run({"--resume"});
  ASSERT_EQ(0, resumed.exit_code) << resumed.out << resumed.err;
  ExpectWholeRelease(place_.clone().Tags());
  const auto puts = TagPuts(place_.server());
  for (const char* alias : {"base-latest", "latest", "latest-omos"}) {
    EXPECT_EQ(1, std::count(puts.begin(), puts.end(), alias)) << alias;
  }
}

TEST_F(BuildahPublish, LineThatFailsIsTheBuildersOwnTrouble) {
  place_.clone().folder().Write("clone/Dockerfile.base", "FROM scratch\nCOPY nowhere /\n");
  place_.clone().Git({"commit", "-qam", "broken"});
  place_.clone().Git({"tag", "v1.2.4"});
  Begin();
  const Published failed = place_.Run({"--tag", "v1.2.4"});
  EXPECT_EQ(6, failed.exit_code) << failed.out << failed.err;
  EXPECT_THAT(failed.out, HasSubstr("nowhere"));
  EXPECT_EQ(0U, Writes(place_.server()));
}

TEST_F(BuildahPublish, GivesDebiansRegistryTheSameReleaseWithTheSameDigests) {
  // Dates are part of an image.
  place_.Meddle(R"([ "$1" != build ] || { shift; set -- build --timestamp 0 "$@"; })");
  ASSERT_EQ("", place_.Begin(Against::kStrict));
  PublishWhole();
  const std::map<std::string, std::string> fake = place_.clone().Tags();
  place_.server().Stop(SIGTERM);
  // Another release state, since this registry knows nothing of the other one's.
  std::filesystem::remove_all(place_.clone().folder().At("clone/.git/drydock"));
  DockerRegistry registry(place_.server().port());
  ASSERT_TRUE(registry.WaitUntilItServes()) << registry.complaints();
  const Published done = place_.Run({});
  ASSERT_EQ(0, done.exit_code) << done.out << done.err;
  EXPECT_EQ(fake, place_.clone().Tags());
}

}  // namespace
}  // namespace drydock::testing
