#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "core/rng.h"
#include "core/text.h"
#include "publisher/hash/base_hash.h"
#include "tests/support/child.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/hash/shell_recipe.h"

namespace drydock::publisher {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class GitSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(folder_.path() / "home");
    fs::create_directory(repo());
    Git({"init", "--quiet", "--initial-branch=main"});
  }

  std::string repo() const { return folder_.At("repo"); }

  void Git(std::vector<std::string> words, const std::string& at = "repo") {
    words.insert(words.begin(), {"git", "-C", folder_.At(at), "-c", "user.name=t", "-c",
                                 "user.email=t@example.com", "-c", "protocol.file.allow=always"});
    testing::Child git(words, {"HOME=" + folder_.At("home"), "GIT_CONFIG_NOSYSTEM=1"}, "git");
    ASSERT_EQ(git.Wait(), 0) << Join(words, " ") << git.err();
  }

  void Write(const std::string& name, std::string_view bytes) {
    folder_.Write("repo/" + name, bytes);
  }

  void WriteProject() {
    Write("Dockerfile.base", "FROM debian:12\n");
    Write("rootfs/etc/motd", "hello\n");
    Write("rootfs/etc.d/a", "a\n");
    Write("rootfs/etc-x", "x\n");
    Write("entrypoint.sh", "#!/bin/sh\n");
    Write("entrypoint-user.sh", "exec\n");
  }

  void Commit(const std::string& tag) {
    Git({"add", "--all"});
    Git({"commit", "--quiet", "--message", tag});
    Git({"tag", tag});
  }

  std::string CheckedOutHash(const std::string& ref) {
    const std::string tree = folder_.At("checkout-" + ref);
    Git({"worktree", "add", "--quiet", "--detach", tree, ref});
    return ShellHash(tree, RunbookRecipe());
  }

  void ExpectRefusal(const std::string& ref, ErrorCode code, const std::string& words) {
    const auto hash = HashGitRef(repo(), ref, RunbookRecipe());
    ASSERT_FALSE(hash.ok()) << hash->Short();
    EXPECT_EQ(Name(hash.error().code()), Name(code));
    EXPECT_THAT(hash.error().message(), HasSubstr(words));
  }

  testing::TempFolder folder_;
};

TEST_F(GitSourceTest, ATagHashesAsItsCleanCheckout) {
  WriteProject();
  Commit("v1");
  Write("rootfs/etc/motd", "changed since\n");
  Write("rootfs/junk", "untracked\n");
  const auto hash = HashGitRef(repo(), "v1", RunbookRecipe());
  ASSERT_TRUE(hash.ok()) << hash.error().message();
  EXPECT_EQ(hash->Short(), CheckedOutHash("v1"));
  EXPECT_EQ(hash->files, 6U);
  EXPECT_NE(hash->Short(), HashTree(repo(), RunbookRecipe())->Short());
}

TEST_F(GitSourceTest, NamesOfCommitsOfEveryKind) {
  WriteProject();
  Commit("v1");
  Git({"tag", "--annotate", "--message", "annotated", "v1-annotated"});
  Git({"pack-refs", "--all"});
  Git({"gc", "--quiet"});
  const std::string expected = CheckedOutHash("v1");
  for (const char* ref : {"v1", "v1-annotated", "main", "HEAD", "refs/tags/v1", "v1^{commit}"}) {
    const auto hash = HashGitRef(repo(), ref, RunbookRecipe());
    ASSERT_TRUE(hash.ok()) << hash.error().message();
    EXPECT_EQ(hash->Short(), expected) << ref;
  }
}

// What only changes line endings; the others may be refused.
const std::vector<std::string> kEndings = {"text",
                                           "-text",
                                           "text=auto",
                                           "eol=crlf",
                                           "eol=lf",
                                           "text eol=crlf",
                                           "text=auto eol=crlf",
                                           "binary",
                                           "crlf",
                                           "-crlf",
                                           "!text",
                                           "!eol",
                                           "crlf=input",
                                           "dos",
                                           "-dos",
                                           "text=input",
                                           "bad/name eol=crlf",
                                           "text eol=crlf -text"};
const std::vector<std::string> kOthers = {"ident",
                                          "-ident",
                                          "filter=x",
                                          "-filter",
                                          "working-tree-encoding=UTF-16LE",
                                          "eol=crlf",
                                          "text=auto",
                                          "ident eol=crlf",
                                          "!filter !ident",
                                          "working-tree-encoding=UTF-8",
                                          "text ident",
                                          "filter=lfs diff=lfs merge=lfs -text"};

// Makes commits of random files and attributes, and hashes them beside their checkouts.
class GeneratedCommitsTest : public GitSourceTest {
 protected:
  // First the contents, as they are, and only then what git may make of them.
  void Generate(const std::string& tag, const std::vector<std::string>& settings) {
    static const std::vector<std::string> kNames = {"a.sh", "b.txt", "c.bin", "d", "e.sh.bak"};
    static const std::vector<std::string> kContents = {
        "one\ntwo\n", "one\r\ntwo\r\n",          "one\r\ntwo\n", "one\rtwo\n", "",
        "\n",         std::string("bin\0\n", 5), "no end",       "at $Id$\n",  "at $Id: 12 $\n",
        "in $Idaho\n"};
    static const std::vector<std::string> kPatterns = {
        "*", "*.sh", "/rootfs/**", "**/sub/*", "rootfs/*.txt", "sub/", "[a-c].*", "sub/a.sh", "d"};
    static const std::vector<std::string> kAttributes = {".gitattributes", "rootfs/.gitattributes",
                                                         "rootfs/sub/.gitattributes"};
    const auto pick = [&](const auto& from) { return from[rng_.Below(from.size())]; };
    for (const std::string& attributes : kAttributes) {
      fs::remove(fs::path(repo()) / attributes);
    }
    for (const std::string& name : kNames) {
      Write("rootfs/" + name, pick(kContents));
      Write("rootfs/sub/" + name, pick(kContents));
    }
    Write("entrypoint.sh", pick(kContents));
    Commit(tag + "-plain");
    for (const std::string& attributes : kAttributes) {
      std::string text = rng_.Below(2) == 0 ? "[attr]dos text eol=crlf\n" : "";
      for (std::uint64_t line = rng_.Below(4); line > 0; --line) {
        text += Concat({pick(kPatterns), " ", pick(settings), rng_.Below(4) == 0 ? "\r\n" : "\n"});
      }
      Write(attributes, text);
    }
    Git({"add", ".gitattributes", "rootfs/.gitattributes", "rootfs/sub/.gitattributes"});
    Git({"commit", "--quiet", "--allow-empty", "--message", tag});
    Git({"tag", tag});
  }

  Rng rng_{20260528};
};

TEST_F(GeneratedCommitsTest, WhateverTheAttributesSayOfLineEndings) {
  WriteProject();
  Commit("v0");
  for (int round = 1; round <= 5; ++round) {
    const std::string tag = "v" + std::to_string(round);
    Generate(tag, kEndings);
    const auto hash = HashGitRef(repo(), tag, RunbookRecipe());
    ASSERT_TRUE(hash.ok()) << hash.error().message();
    EXPECT_EQ(hash->Short(), CheckedOutHash(tag)) << "round " << round;
  }
}

TEST_F(GeneratedCommitsTest, WhateverElseTheySayIsAppliedOrRefusedByName) {
  WriteProject();
  Commit("v0");
  int applied = 0;
  int refused = 0;
  for (int round = 1; round <= 8; ++round) {
    const std::string tag = "v" + std::to_string(round);
    Generate(tag, kOthers);
    const auto hash = HashGitRef(repo(), tag, RunbookRecipe());
    if (hash.ok()) {
      ++applied;
      EXPECT_EQ(hash->Short(), CheckedOutHash(tag)) << "round " << round;
    } else {
      ++refused;
      EXPECT_EQ(Name(hash.error().code()), Name(ErrorCode::kInvalid));
      EXPECT_THAT(hash.error().message(), HasSubstr("(.gitattributes: "));
    }
  }
  EXPECT_GT(applied, 0);
  EXPECT_GT(refused, 0);
}

TEST_F(GitSourceTest, WhatACheckoutMayChangeIsRefusedByName) {
  WriteProject();
  Write("rootfs/large.bin", "version https://git-lfs.github.com/spec/v1\n");
  Commit("v0");
  Write("rootfs/.gitattributes", "*.bin filter=lfs -text\n");
  Commit("v-filter");
  ExpectRefusal("v-filter", ErrorCode::kInvalid, "rootfs/large.bin (.gitattributes: filter=lfs)");
  Write("rootfs/.gitattributes", "etc/motd working-tree-encoding=UTF-16\n");
  Git({"add", "rootfs/.gitattributes"});
  Git({"commit", "--quiet", "--message", "encoding"});
  ExpectRefusal("HEAD", ErrorCode::kInvalid,
                "rootfs/etc/motd (.gitattributes: working-tree-encoding=UTF-16)");
  Write("rootfs/.gitattributes", "* ident\n");
  Write("rootfs/etc/motd", "mine: $Id$\n");
  Commit("v-ident");
  ExpectRefusal("v-ident", ErrorCode::kInvalid, "would expand $Id$");
  // Where there is nothing to expand, nothing is refused.
  Write("rootfs/etc/motd", "mine\n");
  Commit("v-no-ident");
  EXPECT_EQ(HashGitRef(repo(), "v-no-ident", RunbookRecipe())->Short(),
            CheckedOutHash("v-no-ident"));
}

TEST_F(GitSourceTest, OnlyTheCommitsOwnAttributesCount) {
  WriteProject();
  Commit("v1");
  const std::string expected = CheckedOutHash("v1");
  Write(".gitattributes", "* eol=crlf\n");
  Write("rootfs/.gitattributes", "* eol=crlf\n");
  folder_.Write("repo/.git/info/attributes", "* eol=crlf\n");
  Git({"config", "core.autocrlf", "true"});
  EXPECT_EQ(HashGitRef(repo(), "v1", RunbookRecipe())->Short(), expected);
}

TEST_F(GitSourceTest, WhatTheCommitLacksIsNamed) {
  WriteProject();
  Commit("v0");
  Git({"rm", "--quiet", "entrypoint-user.sh"});
  Commit("v-no-entrypoint");
  ExpectRefusal("v-no-entrypoint", ErrorCode::kNotFound,
                "missing input in the commit: entrypoint-user.sh");
  const auto compat = HashGitRef(repo(), "v-no-entrypoint", RunbookRecipe(), {.compat = true});
  ASSERT_TRUE(compat.ok());
  EXPECT_EQ(compat->Short(), CheckedOutHash("v-no-entrypoint"));
  EXPECT_EQ(compat->skipped.size(), 1U);
  ExpectRefusal("v9.9.9", ErrorCode::kNotFound, "no such tag, branch or commit: v9.9.9");
  ExpectRefusal("v0:Dockerfile.base", ErrorCode::kInvalid, "not a commit: v0:Dockerfile.base");
}

TEST_F(GitSourceTest, LinksDoNotCountInTheTreeAndAreRefusedAsInputs) {
  WriteProject();
  fs::create_symlink("motd", repo() + "/rootfs/etc/link");
  Commit("v1");
  EXPECT_EQ(HashGitRef(repo(), "v1", RunbookRecipe())->Short(), CheckedOutHash("v1"));
  fs::rename(repo() + "/entrypoint.sh", repo() + "/real.sh");
  fs::create_symlink("real.sh", repo() + "/entrypoint.sh");
  Commit("v2");
  ExpectRefusal("v2", ErrorCode::kInvalid, "a link in the commit");
  fs::rename(repo() + "/rootfs", repo() + "/other");
  fs::create_symlink("other", repo() + "/rootfs");
  Commit("v3");
  ExpectRefusal("v3", ErrorCode::kInvalid, "the tree is a link");
}

TEST_F(GitSourceTest, ASubmoduleInTheTreeIsNamed) {
  WriteProject();
  Commit("v1");
  Git({"submodule", "--quiet", "add", "./", "rootfs/module"});
  Commit("v2");
  ExpectRefusal("v2", ErrorCode::kInvalid, "a submodule");
  const auto compat = HashGitRef(repo(), "v2", RunbookRecipe(), {.compat = true});
  ASSERT_TRUE(compat.ok()) << compat.error().message();
  EXPECT_EQ(compat->Short(), CheckedOutHash("v2"));
}

TEST_F(GitSourceTest, BareRepositoriesAndFoldersWithinOne) {
  WriteProject();
  Commit("v1");
  const std::string expected = CheckedOutHash("v1");
  Git({"clone", "--quiet", "--bare", repo(), folder_.At("bare.git")});
  EXPECT_EQ(HashGitRef(folder_.At("bare.git"), "v1", RunbookRecipe())->Short(), expected);
  EXPECT_EQ(HashGitRef(folder_.At("checkout-v1"), "v1", RunbookRecipe())->Short(), expected);
  for (const char* name : {"Dockerfile.base", "rootfs", "entrypoint.sh", "entrypoint-user.sh"}) {
    Git({"mv", name, "devbox-" + std::string(name)});
  }
  fs::create_directories(repo() + "/images/devbox");
  for (const char* name : {"Dockerfile.base", "rootfs", "entrypoint.sh", "entrypoint-user.sh"}) {
    Git({"mv", "devbox-" + std::string(name), "images/devbox/" + std::string(name)});
  }
  Commit("v2");
  EXPECT_EQ(HashGitRef(repo() + "/images/devbox", "v2", RunbookRecipe())->Short(), expected);
}

TEST_F(GitSourceTest, WhatIsNoRepositoryIsNamed) {
  fs::create_directory(folder_.At("plain"));
  const auto none = HashGitRef(folder_.At("plain"), "v1", RunbookRecipe());
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(none.error().message(), HasSubstr("no git repository: " + folder_.At("plain")));
  fs::create_directory(folder_.At("sha256"));
  Git({"init", "--quiet", "--object-format=sha256"}, "sha256");
  const auto sha256 = HashGitRef(folder_.At("sha256"), "HEAD", RunbookRecipe());
  ASSERT_FALSE(sha256.ok());
  EXPECT_THAT(sha256.error().message(), HasSubstr("names its objects by SHA-256"));
}

// As `git clone --filter` and `git sparse-checkout` leave a repository.
TEST_F(GitSourceTest, ExtensionsThatDoNotConcernObjectsAreNoHindrance) {
  WriteProject();
  Commit("v1");
  const std::string expected = CheckedOutHash("v1");
  Git({"config", "core.repositoryformatversion", "1"});
  Git({"config", "extensions.worktreeConfig", "true"});
  Git({"config", "extensions.partialClone", "origin"});
  Git({"config", "extensions.preciousObjects", "true"});
  const auto hash = HashGitRef(repo(), "v1", RunbookRecipe());
  ASSERT_TRUE(hash.ok()) << hash.error().message();
  EXPECT_EQ(hash->Short(), expected);
  folder_.Write("repo/.git/config",
                "[core]\nrepositoryformatversion = 1\n[extensions]\nnewerThanThis = 1\n");
  ExpectRefusal("v1", ErrorCode::kNotFound, "extensions.newerthanthis");
}

TEST_F(GitSourceTest, SomebodyElsesRepositoryIsSaidToBeThat) {
  WriteProject();
  Commit("v1");
  if (::geteuid() != 0) {
    GTEST_SKIP() << "giving files away needs root";
  }
  ASSERT_EQ(::chown(repo().c_str(), 65534, 65534), 0);
  ASSERT_EQ(::chown((repo() + "/.git").c_str(), 65534, 65534), 0);
  ExpectRefusal("v1", ErrorCode::kDenied, "belongs to another user");
}

TEST_F(GitSourceTest, ABrokenObjectIsNamed) {
  WriteProject();
  Commit("v1");
  testing::Child name({"git", "-C", repo(), "rev-parse", "v1:rootfs/etc/motd"}, {}, "git");
  ASSERT_EQ(name.Wait(), 0);
  const std::string id(Trim(name.out()));
  const std::string object = Concat({".git/objects/", id.substr(0, 2), "/", id.substr(2)});
  ASSERT_TRUE(fs::remove(fs::path(repo()) / object));
  ExpectRefusal("v1", ErrorCode::kNotFound, "cannot read file of the commit: rootfs/etc/motd");
  Write(object, "no zlib stream");
  ExpectRefusal("v1", ErrorCode::kNotFound, "cannot read file of the commit: rootfs/etc/motd");
}

}  // namespace
}  // namespace drydock::publisher
