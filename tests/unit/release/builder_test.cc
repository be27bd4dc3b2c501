// The builders as child processes. In docker's and buildah's place stand scripts that note what
// they were asked and answer as the real ones do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "core/text.h"
#include "publisher/build/buildah_builder.h"
#include "publisher/build/buildx_builder.h"
#include "publisher/build/buildx_inspection.h"
#include "tests/support/temp_folder.h"

namespace drydock::publisher {
namespace {

using drydock::testing::ReadFile;
using drydock::testing::TempFolder;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::vector<std::string> kBoth = {"linux/amd64", "linux/arm64"};

// A program of the given name that notes each call as a line of "calls".
class FakeProgram : public ::testing::Test {
 protected:
  void Install(std::string_view name, std::string_view answers) {
    name_ = name;
    const std::string path =
        folder_.Write(name, Concat({"#!/bin/sh\nhere='", folder_.path().string(), "'\n",
                                    "echo \"$*\" >> \"$here/calls\"\n", answers}));
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  std::string program() const { return folder_.At(name_); }
  std::vector<std::string> Calls() const {
    const std::string text = ReadFile(folder_.path() / "calls");
    return text.empty() ? std::vector<std::string>() : Split(Trim(text), '\n');
  }

  static BuildRequest Request() {
    BuildRequest request;
    request.context = "/project";
    request.dockerfile = "Dockerfile.variant";
    request.platforms = kBoth;
    request.build_args = {{"A", "1"}, {"B", "two words"}};
    request.tags = {*ImageReference::Parse("joakimp/opencode-devbox:v1.15.12")};
    return request;
  }

  TempFolder folder_;

 private:
  std::string name_;
};

class FakeDocker : public FakeProgram {
 protected:
  // `build` is shell text that sees the metadata file's path as $metadata.
  void InstallDocker(std::string_view build) {
    Install("docker", Concat({R"(
case "$1 $2" in
  "buildx version") echo 'github.com/docker/buildx v0.13.1 7884339' ;;
  "buildx inspect")
    if [ -e "$here/builder-$3" ]; then cat "$here/builder-$3"; exit 0; fi
    echo "ERROR: no builder \"$3\" found" >&2
    exit 1 ;;
  "buildx create") [ ! -e "$here/refuse-create" ] || { echo 'ERROR: existing instance' >&2; exit 1; } ;;
  *)
    while [ "$1" != --metadata-file ]; do shift; done
    metadata=$2
    )",
                              build, "\n  ;;\nesac\n"}));
  }
  void Builder(std::string_view name, std::string_view driver, std::string_view platforms) {
    folder_.Write(
        Concat({"builder-", name}),
        Concat({"Name:          ", name.empty() ? "default" : name, "\nDriver:        ", driver,
                "\nNodes:\nName:      node0\nStatus:    running\nPlatforms: ", platforms, "\n"}));
  }
};

TEST_F(FakeDocker, BuildsAndTellsTheDigest) {
  const std::string digest = Digest::Of("index").ToString();
  InstallDocker(Concat({"echo '#1 building' >&2; printf '{\"containerimage.digest\": \"", digest,
                        "\"}' > \"$metadata\""}));
  Builder("", "docker-container", "linux/amd64, linux/arm64");
  std::string seen;
  BuildxBuilder builder({program(), "", [&](std::string_view piece) { seen += piece; }});
  EXPECT_EQ(builder.Describe(), "docker buildx 0.13.1");
  const auto built = builder.Build(Request());
  ASSERT_TRUE(built) << built.error().message();
  EXPECT_EQ(built->exit_code, 0);
  EXPECT_EQ(built->log, "#1 building\n");
  EXPECT_EQ(seen, "#1 building\n");
  ASSERT_TRUE(built->digest);
  EXPECT_EQ(built->digest->ToString(), digest);
  EXPECT_THAT(Calls().back(), EndsWith(" /project"));
}

TEST_F(FakeDocker, FailedBuildIsAValueWithItsLog) {
  InstallDocker("echo 'ERROR: failed to solve: x' >&2; exit 1");
  Builder("", "docker-container", "linux/amd64, linux/arm64");
  BuildxBuilder builder({program(), "", {}});
  const auto built = builder.Build(Request());
  ASSERT_TRUE(built) << built.error().message();
  EXPECT_EQ(built->exit_code, 1);
  EXPECT_THAT(built->log, HasSubstr("failed to solve"));
  EXPECT_FALSE(built->digest);
}

TEST_F(FakeDocker, BuildWithoutMetadataHasNoDigest) {
  InstallDocker("exit 0");
  Builder("", "docker-container", "linux/amd64, linux/arm64");
  BuildxBuilder builder({program(), "", {}});
  EXPECT_FALSE(builder.Build(Request())->digest);
  InstallDocker("echo '{' > \"$metadata\"");
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

// What is there, what is asked for, and which builder takes it.
struct ChoiceRow {
  std::string name;
  std::string asked;      // --builder
  std::string driver;     // of the present builder
  std::string platforms;  // that it lists
  std::vector<std::string> wanted;
  std::string words;   // in what CheckReady says
  std::string create;  // the call that makes a builder, "" for none
  std::string flag;    // of the build, "" for none
};

class BuilderChoice : public FakeDocker, public ::testing::WithParamInterface<ChoiceRow> {};

TEST_P(BuilderChoice, IsMadeWhenItIsMissing) {
  const ChoiceRow& row = GetParam();
  InstallDocker("exit 0");
  Builder("", row.driver, row.platforms);
  BuildxBuilder builder({program(), row.asked, {}});
  const auto ready = builder.CheckReady(row.wanted);
  ASSERT_TRUE(ready) << ready.error().message();
  EXPECT_THAT(*ready, HasSubstr(row.words));
  for (const std::string& call : Calls()) {
    EXPECT_THAT(call, Not(HasSubstr("create"))) << "looking makes nothing";
  }
  BuildRequest request = Request();
  request.platforms = row.wanted;
  const auto built = builder.Build(request);
  ASSERT_TRUE(built) << built.error().message();
  const auto calls = Calls();
  if (row.create.empty()) {
    EXPECT_THAT(calls, ::testing::Each(Not(HasSubstr("create"))));
  } else {
    EXPECT_EQ(row.create, calls[calls.size() - 2]);
  }
  if (row.flag.empty()) {
    EXPECT_THAT(calls.back(), Not(HasSubstr("--builder")));
  } else {
    EXPECT_THAT(calls.back(), HasSubstr(row.flag));
  }
}

constexpr char kOwnMade[] = "buildx create --name drydock --driver docker-container";

INSTANTIATE_TEST_SUITE_P(
    Rows, BuilderChoice,
    ::testing::Values(
        ChoiceRow{"PresentOne", "", "docker-container", "linux/amd64, linux/arm64", kBoth,
                  "builder default (docker-container)", "", ""},
        ChoiceRow{"EngineForOnePlatform",
                  "",
                  "docker",
                  "linux/amd64",
                  {"linux/amd64"},
                  "builder default (docker)",
                  "",
                  ""},
        ChoiceRow{"EngineForTwoPlatforms", "", "docker", "linux/amd64", kBoth,
                  "builder drydock (made when it is needed)", kOwnMade, "--builder drydock"},
        ChoiceRow{"NamedAndMissing", "multi", "docker-container", "linux/amd64", kBoth,
                  "builder multi (made when it is needed)",
                  "buildx create --name multi --driver docker-container", "--builder multi"},
        ChoiceRow{"LacksAPlatform", "", "docker-container", "linux/amd64, linux/386*", kBoth,
                  "it lists no linux/arm64: RUN lines for it need QEMU", "", ""}),
    [](const auto& row) { return row.param.name; });

TEST_F(FakeDocker, BuilderThatCannotBeMadeEndsTheBuild) {
  InstallDocker("exit 0");
  folder_.Write("refuse-create", "");
  BuildxBuilder builder({program(), "multi", {}});
  const auto built = builder.Build(Request());
  ASSERT_FALSE(built);
  EXPECT_EQ(built.error().message(), "docker buildx create: ERROR: existing instance");
}

TEST_F(FakeProgram, DockerThatDoesNotAnswerIsNotReady) {
  Install("docker", R"(
[ "$2" = version ] && { echo 'github.com/docker/buildx v0.13.1 7884339'; exit 0; }
echo 'ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock' >&2
exit 1
)");
  BuildxBuilder builder({program(), "", {}});
  const auto ready = builder.CheckReady(kBoth);
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(ready.error().message(), HasSubstr("Cannot connect to the Docker daemon"));
}

TEST(BuildxInspection, ReadsAllNodesAndAnythingElse) {
  const auto seen = ReadBuildxInspection(
      "Name:   multi\nDriver: kubernetes\n\nNodes:\nName: a\nStatus: inactive\nName: b\n"
      "Status: running\nPlatforms: linux/amd64*, linux/386\nPlatforms: linux/arm64\n");
  EXPECT_EQ("multi", seen.name);
  EXPECT_EQ("kubernetes", seen.driver);
  EXPECT_TRUE(seen.running);
  EXPECT_THAT(seen.platforms, ElementsAre("linux/amd64", "linux/386", "linux/arm64"));
  const auto none = ReadBuildxInspection("no labels here");
  EXPECT_EQ("", none.name);
  EXPECT_TRUE(none.platforms.empty());
}

class FakeBuildah : public FakeProgram {
 protected:
  void InstallBuildah(std::string_view build, std::string_view push) {
    Install("buildah", Concat({R"(
case "$1 $2" in
  "--version "*) echo 'buildah version 1.28.2 (image-spec 1.1.0-rc2, runtime-spec 1.0.2-dev)' ;;
  "manifest rm") exit 125 ;;
  "manifest push") )",
                               push, R"( ;;
  *) )",
                               build, " ;;\nesac\n"}));
  }
};

TEST_F(FakeBuildah, BuildsOnePlatformAfterAnotherThenPushesAll) {
  InstallBuildah("echo 'STEP 1/1: FROM scratch'; echo warning >&2", "echo pushed >&2");
  std::string seen;
  BuildahBuilder builder({.program = program(),
                          .auth_file = "/login/config.json",
                          .ca_file = "",
                          .plain_http = {"docker.io"},
                          .on_output = [&](std::string_view piece) { seen += piece; }});
  EXPECT_EQ("buildah 1.28.2", builder.Describe());
  const auto built = builder.Build(Request());
  ASSERT_TRUE(built) << built.error().message();
  EXPECT_EQ(0, built->exit_code);
  EXPECT_FALSE(built->digest) << "the registry is asked";
  constexpr char kStep[] = "STEP 1/1: FROM scratch\nwarning\n";
  EXPECT_EQ(Concat({kStep, kStep, "pushed\n"}), seen);
  const auto build = [](std::string_view platform) {
    return Concat({"build --pull=always --platform ", platform,
                   " --manifest localhost/drydock/joakimp/opencode-devbox:v1.15.12 --file "
                   "/project/Dockerfile.variant --build-arg A=1 --build-arg B=two words "
                   "--tls-verify=false --authfile /login/config.json /project"});
  };
  constexpr char kForget[] = "manifest rm localhost/drydock/joakimp/opencode-devbox:v1.15.12";
  EXPECT_THAT(Calls(),
              ElementsAre("--version", kForget, build("linux/amd64"), build("linux/arm64"),
                          "manifest push --all --tls-verify=false --authfile /login/config.json "
                          "localhost/drydock/joakimp/opencode-devbox:v1.15.12 "
                          "docker://joakimp/opencode-devbox:v1.15.12",
                          kForget));
}

TEST_F(FakeBuildah, PushThatFailedIsRepeatedWithoutBuildingAgain) {
  InstallBuildah("exit 0", "[ -e \"$here/second\" ] || { touch \"$here/second\"; exit 125; }");
  const auto builds = [this] {
    const auto calls = Calls();
    return std::count_if(calls.begin(), calls.end(),
                         [](const std::string& call) { return call.starts_with("build "); });
  };
  BuildRequest other = Request();
  other.tags = {*ImageReference::Parse("joakimp/opencode-devbox:v1.15.12-omos")};
  {
    BuildahBuilder builder(
        {.program = program(), .auth_file = "", .ca_file = "", .plain_http = {}, .on_output = {}});
    EXPECT_EQ(125, builder.Build(Request())->exit_code);
    EXPECT_EQ(0, builder.Build(Request())->exit_code);
    EXPECT_EQ(2, builds());
    EXPECT_EQ(0, builder.Build(Request())->exit_code) << "what was pushed is built anew";
    EXPECT_EQ(4, builds());
    std::filesystem::remove(folder_.path() / "second");
    EXPECT_EQ(125, builder.Build(other)->exit_code);
  }
  EXPECT_EQ("manifest rm localhost/drydock/joakimp/opencode-devbox:v1.15.12-omos", Calls().back())
      << "nothing is left in buildah's storage";
}

TEST_F(FakeBuildah, NothingIsPushedAfterABuildThatFailed) {
  InstallBuildah("echo 'Error: building at STEP \"RUN false\"' >&2; exit 1", "exit 0");
  BuildahBuilder builder(
      {.program = program(), .auth_file = "", .ca_file = "", .plain_http = {}, .on_output = {}});
  const auto built = builder.Build(Request());
  ASSERT_TRUE(built) << built.error().message();
  EXPECT_EQ(1, built->exit_code);
  EXPECT_THAT(built->log, HasSubstr("RUN false"));
  EXPECT_FALSE(built->digest);
  EXPECT_THAT(Calls(), ::testing::Each(Not(StartsWith("manifest push"))));
}

TEST_F(FakeBuildah, TrustsACertificateOfItsOwn) {
  InstallBuildah("for a; do case $last in --cert-dir) cat \"$a/ca.crt\" ;; esac; last=$a; done",
                 "exit 0");
  const std::string certificate = folder_.Write("trust.pem", "a certificate");
  BuildahBuilder builder({.program = program(),
                          .auth_file = "",
                          .ca_file = certificate,
                          .plain_http = {},
                          .on_output = {}});
  const auto built = builder.Build(Request());
  ASSERT_TRUE(built) << built.error().message();
  EXPECT_EQ(0, built->exit_code);
  EXPECT_THAT(Calls()[2], HasSubstr("--cert-dir /"));
}

TEST_F(FakeBuildah, TakesNoCacheOptionOfBuildKit) {
  InstallBuildah("exit 0", "exit 0");
  BuildahBuilder builder(
      {.program = program(), .auth_file = "", .ca_file = "", .plain_http = {}, .on_output = {}});
  BuildRequest request = Request();
  request.cache_to = {"type=registry,ref=a/b:cache,mode=max"};
  const auto built = builder.Build(request);
  ASSERT_FALSE(built);
  EXPECT_EQ(ErrorCode::kInvalid, built.error().code());
}

TEST(BuildahBuilder, SaysWhatToInstallWhenItIsMissing) {
  BuildahBuilder builder({.program = "no-such-buildah",
                          .auth_file = "",
                          .ca_file = "",
                          .plain_http = {},
                          .on_output = {}});
  const auto built = builder.Build({});
  ASSERT_FALSE(built);
  EXPECT_EQ(ErrorCode::kUnavailable, built.error().code());
  EXPECT_THAT(built.error().message(), HasSubstr("install buildah"));
}

TEST(BuildxArguments, HaveNoCacheOptionUnlessAskedFor) {
  BuildRequest request;
  request.context = "/project";
  request.dockerfile = "Dockerfile.base";
  request.platforms = {"linux/amd64", "linux/arm64"};
  request.build_args = {{"A", "1"}};
  request.labels = {{"b", "2"}};
  request.tags = {*ImageReference::Parse("joakimp/opencode-devbox:base-0123456789ab")};
  EXPECT_EQ(
      BuildxArguments(request, ""),
      (std::vector<std::string>{
          "buildx", "build", "--push", "--progress=plain", "--platform", "linux/amd64,linux/arm64",
          "--file", "/project/Dockerfile.base", "--build-arg", "A=1", "--label", "b=2", "--tag",
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
                                      "--label",
                                      "b=2",
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
