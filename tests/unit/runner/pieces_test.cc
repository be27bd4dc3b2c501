// The smaller pieces a play is made of: upstream images, npm inside a build, the project.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/digest.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "publisher/hash/git_project.h"
#include "publisher/release/forge.h"
#include "publisher/release/release_file.h"
#include "scenarios/runner/generated_files.h"
#include "scenarios/runner/npm_install.h"
#include "scenarios/runner/premises.h"
#include "scenarios/runner/project.h"
#include "scenarios/runner/stage.h"
#include "scenarios/runner/temporary_folder.h"
#include "scenarios/runner/upstream.h"

namespace drydock::scenarios {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

TEST(UpstreamTest, FindsWhatAProjectBuildsFrom) {
  const auto folder = TemporaryFolder::Make("drydock-test");
  ASSERT_TRUE(folder.ok());
  const std::string path = folder->path() + "/Dockerfile";
  std::ofstream(path) << "# FROM commented:1\n"
                         "FROM --platform=$BUILDPLATFORM golang:1.22 AS build\n"
                         "FROM build\n"
                         "from debian:12-slim\n"
                         "FROM ${BASE_IMAGE}\n"
                         "FROM ghcr.io/a/b:1\n"
                         "FROM untagged\n";
  EXPECT_THAT(UpstreamImages({path, folder->path() + "/missing"}),
              ElementsAre("debian:12-slim", "golang:1.22"));
}

TEST(UpstreamTest, PutsAnIndexWithEveryPlatform) {
  simulator::Store store;
  PutUpstreamImage(store, "debian:12-slim", {"linux/amd64", "linux/arm/v7"});
  const auto digest = store.FindTag("library/debian", "12-slim");
  ASSERT_TRUE(digest);
  const auto* index = store.FindManifest("library/debian", *digest);
  ASSERT_NE(index, nullptr);
  ASSERT_EQ(index->manifests.size(), 2U);
  const auto* child = store.FindManifest("library/debian", index->manifests[1]);
  ASSERT_NE(child, nullptr);
  const auto manifest = json::Parse(*child->bytes, "manifest");
  ASSERT_TRUE(manifest.ok());
  for (const char* pointer : {"/config/digest", "/layers/0/digest"}) {
    const auto blob = Digest::Parse(*manifest->At(pointer)->as_string());
    ASSERT_TRUE(blob.ok());
    EXPECT_NE(store.FindBlob("library/debian", *blob), nullptr) << pointer;
  }
}

TEST(TemporaryFolderTest, GoesWithItsValue) {
  std::string path;
  {
    auto folder = TemporaryFolder::Make("drydock-test");
    ASSERT_TRUE(folder.ok());
    path = folder->path();
    std::ofstream(path + "/file") << "x";
    const TemporaryFolder moved = std::move(*folder);
    EXPECT_TRUE(fs::exists(path));
  }
  EXPECT_FALSE(fs::exists(path));
}

class NpmTest : public ::testing::Test {
 protected:
  // Asks as an actor of the stage's world.
  std::string Install(const std::string& package, const std::string& version) {
    std::string complaint = "never ran";
    Ask([&](Transport& transport) {
      const auto result = NpmInstall(transport, "https://npm.example", package, version);
      complaint = result ? *result : result.error().message();
    });
    return complaint;
  }

  std::string View(const std::string& package) {
    std::string version = "never ran";
    Ask([&](Transport& transport) {
      version = *NpmView(transport, "https://npm.example", package);
    });
    return version;
  }

  void Ask(const std::function<void(Transport&)>& body) {
    StageSpec spec;
    spec.npm_registry = "https://npm.example";
    spec.owner = "owner";
    spec.npm = {
        {{"@scope/omos", "1.0.7", {{"sdk", "1.14.44"}, {"old", "^1.0"}}, std::nullopt}, true},
        {{"sdk", "1.14.43", {}, std::nullopt}, true},
        {{"sdk", "1.14.44", {}, late_ ? std::optional(TimePoint::max()) : std::nullopt}, false},
        {{"old", "1.0.0", {}, std::nullopt}, true}};
    Stage stage(spec);
    ASSERT_TRUE(stage.Furnish().ok());
    const auto transport = stage.internet().Connect(stage.world(), "192.0.2.1", "ci");
    stage.world().Spawn("ci", [&] { body(*transport); });
    ASSERT_TRUE(stage.world().Run().ok());
  }

  bool late_ = false;
};

TEST_F(NpmTest, InstallsAVersionWithItsDependencies) {
  EXPECT_EQ(Install("@scope/omos", "1.0.7"), "");
  EXPECT_EQ(Install("@scope/omos", "latest"), "");
  EXPECT_EQ(Install("@scope/omos", ""), "");
}

TEST_F(NpmTest, FailsOnADependencyWithoutATarball) {
  late_ = true;
  EXPECT_THAT(Install("@scope/omos", "1.0.7"), HasSubstr("npm error 404 Not Found - GET https://"));
}

TEST_F(NpmTest, FailsOnWhatDoesNotExist) {
  EXPECT_THAT(Install("@scope/omos", "9.9.9"), HasSubstr("ETARGET"));
  EXPECT_THAT(Install("nowhere", "1.0.0"), HasSubstr("E404"));
}

TEST_F(NpmTest, ViewGivesTheLatestVersionOrNothing) {
  EXPECT_EQ(View("@scope/omos"), "1.0.7");
  EXPECT_EQ(View("nowhere"), "");
}

class TemplateTest : public ::testing::TestWithParam<std::string> {};

// scenarios/projects/opencode-devbox-2026-05/release.json and its elder brother are what they say.
TEST_P(TemplateTest, IsAProjectThatCanBeReleased) {
  const std::string folder = Concat({DRYDOCK_SOURCE_DIR, "/scenarios/projects/", GetParam()});
  const auto release = publisher::ReadReleaseFile(folder + "/release.json");
  ASSERT_TRUE(release.ok()) << release.error().message();
  EXPECT_EQ(release->variants.size(), 4U);
  ProjectSpec spec;
  spec.folder = folder;
  spec.tag = "v1.0.0";
  const auto project = Project::Make(spec);
  ASSERT_TRUE(project.ok()) << project.error().message();
  const auto hash = BaseHashOf(project->folder(), *release);
  ASSERT_TRUE(hash.ok()) << hash.error().message();
  EXPECT_EQ(hash->size(), release->base ? 12U : 0U);
}

INSTANTIATE_TEST_SUITE_P(Templates, TemplateTest,
                         ::testing::Values("opencode-devbox-2026-05", "opencode-devbox-2026-05-09"),
                         [](const auto& each) { return ReplaceAll(each.param, "-", "_"); });

TEST(ProjectTest, WritesTheFilesThatAreDescribed) {
  ProjectSpec spec;
  spec.folder = Concat({DRYDOCK_SOURCE_DIR, "/scenarios/projects/prebuilt-large"});
  spec.tag = "v1.0.0";
  const auto project = Project::Make(spec);
  ASSERT_TRUE(project.ok()) << project.error().message();
  constexpr std::string_view kLayer =
      "5ac3a292d63f3368a4b9e40569228404d864c8f9ce55e8f4c3f674c2537c8f13";
  const auto bytes = ReadWholeFile(Concat({project->folder(), "/dist/app/blobs/sha256/", kLayer}));
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(Digest::Of(*bytes).hex(), kLayer);
  EXPECT_FALSE(ReadWholeFile(project->folder() + "/generated.json").ok());
}

TEST(ProjectTest, RefusesDescriptionsThatAreNone) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {R"({})", "missing key \"files\""},
      {R"({"files": 3})", "expected an array"},
      {R"({"files": [{"path": "a", "bytes": 1}]})", "missing key \"repeat\""},
      {R"({"files": [{"path": "../a", "bytes": 1, "repeat": "x"}]})", "below the project's folder"},
      {R"({"files": [{"path": "/a", "bytes": 1, "repeat": "x"}]})", "below the project's folder"},
      {R"({"files": [{"path": "a", "bytes": 0, "repeat": "x"}]})", "expected 1 to"},
      {R"({"files": [{"path": "a", "bytes": 99999999999, "repeat": "x"}]})", "expected 1 to"},
      {R"({"files": [{"path": "a", "bytes": 1, "repeat": ""}]})", "is empty"},
  };
  for (const auto& [text, complaint] : rows) {
    const auto folder = TemporaryFolder::Make("drydock-test");
    ASSERT_TRUE(folder.ok());
    std::ofstream(folder->path() + "/generated.json") << text;
    const Status written = WriteGeneratedFiles(folder->path());
    ASSERT_FALSE(written.ok()) << text;
    EXPECT_THAT(written.error().message(), HasSubstr(std::string(complaint))) << text;
  }
}

// The release before is the commit's parent, and its tag is there; links and modes are committed.
TEST(ProjectTest, HasTheReleaseBeforeInItsHistory) {
  ProjectSpec first;
  first.folder = Concat({DRYDOCK_SOURCE_DIR, "/scenarios/projects/opencode-devbox-2.0"});
  first.tag = "v1";
  first.files["only-then"] = "x\n";
  ProjectSpec next = first;
  next.tag = "v2";
  next.files.erase("only-then");
  next.modes["rootfs/usr/local/bin/render-config"] = "755";
  next.links["rootfs/etc/devbox/motd"] = "../motd";
  next.before = std::make_shared<const ProjectSpec>(first);
  const auto project = Project::Make(next);
  ASSERT_TRUE(project.ok()) << project.error().message();
  EXPECT_FALSE(std::filesystem::exists(project->folder() + "/only-then"));
  const auto facts = publisher::ReadRepositoryFacts(project->folder(), "v2");
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts->head_commit, facts->tag_commit);
  EXPECT_THAT(facts->dirty, ::testing::IsEmpty());
  const auto git = publisher::GitProject::Open(project->folder());
  ASSERT_TRUE(git.ok());
  EXPECT_EQ(git->LastTag().value(), "v1");
  std::vector<std::string> entries;
  const auto found = git->Entries("v2", publisher::RunbookRecipe());
  ASSERT_TRUE(found.ok());
  for (const auto& entry : *found) {
    entries.push_back(Concat({entry.path, entry.executable ? " x" : "", " ", entry.target}));
  }
  EXPECT_THAT(entries, ::testing::IsSupersetOf({"rootfs/usr/local/bin/render-config x ",
                                                "rootfs/etc/devbox/motd ../motd"}));
  next.modes = {{"rootfs/none", "644"}};
  EXPECT_THAT(Project::Make(next).error().message(),
              HasSubstr("\"modes\": there is no such file: \"rootfs/none\""));
}

TEST(ProjectTest, WritesNothingThroughALink) {
  const auto outside = TemporaryFolder::Make("drydock-test");
  ASSERT_TRUE(outside.ok());
  ProjectSpec spec;
  spec.folder = Concat({DRYDOCK_SOURCE_DIR, "/scenarios/projects/opencode-devbox-2.0"});
  spec.tag = "v1";
  spec.links["rootfs/out"] = outside->path();
  ASSERT_TRUE(Project::Make(spec).ok());
  for (auto* texts : {&spec.untracked, &spec.links}) {
    (*texts)["rootfs/out/x"] = "y";
    EXPECT_THAT(Project::Make(spec).error().message(),
                HasSubstr("leads through a link: \"rootfs/out/x\""));
    texts->erase("rootfs/out/x");
  }
  for (const char* name : {"Dockerfile.variant", "NEXT.md", "notes"}) {
    spec.links[name] = outside->path() + "/" + name;
  }
  spec.untracked["notes"] = "mine";
  spec.dirty = true;
  spec.head_at_tag = false;
  ASSERT_TRUE(Project::Make(spec).ok());
  EXPECT_TRUE(std::filesystem::is_empty(outside->path()));
}

TEST(ProjectTest, TheSameSpecGivesTheSameCommit) {
  ProjectSpec spec;
  spec.folder = Concat({DRYDOCK_SOURCE_DIR, "/scenarios/projects/opencode-devbox-2026-05"});
  spec.tag = "v1.0.0";
  const auto head = [&] {
    const auto project = Project::Make(spec);
    EXPECT_TRUE(project.ok());
    std::ifstream file(project->folder() + "/.git/refs/tags/v1.0.0");
    std::string id;
    file >> id;
    return id;
  };
  const std::string first = head();
  EXPECT_EQ(first.size(), 40U);
  EXPECT_EQ(head(), first);
  spec.files["rootfs/etc/devbox/motd"] = "other\n";
  EXPECT_NE(head(), first);
  spec.folder = "/nowhere";
  EXPECT_EQ(Project::Make(spec).error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace drydock::scenarios
