// Every hypothesis on a real project, with the expected value computed by the shell recipe.
#include "publisher/hash/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>

#include "core/text.h"
#include "publisher/hash/base_hash.h"
#include "tests/support/child.h"
#include "tests/unit/explain/project.h"

namespace drydock::publisher {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class ExplainTest : public ::testing::Test {
 protected:
  ExplainReport Explained(const std::string& expected, const Recipe& recipe = RunbookRecipe(),
                          const ExplainOptions& options = {}) {
    auto report = Explain(project_.Subject(), recipe, expected, options);
    if (!report) {
      ADD_FAILURE() << report.error().message();
      return {};
    }
    for (const Explanation& told : report->explanations) {
      EXPECT_EQ(told.digest.hex().substr(0, expected.size()), expected) << told.what;
      if (told.reproduce.starts_with("export ")) {
        EXPECT_EQ(project_.Shell(told.reproduce), expected) << told.reproduce;
      }
    }
    return *std::move(report);
  }

  // The one explanation there is.
  Explanation Only(const std::string& expected, const Recipe& recipe = RunbookRecipe()) {
    const ExplainReport report = Explained(expected, recipe);
    EXPECT_FALSE(report.matches);
    EXPECT_THAT(report.explanations, SizeIs(1));
    return report.explanations.empty() ? Explanation() : report.explanations.front();
  }

  Project project_;
};

TEST_F(ExplainTest, TheExpectedValueItself) {
  const ExplainReport report = Explained(project_.HashAfter("true"));
  EXPECT_TRUE(report.matches);
  EXPECT_THAT(report.explanations, IsEmpty());
}

TEST_F(ExplainTest, AFileThatGitDoesNotTrackIsNamed) {
  const std::string expected = project_.HashAfter("true");
  project_.Write("rootfs/etc/.motd.swp", "an editor's\n");
  const ExplainReport report = Explained(expected);
  ASSERT_THAT(report.explanations, SizeIs(2));
  EXPECT_EQ(report.explanations[0].kind, "untracked");
  EXPECT_THAT(report.explanations[0].paths, ElementsAre("rootfs/etc/.motd.swp"));
  EXPECT_THAT(report.explanations[0].what, HasSubstr("not tracked"));
  EXPECT_EQ(report.explanations[1].kind, "commit");
  EXPECT_THAT(report.explanations[1].what, HasSubstr("v1"));
}

TEST_F(ExplainTest, OneOfSeveralStraysWasCountedInCiToo) {
  project_.Write("rootfs/etc/generated", "by CI as well\n");
  const std::string expected = project_.HashAfter("true");
  project_.Write("rootfs/etc/debug.log", "ignored\n");
  EXPECT_THAT(Only(expected).paths, ElementsAre("rootfs/etc/debug.log"));
}

TEST_F(ExplainTest, TwoStraysAmongOthers) {
  project_.Write("rootfs/etc/generated", "by CI as well\n");
  project_.Write("rootfs/etc/generated.2", "by CI as well\n");
  const std::string expected = project_.HashAfter("true");
  project_.Write("rootfs/etc/a.log", "ignored\n");
  project_.Write("rootfs/etc/m.txt", "untracked\n");
  project_.Write("rootfs/usr/b", "untracked too, and in CI\n");
  const std::string with_b = project_.HashAfter("rm rootfs/etc/a.log rootfs/etc/m.txt");
  const Explanation told = Only(with_b);
  EXPECT_THAT(told.paths, UnorderedElementsAre("rootfs/etc/a.log", "rootfs/etc/m.txt"));
  EXPECT_EQ(told.kind, "untracked");
  EXPECT_NE(with_b, expected);
}

TEST_F(ExplainTest, AllStraysOfAFolder) {
  project_.Write("rootfs/usr/in-ci", "generated\n");
  const std::string expected = project_.HashAfter("true");
  for (const char* name : {"a", "b", "c"}) {
    project_.Write(Concat({"rootfs/node_modules/", name}), name);
  }
  EXPECT_THAT(Only(expected).paths, SizeIs(3));
}

struct ShellCase {
  const char* name;
  const char* in_ci;  // what makes CI's tree differ
  const char* kind;
  const char* words;
  const char* path;  // "" for none
};

class ExplainShellTest : public ExplainTest, public ::testing::WithParamInterface<ShellCase> {};

TEST_P(ExplainShellTest, IsFound) {
  const ShellCase& wanted = GetParam();
  const Explanation told = Only(project_.HashAfter(wanted.in_ci));
  EXPECT_EQ(told.kind, wanted.kind);
  EXPECT_THAT(told.what, HasSubstr(wanted.words));
  EXPECT_FALSE(told.advice.empty());
  if (*wanted.path != '\0') {
    EXPECT_THAT(told.paths, ElementsAre(wanted.path));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, ExplainShellTest,
    ::testing::Values(
        ShellCase{"AllCrlf", "find Dockerfile.base rootfs entry* -type f | xargs sed -i 's/$/\\r/'",
                  "line-endings", "CRLF for LF", ""},
        ShellCase{"OneCrlf", "sed -i 's/$/\\r/' rootfs/etc/motd", "content", "CRLF for LF",
                  "rootfs/etc/motd"},
        ShellCase{"Bom", "printf '\\357\\273\\277' | cat - entrypoint.sh > x; mv x entrypoint.sh",
                  "content", "byte-order mark", "entrypoint.sh"},
        ShellCase{"MissingNewline", "truncate -s -1 rootfs/etc/profile", "content",
                  "one newline less", "rootfs/etc/profile"},
        ShellCase{"ExtraNewline", "echo >> rootfs/etc/motd", "content", "one more newline",
                  "rootfs/etc/motd"},
        ShellCase{"Absent", "rm rootfs/usr/bin/run", "absent", "rootfs/usr/bin/run",
                  "rootfs/usr/bin/run"},
        ShellCase{"MissingEntrypoint", "rm entrypoint-user.sh", "absent", "entrypoint-user.sh",
                  "entrypoint-user.sh"},
        ShellCase{"TwoAbsent", "rm rootfs/etc/motd rootfs/Zebra", "absent", "rootfs/etc/motd", ""},
        ShellCase{"Entrypoints",
                  "mv entrypoint.sh x; mv entrypoint-user.sh entrypoint.sh; mv x "
                  "entrypoint-user.sh",
                  "order", "entrypoint-user.sh, entrypoint.sh", ""}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(ExplainTest, CrlfHereAndNotInCi) {
  const std::string expected = project_.HashAfter("true");
  project_.Shell("find Dockerfile.base rootfs entry* -type f | xargs sed -i 's/$/\\r/'");
  const ExplainReport report = Explained(expected);
  ASSERT_THAT(report.explanations, SizeIs(2));
  EXPECT_THAT(report.explanations[0].what, HasSubstr("LF for CRLF"));
  EXPECT_EQ(report.explanations[1].kind, "commit");
}

TEST_F(ExplainTest, FiltersThatWereOff) {
  project_.Write("rootfs/__pycache__/a.cpython.pyc", "code\n");
  project_.Write("rootfs/.DS_Store", "mac\n");
  Recipe unfiltered = RunbookRecipe();
  unfiltered.inputs[1] = TreeInput{"rootfs", {}, {}};
  const Explanation all = Only(project_.HashAfter("true", unfiltered));
  EXPECT_EQ(all.kind, "filters");
  EXPECT_THAT(all.paths,
              UnorderedElementsAre("rootfs/.DS_Store", "rootfs/__pycache__/a.cpython.pyc"));
  Recipe one_off = RunbookRecipe();
  one_off.inputs[1] = TreeInput{"rootfs", {"__pycache__"}, {"*.pyc", "._*"}};
  EXPECT_THAT(Only(project_.HashAfter("true", one_off)).what, HasSubstr(".DS_Store off"));
}

TEST_F(ExplainTest, RecipesOfOtherEras) {
  const std::string plain = project_.HashAfter("true");
  const auto june = NamedRecipe("runbook-2026-06", {"0123456789abcdef0123456789abcdef01234567"});
  EXPECT_THAT(Explained(plain, *june).explanations.front().what, HasSubstr("without any line"));
  const auto failed = NamedRecipe("runbook-2026-06", {"main"});
  const Explanation told = Only(project_.HashAfter("true", *failed));
  EXPECT_EQ(told.kind, "recipe");
  EXPECT_THAT(told.advice, HasSubstr("--line 'main'"));
  const auto lines = NamedRecipe("pi-devbox", {"c0ffee", "beef00", "1.2.3"});
  const auto others = NamedRecipe("pi-devbox", {"1.2.3", "c0ffee", "beef00"});
  EXPECT_THAT(Only(project_.HashAfter("true", *others), *lines).what,
              HasSubstr("1.2.3, c0ffee, beef00"));
}

TEST_F(ExplainTest, AnotherCommitIsNamedByItsTag) {
  const std::string first = project_.HashAfter("true");
  project_.Write("README.md", "no input\n");
  project_.Commit("v2");
  project_.Write("rootfs/etc/motd", "changed\n");
  project_.Commit("v3");
  const Explanation told = Only(first);
  EXPECT_EQ(told.kind, "commit");
  EXPECT_THAT(told.what, AllOf(HasSubstr("v1, v2"), HasSubstr("2 commits")));
  EXPECT_THAT(told.reproduce, HasSubstr("drydock hash --git "));
}

TEST_F(ExplainTest, AnotherCommitUnderAnotherErasRecipe) {
  const auto failed = NamedRecipe("runbook-2026-06", {"main"});
  const std::string expected = project_.HashAfter("true", *failed);
  project_.Write("rootfs/etc/motd", "changed\n");
  project_.Commit("v2");
  const Explanation told = Only(expected);
  EXPECT_EQ(told.kind, "commit");
  EXPECT_THAT(told.what, AllOf(HasSubstr("\"main\""), HasSubstr("of v1")));
}

TEST_F(ExplainTest, AProjectInAFolderOfItsRepository) {
  const testing::TempFolder above;
  project_.Shell(
      "mkdir -p sub && git mv Dockerfile.base rootfs entrypoint.sh entrypoint-user.sh sub");
  project_.Commit("moved");
  const HashSubject subject{project_.root() + "/sub", "", ""};
  const auto expected = HashTree(subject.root, RunbookRecipe());
  ASSERT_TRUE(expected.ok());
  project_.Write("sub/rootfs/stray", "stray\n");
  const auto report = Explain(subject, RunbookRecipe(), expected->Short());
  ASSERT_TRUE(report.ok()) << report.error().message();
  ASSERT_THAT(report->explanations, SizeIs(2));
  EXPECT_THAT(report->explanations[0].paths, ElementsAre("rootfs/stray"));
  EXPECT_THAT(report->explanations[1].what, HasSubstr("moved"));
}

// A locale made for the test.
TEST_F(ExplainTest, ALocalesOrderOfNames) {
  const std::string locales = project_.folder().At("locales");
  std::filesystem::create_directory(locales);
  testing::Child make({"localedef", "-i", "en_US", "-f", "UTF-8", locales + "/en_US.UTF-8"}, {},
                      "libc-bin and locales");
  ASSERT_EQ(make.Wait(), 0) << "install the package locales: " << make.err();
  ::setenv("LOCPATH", locales.c_str(), 1);
  const std::string expected = project_.HashAfter("true", RunbookRecipe(), "LC_ALL=en_US.UTF-8");
  EXPECT_NE(expected, project_.HashAfter("true"));
  const Explanation told = Only(expected);
  ::unsetenv("LOCPATH");
  EXPECT_EQ(told.kind, "collation");
  EXPECT_THAT(told.what, HasSubstr("en_US.UTF-8"));
}

TEST_F(ExplainTest, WhatWasTriedAndWhatIsNearest) {
  project_.Write("rootfs/etc/motd", "edited and not committed\n");
  const ExplainReport report = Explained("0123456789ab");
  EXPECT_FALSE(report.matches);
  EXPECT_FALSE(report.explained());
  EXPECT_THAT(report.attempts, SizeIs(::testing::Ge(9)));
  EXPECT_THAT(report.attempts, Contains(Field(&ExplainAttempt::what, HasSubstr("locale"))));
  ASSERT_TRUE(report.closest);
  EXPECT_EQ(report.closest->name, "v1");
  EXPECT_THAT(report.closest->differing, ElementsAre("rootfs/etc/motd"));
  EXPECT_TRUE(report.slip.empty()) << report.slip;
}

TEST_F(ExplainTest, MistypedDigits) {
  std::string expected = project_.HashAfter("true");
  std::swap(expected[3], expected[4]);
  if (expected[3] == expected[4]) {
    expected[3] = expected[3] == '0' ? '1' : '0';
  }
  EXPECT_THAT(Explained(expected).slip, HasSubstr("of 12 digits"));
}

TEST_F(ExplainTest, NoMoreThanTheEffortAllowed) {
  project_.Write("rootfs/large", std::string(1 << 20, 'x'));
  ExplainOptions options;
  options.effort = 5 << 20;
  const ExplainReport report = Explained("0123456789ab", RunbookRecipe(), options);
  EXPECT_LT(report.bytes_hashed, 8U << 20);
  EXPECT_THAT(report.attempts, Contains(Field(&ExplainAttempt::note, HasSubstr("effort"))));
}

TEST_F(ExplainTest, WhatTheRecipeLeavesOutSilentlyIsNoPlainMatch) {
  project_.Remove("entrypoint-user.sh");
  const ExplainReport report = Explained(project_.HashAfter("true"));
  EXPECT_FALSE(report.matches);
  EXPECT_THAT(report.skipped, SizeIs(1));
  ASSERT_THAT(report.explanations, SizeIs(1));
  EXPECT_EQ(report.explanations[0].kind, "left-out-silently");
}

TEST_F(ExplainTest, WithoutARepository) {
  project_.Remove(".git");
  const std::string expected = project_.HashAfter("rm rootfs/apple");
  EXPECT_EQ(Only(expected).kind, "absent");
}

TEST_F(ExplainTest, ACommitAndAnArchive) {
  const std::string expected = project_.HashAfter("rm rootfs/apple");
  project_.Shell("git archive -o ../v1.tar v1");
  for (const HashSubject& subject :
       {project_.At("v1"), HashSubject{".", "", project_.folder().At("v1.tar")}}) {
    const auto report = Explain(subject, RunbookRecipe(), expected);
    ASSERT_TRUE(report.ok()) << report.error().message();
    ASSERT_THAT(report->explanations, SizeIs(1));
    EXPECT_THAT(report->explanations[0].paths, ElementsAre("rootfs/apple"));
  }
}

TEST(ParseExpectedTest, DigitsWithAndWithoutWhatStandsBeforeThem) {
  EXPECT_EQ(*ParseExpected("base-ABCDEF012345"), "abcdef012345");
  EXPECT_EQ(*ParseExpected("sha256:" + std::string(64, 'a')), std::string(64, 'a'));
  for (const char* wrong : {"", "abc", "base-", "abcdef01234g", "abcdef01234"}) {
    EXPECT_FALSE(ParseExpected(wrong).ok()) << wrong;
  }
  EXPECT_FALSE(ParseExpected(std::string(65, 'a')).ok());
}

}  // namespace
}  // namespace drydock::publisher
