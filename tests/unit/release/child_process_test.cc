#include "publisher/build/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

namespace drydock::publisher {
namespace {

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

}  // namespace
}  // namespace drydock::publisher
