#include "publisher/release/forge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/text.h"
#include "publisher/build/child_process.h"
#include "publisher/release/preflight.h"
#include "tests/support/temp_folder.h"

namespace drydock::publisher {
namespace {

using drydock::testing::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What the checks that failed found and advise; "" when all passed.
std::string FailedChecks(const RepositoryFacts& facts, std::string_view tag) {
  std::string text;
  for (const PreflightCheck& check : CheckRepository(facts, tag, nullptr)) {
    text += check.result == CheckResult::kFailed ? Concat({check.found, "; ", check.remedy}) : "";
  }
  return text;
}

// A repository made by git itself, so that libgit2 is held against it.
class Clone : public ::testing::Test {
 protected:
  void SetUp() override {
    Git({"init", "-q"});
    Write("Dockerfile", "FROM scratch\n");
    Write(".gitignore", "*.swp\n");
    Git({"add", "."});
    Git({"commit", "-q", "-m", "first"});
  }

  std::string Git(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = {"git",
                                     "-C",
                                     folder(),
                                     "-c",
                                     "user.name=A",
                                     "-c",
                                     "user.email=a@example.test",
                                     "-c",
                                     "core.hooksPath=/dev/null"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const auto done = RunChild(argv, {});
    EXPECT_TRUE(done && done->exit_code == 0)
        << Join(arguments, " ") << ": " << (done ? done->diagnostics : done.error().message());
    return done ? std::string(Trim(done->output)) : "";
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder() + "/" + name) << text;
  }

  std::string folder() const { return scratch_.path().string(); }

  RepositoryFacts Facts(std::string_view tag) {
    auto facts = ReadRepositoryFacts(folder(), tag);
    EXPECT_TRUE(facts) << facts.error().message();
    return facts ? *facts : RepositoryFacts{};
  }

 private:
  TempFolder scratch_;
};

TEST_F(Clone, LightweightAndAnnotatedTagsLeadToTheirCommit) {
  Git({"tag", "v1.0.0"});
  Git({"tag", "-a", "-m", "b", "v1.0.0b"});
  const std::string head = Git({"rev-parse", "HEAD"});
  for (const char* tag : {"v1.0.0", "v1.0.0b"}) {
    const RepositoryFacts facts = Facts(tag);
    EXPECT_EQ(facts.tag_commit, head);
    EXPECT_EQ(facts.head_commit, head);
    EXPECT_THAT(facts.dirty, ElementsAre());
    EXPECT_EQ(FailedChecks(facts, tag), "");
  }
}

TEST_F(Clone, GitFolderIsAbsoluteAlsoFromASubfolder) {
  std::filesystem::create_directories(folder() + "/rootfs/etc");
  const auto facts = ReadRepositoryFacts(folder() + "/rootfs/etc", "v1.0.0");
  ASSERT_TRUE(facts) << facts.error().message();
  EXPECT_EQ(std::filesystem::canonical(facts->git_folder),
            std::filesystem::canonical(folder() + "/.git"));
  EXPECT_EQ(facts->git_folder.front(), '/');
  EXPECT_NE(facts->git_folder.back(), '/');
}

TEST_F(Clone, MissingTagNamesTheCommandThatMendsIt) {
  const RepositoryFacts facts = Facts("v1.0.0");
  EXPECT_EQ(facts.tag_commit, "");
  EXPECT_THAT(FailedChecks(facts, "v1.0.0"), HasSubstr("git fetch --tags"));
}

TEST_F(Clone, HeadBeyondTheTagIsRefused) {
  Git({"tag", "v1.0.0"});
  Write("more", "x");
  Git({"add", "."});
  Git({"commit", "-q", "-m", "second"});
  EXPECT_THAT(FailedChecks(Facts("v1.0.0"), "v1.0.0"), HasSubstr("git checkout v1.0.0"));
}

TEST_F(Clone, EveryKindOfChangeIsDirtyAndIgnoredFilesAreNot) {
  Git({"tag", "v1.0.0"});
  Write("ignored.swp", "x");
  EXPECT_THAT(Facts("v1.0.0").dirty, ElementsAre());
  Write("untracked", "x");
  EXPECT_THAT(Facts("v1.0.0").dirty, ElementsAre("untracked"));
  Git({"add", "untracked"});
  EXPECT_THAT(Facts("v1.0.0").dirty, ElementsAre("untracked"));
  Write("Dockerfile", "FROM other\n");
  EXPECT_THAT(Facts("v1.0.0").dirty, ElementsAre("Dockerfile", "untracked"));
  Git({"rm", "-q", "-f", "--cached", "untracked", "Dockerfile"});
  std::filesystem::remove(folder() + "/Dockerfile");
  EXPECT_THAT(Facts("v1.0.0").dirty, ElementsAre("Dockerfile", "untracked"));
  EXPECT_THAT(FailedChecks(Facts("v1.0.0"), "v1.0.0"), HasSubstr("Dockerfile, untracked"));
}

TEST_F(Clone, ManyDirtyPathsAreCutShort) {
  Git({"tag", "v1.0.0"});
  for (std::size_t i = 0; i < 2 * kDirtyPathsMax; ++i) {
    Write("file" + std::to_string(i), "x");
  }
  EXPECT_EQ(Facts("v1.0.0").dirty.size(), kDirtyPathsMax);
  EXPECT_THAT(FailedChecks(Facts("v1.0.0"), "v1.0.0"), HasSubstr("…"));
}

TEST_F(Clone, TheTagAtTheRemoteIsAskedOfGit) {
  EXPECT_EQ(ReadRemoteTag(folder(), "v1.0.0").error().code(), ErrorCode::kNotFound);
  const TempFolder elsewhere;
  const std::string remote = elsewhere.path().string() + "/remote.git";
  Git({"init", "-q", "--bare", remote});
  Git({"remote", "add", "origin", remote});
  Git({"tag", "-a", "-m", "one", "v1.0.0"});
  EXPECT_EQ(ReadRemoteTag(folder(), "v1.0.0")->commit, "");
  Git({"push", "-q", "origin", "v1.0.0"});
  const auto found = ReadRemoteTag(folder(), "v1.0.0");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->remote, "origin");
  EXPECT_EQ(found->commit, Git({"rev-parse", "HEAD"}));
  Git({"remote", "set-url", "origin", "http://me:hunter2@127.0.0.1:1/x.git"});
  const auto gone = ReadRemoteTag(folder(), "v1.0.0");
  EXPECT_EQ(gone.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(gone.error().message(), ::testing::Not(HasSubstr("hunter2")));
}

TEST_F(Clone, TagThatIsNoNameIsNotThere) { EXPECT_EQ(Facts("no such..tag").tag_commit, ""); }

TEST_F(Clone, TheReleaseTagAtHeadIsFoundUnlessThereAreTwo) {
  EXPECT_EQ(ReleaseTagAtHead(folder()).error().code(), ErrorCode::kNotFound);
  Git({"tag", "not-a-release"});
  EXPECT_EQ(ReleaseTagAtHead(folder()).error().code(), ErrorCode::kNotFound);
  Git({"tag", "-a", "-m", "x", "v1.0.0"});
  const auto one = ReleaseTagAtHead(folder());
  ASSERT_TRUE(one) << one.error().message();
  EXPECT_EQ(*one, "v1.0.0");
  Git({"tag", "v1.0.0b"});
  const auto two = ReleaseTagAtHead(folder());
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().code(), ErrorCode::kConflict);
  EXPECT_THAT(two.error().message(), HasSubstr("v1.0.0, v1.0.0b"));
}

TEST(Forge, NoRepositoryAndNoCommitAreTold) {
  const TempFolder scratch;
  const auto none = ReadRepositoryFacts(scratch.path().string(), "v1.0.0");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(RunChild({"git", "-C", scratch.path().string(), "init", "-q"}, {}));
  const auto unborn = ReadRepositoryFacts(scratch.path().string(), "v1.0.0");
  ASSERT_FALSE(unborn);
  EXPECT_EQ(unborn.error().code(), ErrorCode::kInvalid);
  EXPECT_THAT(unborn.error().message(), HasSubstr("HEAD names no commit yet"));
}

TEST(Forge, BareRepositoryIsRefused) {
  const TempFolder scratch;
  ASSERT_TRUE(RunChild({"git", "-C", scratch.path().string(), "init", "-q", "--bare"}, {}));
  const auto bare = ReadRepositoryFacts(scratch.path().string(), "v1.0.0");
  ASSERT_FALSE(bare);
  EXPECT_EQ(bare.error().code(), ErrorCode::kInvalid);
}

}  // namespace
}  // namespace drydock::publisher
