#include "publisher/build/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "publisher/build/buildx_builder.h"
#include "tests/support/temp_folder.h"

namespace drydock::publisher {
namespace {

using drydock::testing::TempFolder;
using ::testing::HasSubstr;

Result<ChildResult> Shell(const std::string& script,
                          const std::function<void(std::string_view)>& on_diagnostics = {}) {
  return RunChild({"sh", "-c", script}, on_diagnostics);
}

TEST(ChildProcess, KeepsBothOutputsAndTheExitCode) {
  const auto done = Shell("echo out; echo err >&2; exit 7");
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(done->exit_code, 7);
  EXPECT_EQ(done->output, "out\n");
  EXPECT_EQ(done->diagnostics, "err\n");
}

TEST(ChildProcess, PassesDiagnosticsOnAsTheyCome) {
  std::string seen;
  const auto done =
      Shell("printf a >&2; printf b >&2; printf c", [&](std::string_view piece) { seen += piece; });
  ASSERT_TRUE(done);
  EXPECT_EQ(seen, "ab");
  EXPECT_EQ(done->output, "c");
}

TEST(ChildProcess, TellsASignalApart) { EXPECT_EQ(Shell("kill -9 $$")->exit_code, 128 + SIGKILL); }

TEST(ChildProcess, HandsItsInputOver) {
  EXPECT_EQ(RunChild({"cat"}, {}, "over\n")->output, "over\n");
  EXPECT_EQ(RunChild({"true"}, {}, "unread")->exit_code, 0);
  EXPECT_EQ(RunChild({"cat"}, {}, std::string(kChildInputBytesMax + 1, 'x')).error().code(),
            ErrorCode::kInvalid);
}

TEST(ChildProcess, GivesEmptyInputAndHandsArgumentsOverUnchanged) {
  EXPECT_EQ(Shell("cat; echo end")->output, "end\n");
  const auto done = RunChild({"printf", "%s|", "a b", "", "$HOME;*", "\"quoted\""}, {});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->output, "a b||$HOME;*|\"quoted\"|");
}

TEST(ChildProcess, TakesMoreOutputThanAPipeHoldsOnBothEnds) {
  const auto done = Shell("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->output.size(), 300000u);
  EXPECT_EQ(done->diagnostics.size(), 300000u);
}

TEST(ChildProcess, DropsTheOldestPartOfTooMuchOutput) {
  const auto done = Shell("echo first >&2; head -c 20000000 /dev/zero >&2; echo last >&2");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->diagnostics.size(), kChildOutputBytesMax);
  EXPECT_TRUE(done->diagnostics.ends_with("last\n"));
}

TEST(ChildProcess, MissingProgramsAndFoldersAreErrors) {
  EXPECT_EQ(RunChild({"no-such-program-here"}, {}).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(RunChild({"/"}, {}).error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(RunChild({}, {}).error().code(), ErrorCode::kInvalid);
}

// A stand-in for docker that writes down how it was called.
class FakeDocker : public ::testing::Test {
 protected:
  void Install(const std::string& build) {
    std::ofstream file(program());
    file << "#!/bin/sh\n"
         << "[ \"$2\" = version ] && { echo 'github.com/docker/buildx v0.13.1 7884339'; exit 0; }\n"
         << "for argument; do printf '%s\\n' \"$argument\"; done > '" << scratch_.path().string()
         << "/arguments'\n"
         << "while [ \"$1\" != --metadata-file ]; do shift; done; metadata=$2\n"
         << build << "\n";
    file.close();
    std::filesystem::permissions(program(), std::filesystem::perms::owner_all);
  }
  std::string program() const { return scratch_.path().string() + "/docker"; }
  std::string Arguments() const {
    std::ifstream file(scratch_.path().string() + "/arguments");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  static BuildRequest Request() {
    BuildRequest request;
    request.context = "/project";
    request.dockerfile = "Dockerfile.variant";
    request.platforms = {"linux/amd64", "linux/arm64"};
    request.build_args = {{"A", "1"}, {"B", "two words"}};
    request.tags = {*ImageReference::Parse("joakimp/opencode-devbox:v1.15.12")};
    return request;
  }

 private:
  TempFolder scratch_;
};

TEST_F(FakeDocker, BuildsAndTellsTheDigest) {
  const std::string digest = Digest::Of("index").ToString();
  Install("echo '#1 building' >&2; printf '{\"containerimage.digest\": \"" + digest +
          "\"}' > \"$metadata\"");
  std::string seen;
  BuildxBuilder builder({program(), "", [&](std::string_view piece) { seen += piece; }});
  EXPECT_EQ(builder.Describe(), "docker buildx 0.13.1");
  ASSERT_TRUE(builder.CheckReady());
  const auto built = builder.Build(Request());
  ASSERT_TRUE(built) << built.error().message();
  EXPECT_EQ(built->exit_code, 0);
  EXPECT_EQ(built->log, "#1 building\n");
  EXPECT_EQ(seen, "#1 building\n");
  ASSERT_TRUE(built->digest);
  EXPECT_EQ(built->digest->ToString(), digest);
  EXPECT_TRUE(Arguments().ends_with("/project\n")) << Arguments();
}

TEST_F(FakeDocker, FailedBuildIsAValueWithItsLog) {
  Install("echo 'ERROR: failed to solve: x' >&2; exit 1");
  BuildxBuilder builder({program(), "", {}});
  const auto built = builder.Build(Request());
  ASSERT_TRUE(built) << built.error().message();
  EXPECT_EQ(built->exit_code, 1);
  EXPECT_THAT(built->log, HasSubstr("failed to solve"));
  EXPECT_FALSE(built->digest);
}

TEST_F(FakeDocker, BuildWithoutMetadataHasNoDigest) {
  Install("exit 0");
  BuildxBuilder builder({program(), "", {}});
  EXPECT_FALSE(builder.Build(Request())->digest);
  Install("echo '{' > \"$metadata\"");
  EXPECT_FALSE(builder.Build(Request())->digest);
}

TEST(BuildxBuilder, SaysWhatToInstallWhenThereIsNoDocker) {
  BuildxBuilder builder({"no-such-docker", "", {}});
  EXPECT_EQ(builder.Describe(), "docker buildx (not installed)");
  const auto built = builder.Build({});
  ASSERT_FALSE(built);
  EXPECT_EQ(built.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(built.error().message(), HasSubstr("docker-buildx-plugin"));
}

TEST(BuildxArguments, HaveNoCacheOptionUnlessAskedFor) {
  BuildRequest request;
  request.context = "/project";
  request.dockerfile = "Dockerfile.base";
  request.platforms = {"linux/amd64", "linux/arm64"};
  request.build_args = {{"A", "1"}};
  request.tags = {*ImageReference::Parse("joakimp/opencode-devbox:base-0123456789ab")};
  EXPECT_EQ(
      BuildxArguments(request, ""),
      (std::vector<std::string>{
          "buildx", "build", "--push", "--progress=plain", "--platform", "linux/amd64,linux/arm64",
          "--file", "/project/Dockerfile.base", "--build-arg", "A=1", "--tag",
          "joakimp/opencode-devbox:base-0123456789ab", "--provenance=false", "/project"}));
  request.cache_from = {"type=registry,ref=a/b:cache"};
  request.cache_to = {"type=registry,ref=a/b:cache,mode=max"};
  request.provenance = true;
  request.no_cache = true;
  EXPECT_EQ(BuildxArguments(request, "multi"),
            (std::vector<std::string>{"buildx",
                                      "build",
                                      "--push",
                                      "--progress=plain",
                                      "--builder",
                                      "multi",
                                      "--platform",
                                      "linux/amd64,linux/arm64",
                                      "--file",
                                      "/project/Dockerfile.base",
                                      "--build-arg",
                                      "A=1",
                                      "--tag",
                                      "joakimp/opencode-devbox:base-0123456789ab",
                                      "--cache-from",
                                      "type=registry,ref=a/b:cache",
                                      "--cache-to",
                                      "type=registry,ref=a/b:cache,mode=max",
                                      "--provenance=mode=min",
                                      "--no-cache",
                                      "/project"}));
}

}  // namespace
}  // namespace drydock::publisher
