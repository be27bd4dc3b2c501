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
#include "tests/e2e/engine.h"
#include "tests/e2e/release_clone.h"

namespace drydock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kBridge = DRYDOCK_SOURCE_DIR "/tests/e2e/buildkit_bridge.py";

class BuildxPublish : public ::testing::Test {
 protected:
  void Begin(std::string_view faults = R"({"faults": []})") {
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
    ASSERT_EQ(0, RunClient({folder.At("bin/docker"), "buildx", "create", "--name", "bk", "--driver",
                            "remote", "unix:///mnt/buildkit.sock"},
                           &said))
        << said << bridge_->err();
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

  ReleaseClone clone_{"buildx"};
  std::unique_ptr<Served> server_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Child> bridge_;
};

TEST_F(BuildxPublish, PublishesForTwoPlatformsThenFindsEverythingInPlace) {
  Begin();
  const Published first = Run({});
  ASSERT_EQ(0, first.exit_code) << first.out << first.err << server_->Sequence();
  EXPECT_THAT(first.out, HasSubstr("verdict: published-and-verified"));
  ExpectWholeRelease(clone_.Tags());
  EXPECT_THAT(TagPuts(*server_), ElementsAre(StartsWith("base-"), "base-latest", "v1.2.3", "latest",
                                             "v1.2.3-omos", "latest-omos"));
  const std::size_t writes = Writes(*server_);
  const Published second = Run({});
  EXPECT_EQ(0, second.exit_code) << second.out << second.err;
  EXPECT_EQ(writes, Writes(*server_)) << server_->Sequence();
  EXPECT_THAT(server_->JournalText(), Not(HasSubstr(kPassword)));
}

TEST_F(BuildxPublish, GetsOverAnswersThatGoAway) {
  Begin(R"({"faults": [
    {"name": "blob", "when": {"operation": "upload.commit"},
     "do": {"reply": {"status": 503, "page": "nginx"}}, "times": 1},
    {"name": "index", "when": {"operation": "manifest.put", "reference": "v1.2.3"},
     "do": {"reply": {"status": 503, "page": "nginx"}}, "times": 1}]})");
  const Published done = Run({});
  ASSERT_EQ(0, done.exit_code) << done.out << done.err;
  ExpectWholeRelease(clone_.Tags());
}

TEST_F(BuildxPublish, StopsWhenTheEdgeRefusesTheBase) {
  Begin(R"({"faults": [{"name": "edge", "when": {"operation": "upload.commit"},
     "do": {"reply": {"status": 400, "page": "hub-edge"}}}]})");
  const Published stopped = Run({});
  EXPECT_EQ(6, stopped.exit_code) << stopped.out << stopped.err;
  EXPECT_THAT(stopped.out, HasSubstr("the regression has spread to image push"));
  EXPECT_THAT(TagPuts(*server_), IsEmpty());
}

TEST_F(BuildxPublish, KilledInABuildItGoesOnWhereItStood) {
  Begin();
  Meddle(
      "case \"$*\" in build*:v1.2.3-omos*|*\\ build\\ *:v1.2.3-omos*) kill -9 $PPID; exit 1 ;; "
      "esac");
  EXPECT_EQ(128 + SIGKILL, Run({}).exit_code);
  Meddle("");
  const Published resumed = Run({"--resume"});
  ASSERT_EQ(0, resumed.exit_code) << resumed.out << resumed.err;
  ExpectWholeRelease(clone_.Tags());
  const auto puts = TagPuts(*server_);
  for (const char* tag : {"base-latest", "v1.2.3", "latest", "latest-omos"}) {
    EXPECT_EQ(1, std::count(puts.begin(), puts.end(), tag)) << tag;
  }
}

}  // namespace
}  // namespace drydock::testing
