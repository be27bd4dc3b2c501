// `drydock publish` with the real docker buildx 0.13 and the BuildKit of docker 26.1 (the tree that
// debian13.sh makes), to the fake Docker Hub with TLS and tokens. docker takes a registry on
// loopback as it is, unverified; drydock verifies it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/text.h"
#include "tests/e2e/builder_suite.h"
#include "tests/e2e/engine.h"
#include "tests/e2e/release_clone.h"

namespace drydock::testing {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kBridge = DRYDOCK_SOURCE_DIR "/tests/e2e/buildkit_bridge.py";

class BuildxPlace {
 public:
  std::string Begin(std::string_view faults) {
    const TempFolder& folder = clone_.folder();
    server_ = clone_.Serve(Against::kDockerHub, faults);
    engine_ = std::make_unique<Engine>(folder, DockerOf::kDebian13, "", clone_.access().ca_file);
    std::filesystem::create_directories(folder.At("tmp"));
    Meddle("");
    bridge_ = std::make_unique<Child>(std::vector<std::string>{
        "python3", kBridge, folder.At("docker.sock"), folder.At("buildkit.sock")});
    const Deadline until = SystemClock().Elapsed() + std::chrono::seconds(30);
    while (!std::filesystem::exists(folder.At("buildkit.sock")) &&
           SystemClock().Elapsed() < until && bridge_->Read(std::chrono::milliseconds(50))) {
    }
    std::string said;
    const int made = RunClient({folder.At("bin/docker"), "buildx", "create", "--name", "bk",
                                "--driver", "remote", "unix:///mnt/buildkit.sock"},
                               &said);
    return made == 0 ? "" : Concat({"buildx create: ", said, bridge_->err()});
  }

  // docker's command line where the engine runs, after `before`, shell text that sees its arguments
  // as $*. The test's folder is /mnt there.
  void Meddle(std::string_view before) {
    const std::string folder = clone_.folder().path().string();
    clone_.Program("docker", Concat({before, R"(
n=$#
while [ "$n" -gt 0 ]; do
  argument=$(printf '%s' "$1" | sed 's|)",
                                     folder, R"(|/mnt|g')
  shift
  set -- "$@" "$argument"
  n=$((n - 1))
done
exec )",
                                     engine_->CommandLine("/mnt/login"), " \"$@\""}));
  }

  Published Run(std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--builder", "bk"});
    return clone_.Publish(flags, {Concat({"TMPDIR=", clone_.folder().At("tmp")})});
  }

  Published Recheck() const {
    return clone_.Drydock({"diagnose", "--recheck", clone_.folder().At("release.json"),
                           "--registry", clone_.access().host, "--builder", "bk"},
                          {Concat({"TMPDIR=", clone_.folder().At("tmp")})});
  }

  const ReleaseClone& clone() const { return clone_; }
  const Served& server() const { return *server_; }

 private:
  ReleaseClone clone_{"buildx"};
  std::unique_ptr<Served> server_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Child> bridge_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Buildx, BuilderPublish, BuildxPlace);

class BuildxPublish : public BuilderPublish<BuildxPlace> {};

TEST_F(BuildxPublish, KilledInABuildItGoesOnWhereItStood) {
  Begin();
  place_.Meddle(
      "case \"$*\" in build*:v1.2.3-omos*|*\\ build\\ *:v1.2.3-omos*) kill -9 $PPID; exit 1 ;; "
      "esac");
  EXPECT_EQ(128 + SIGKILL, place_.Run({}).exit_code);
  place_.Meddle("");
  const Published resumed = place_.Run({"--resume"});
  ASSERT_EQ(0, resumed.exit_code) << resumed.out << resumed.err;
  ExpectWholeRelease(place_.clone().Tags());
  const auto puts = TagPuts(place_.server());
  for (const char* tag : {"base-latest", "v1.2.3", "latest", "latest-omos"}) {
    EXPECT_EQ(1, std::count(puts.begin(), puts.end(), tag)) << tag;
  }
}

// The real BuildKit exports its cache to a throw-away tag; its config blob is refused once as on
// 2026-05-28.
TEST_F(BuildxPublish, RecheckSaysWhetherTheCacheExportWorksAgain) {
  Begin(R"({"faults": [{"name": "cache-400",
     "when": {"operation": "upload.commit",
              "since": {"operation": "blob.head", "same": "digest",
                        "headers": {"Accept": "*vnd.buildkit.cacheconfig.v0*"}}},
     "do": {"reply": {"status": 400, "page": "hub-edge"}}, "times": 1}]})");
  const Published still = place_.Recheck();
  EXPECT_EQ(3, still.exit_code) << still.out << still.err << place_.server().Sequence();
  EXPECT_THAT(still.out, HasSubstr("regression: still there - the cache export is still rejected"));
  EXPECT_THAT(still.out, HasSubstr("400"));
  const Published gone = place_.Recheck();
  EXPECT_EQ(0, gone.exit_code) << gone.out << gone.err << place_.server().Sequence();
  EXPECT_THAT(gone.out, HasSubstr("regression: gone"));
  const auto tags = TagPuts(place_.server());
  EXPECT_THAT(tags, Each(StartsWith("drydock-recheck-")));
  EXPECT_EQ(1, std::count_if(tags.begin(), tags.end(),
                             [](const std::string& tag) { return tag.ends_with("-cache"); }));
}

}  // namespace
}  // namespace drydock::testing
