#include "publisher/hash/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;

TEST(RecipeTest, TheRunbookHashesFourInputsInOrder) {
  const Recipe recipe = RunbookRecipe();
  ASSERT_EQ(recipe.inputs.size(), 4U);
  EXPECT_EQ(std::get<FileInput>(recipe.inputs[0]).path, "Dockerfile.base");
  const auto& tree = std::get<TreeInput>(recipe.inputs[1]);
  EXPECT_EQ(tree.path, "rootfs");
  EXPECT_EQ(tree.excluded_folders, std::vector<std::string>{"__pycache__"});
  EXPECT_EQ(tree.excluded_files, (std::vector<std::string>{"*.pyc", ".DS_Store", "._*"}));
  EXPECT_EQ(std::get<FileInput>(recipe.inputs[2]).path, "entrypoint.sh");
  EXPECT_EQ(std::get<FileInput>(recipe.inputs[3]).path, "entrypoint-user.sh");
}

TEST(RecipeTest, TheShellTextIsTheRunbooksOwn) {
  EXPECT_EQ(ShellText(RunbookRecipe()),
            "{ cat 'Dockerfile.base' 2>/dev/null; "
            "find 'rootfs' -type f ! -path '*/__pycache__/*' ! -name '*.pyc' ! -name '.DS_Store' "
            "! -name '._*' -print0 2>/dev/null | sort -z | xargs -0 cat 2>/dev/null; "
            "cat 'entrypoint.sh' 2>/dev/null; cat 'entrypoint-user.sh' 2>/dev/null; } "
            "| sha256sum | cut -c1-12");
}

TEST(RecipeTest, LinesAreQuotedForTheShell) {
  const Recipe recipe = MakeRecipe("mine", "D", "t", {}, {"it's 5%"});
  EXPECT_THAT(ShellText(recipe), HasSubstr("printf '%s\\n' 'it'\\''s 5%';"));
}

struct NamedRow {
  std::string name;
  std::vector<std::string> lines;
  std::size_t inputs;   // 0: refused
  std::string refusal;  // a part of the message

  friend std::ostream& operator<<(std::ostream& out, const NamedRow& row) {
    return out << row.name << " with " << row.lines.size() << " lines";
  }
};

class NamedRecipeTest : public ::testing::TestWithParam<NamedRow> {};

TEST_P(NamedRecipeTest, KnowsItsNameAndItsLines) {
  const auto recipe = NamedRecipe(GetParam().name, GetParam().lines);
  ASSERT_EQ(recipe.ok(), GetParam().inputs > 0);
  if (recipe) {
    EXPECT_EQ(recipe->name, GetParam().name);
    EXPECT_EQ(recipe->inputs.size(), GetParam().inputs);
  } else {
    EXPECT_EQ(recipe.error().code(), ErrorCode::kInvalid);
    EXPECT_THAT(recipe.error().message(), HasSubstr(GetParam().refusal));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, NamedRecipeTest,
    ::testing::Values(
        NamedRow{"runbook", {}, 4, ""}, NamedRow{"runbook", {"x"}, 0, "takes 0 literal lines"},
        NamedRow{"runbook-2026-06", {"0123abc"}, 5, ""},
        NamedRow{"runbook-2026-06", {}, 0, "takes 1 literal lines, given: 0"},
        NamedRow{"pi-devbox", {}, 4, ""}, NamedRow{"pi-devbox", {"a", "b", "c"}, 7, ""},
        NamedRow{"runbok", {}, 0, "unknown name: runbok (did you mean runbook"},
        NamedRow{"docker", {}, 0, "expected one of runbook, runbook-2026-06, pi-devbox"}));

}  // namespace
}  // namespace drydock::publisher
