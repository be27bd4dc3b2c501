// What `drydock completion` and `drydock man` print, given to the programs it is for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/text.h"
#include "tests/support/child.h"

namespace drydock::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Done {
  int exit_code = 0;
  std::string out;
  std::string err;
};

Done RunProgram(const std::vector<std::string>& words, std::string_view package) {
  Child child(words, {}, package);
  Done run;
  run.exit_code = child.Wait(std::chrono::seconds(60));
  run.out = child.out();
  run.err = child.err();
  return run;
}

struct CompletionRow {
  std::string typed;  // the last word is being completed
  std::string offers;
  std::string leaves_out;
};

TEST(Completion, WorksInBash) {
  for (const CompletionRow& row : {CompletionRow{"drydock ha", "hash", "publish"},
                                   CompletionRow{"drydock --v", "--version", "hash"},
                                   CompletionRow{"drydock publish --re", "--resume", "--plan"},
                                   CompletionRow{"drydock scenario ch", "check", "--json"},
                                   CompletionRow{"drydock scenario check --j", "--json", "check"},
                                   CompletionRow{"drydock serve --sto", "--store", "--resume"}}) {
    const std::string count = std::to_string(Split(row.typed, ' ').size() - 1);
    const Done run = RunProgram(
        {"bash", "-c",
         Concat({"source <('", DRYDOCK_PROGRAM, "' completion bash); COMP_WORDS=(", row.typed,
                 "); COMP_CWORD=", count, "; _drydock; echo \"${COMPREPLY[@]}\""})},
        "bash");
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.err, IsEmpty());
    EXPECT_THAT(run.out, AllOf(HasSubstr(row.offers), Not(HasSubstr(row.leaves_out)))) << row.typed;
  }
}

TEST(Completion, RefusesAnotherShell) {
  const Done run = RunProgram({DRYDOCK_PROGRAM, "completion", "tcsh"}, "");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("tcsh"));
}

TEST(ManPage, IsSetWithoutAWarning) {
  const Done run = RunProgram(
      {"bash", "-c", Concat({"'", DRYDOCK_PROGRAM, "' man | groff -man -Tutf8 -ww -P -cbou"})},
      "groff-base");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.err, IsEmpty());
  for (const std::string_view words :
       {"DRYDOCK publish", "--resume", "DRYDOCK hash", "DRYDOCK scenario check", "Exit codes:"}) {
    EXPECT_THAT(run.out, HasSubstr(std::string(words)));
  }
}

}  // namespace
}  // namespace drydock::testing
