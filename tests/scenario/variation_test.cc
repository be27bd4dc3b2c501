// What must not change a journal: the order of files, how many are played at a time, the locale,
// the time zone, the user, the folder a program is started in and the one it puts its files in.
// Each way is a process of its own and plays the same files.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/text.h"
#include "scenarios/runner/batch.h"
#include "tests/scenario/plays.h"
#include "tests/support/child.h"
#include "tests/support/temp_folder.h"

namespace drydock::testing {
namespace {

// A few of every kind: CI with parallel jobs, drydock alone, prebuilt images, a kill.
std::vector<std::string> SomeFiles() {
  std::vector<std::string> files;
  for (const char* name :
       {"2026-05-28-cache-export-400-tag-present", "2026-05-09-npm-tarball-404",
        "killed-between-variants", "prebuilt-push-answers-that-lie", "prebuilt-push-killed"}) {
    files.push_back(Concat({DRYDOCK_SOURCE_DIR, "/scenarios/incidents/", name, ".json"}));
  }
  return files;
}

// The journal that `drydock replay` writes of the files, started by `starter`.
std::string JournalOf(const std::vector<std::string>& files, const std::vector<std::string>& flags,
                      const std::vector<std::string>& environment,
                      const std::vector<std::string>& starter = {}) {
  const TempFolder folder;
  const std::string journal = folder.At("journal.jsonl");
  std::vector<std::string> argv = starter;
  argv.insert(argv.end(), {DRYDOCK_PROGRAM, "replay", "--brief", "--journal", journal});
  argv.insert(argv.end(), flags.begin(), flags.end());
  argv.insert(argv.end(), files.begin(), files.end());
  Child replay(argv, environment);
  EXPECT_EQ(replay.Wait(std::chrono::seconds(120)), 0) << replay.out() << replay.err();
  return ReadFile(journal);
}

TEST(VariationTest, TheMachineChangesNothing) {
  const auto files = SomeFiles();
  const std::string usual = JournalOf(files, {}, {"TZ=UTC", "LC_ALL=C"});
  ASSERT_FALSE(usual.empty());
  const TempFolder elsewhere;
  const std::vector<std::vector<std::string>> environments = {
      {"TZ=Pacific/Kiritimati", "LC_ALL=C.UTF-8"},
      {"TZ=America/St_Johns", "LC_ALL=tr_TR.UTF-8", "LANG=de_DE.UTF-8"},
      {Concat({"TMPDIR=", elsewhere.path().string()}), "HOME=/nonexistent", "USER=somebody",
       "HOSTNAME=another", "GIT_AUTHOR_NAME=nobody", "GIT_CONFIG_GLOBAL=/nonexistent"},
  };
  for (const auto& environment : environments) {
    EXPECT_TRUE(JournalOf(files, {}, environment) == usual) << Join(environment, " ");
  }
  EXPECT_TRUE(std::filesystem::is_empty(elsewhere.path())) << "something was left behind";
}

// Other machines: memory laid out in another way, one processor, little room on the stack, files
// that nobody else may read, another folder to be started in.
TEST(VariationTest, HowItIsStartedChangesNothing) {
  const auto files = SomeFiles();
  const std::string usual = JournalOf(files, {}, {});
  ASSERT_FALSE(usual.empty());
  const std::vector<std::vector<std::string>> starters = {
      {"setarch", "-R"},
      {"sh", "-c", R"sh(exec taskset -c "$(taskset -cp $$ | grep -o '[0-9]*$')" "$@")sh", "sh"},
      {"sh", "-c", R"sh(ulimit -s 1024; umask 077; exec "$@")sh", "sh"},
      {"env", "-C", "/"},
  };
  for (const auto& starter : starters) {
    EXPECT_TRUE(JournalOf(files, {}, {}, starter) == usual) << Join(starter, " ");
  }
}

TEST(VariationTest, JobsChangeNothing) {
  const auto files = SomeFiles();
  const std::string usual = JournalOf(files, {}, {});
  for (const char* jobs : {"2", "7"}) {
    EXPECT_TRUE(JournalOf(files, {"-j", jobs}, {}) == usual) << "-j " << jobs;
  }
}

TEST(VariationTest, TheOrderChangesNothing) {
  std::vector<scenarios::Scenario> loaded;
  for (const std::string& file : SomeFiles()) {
    loaded.push_back(Load(file));
  }
  const auto play = [&](unsigned jobs) {
    std::map<std::string, std::string> journals;
    scenarios::RunOptions options;
    options.twin = false;
    options.script = false;
    std::size_t next = 0;
    scenarios::RunAll(loaded, options, jobs, [&](std::size_t index, auto outcome) {
      EXPECT_EQ(index, next++) << "told out of order";
      ASSERT_TRUE(outcome.ok());
      journals[outcome->file] = outcome->journal;
    });
    return journals;
  };
  const auto forward = play(1);
  EXPECT_EQ(forward.size(), loaded.size());
  std::reverse(loaded.begin(), loaded.end());
  EXPECT_TRUE(play(1) == forward);
  EXPECT_TRUE(play(3) == forward);
}

TEST(VariationTest, WhatCannotBePlayedIsToldInItsPlace) {
  std::vector<scenarios::Scenario> loaded = {Load(SomeFiles()[4]), Load(SomeFiles()[4])};
  std::get<scenarios::PublishStep>(loaded.front().steps.front().action).only = "nobody";
  std::vector<bool> played;
  scenarios::RunAll(loaded, {}, 2,
                    [&](std::size_t, auto outcome) { played.push_back(outcome.ok()); });
  EXPECT_EQ(played, (std::vector<bool>{false, true}));
}

}  // namespace
}  // namespace drydock::testing
