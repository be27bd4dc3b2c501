#include "publisher/release/run_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temp_folder.h"

namespace drydock::publisher {
namespace {

using drydock::testing::TempFolder;
using ::testing::HasSubstr;

RunState Example() {
  RunState state;
  state.image = "joakimp/opencode-devbox";
  state.tag = "v1.15.12";
  state.commit = std::string(40, 'a');
  state.base_tag = "base-0123456789ab";
  state.versions = {{"OMOS_VERSION", "1.0.9"}};
  state.begun = {"v1.15.12", "v1.15.12-omos"};
  state.published = {{"v1.15.12", "sha256:" + std::string(64, '0')}};
  return state;
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST(RunState, ComesBackFromItsText) {
  const auto back = ParseRunState(ToJson(Example()), "state");
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(*back, Example());
  const auto empty = ParseRunState(ToJson(RunState{}), "state");
  ASSERT_TRUE(empty) << empty.error().message();
  EXPECT_EQ(*empty, RunState{});
}

TEST(RunState, RefusesWhatIsNone) {
  const std::string good = ToJson(Example());
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), good.substr(0, good.size() / 2),
        std::string(R"({"drydock-run-state": 2, "image": "a/b", "tag": "v1.0.0", "commit": "",
                        "base-tag": "", "versions": {}, "begun": [], "published": {}})"),
        std::string(R"({"drydock-run-state": 1, "image": "a/b", "tag": "v1.0.0", "commit": "",
                        "base-tag": "", "versions": {"A": 1}, "begun": [], "published": {}})")}) {
    const auto read = ParseRunState(text, "state.json");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), ErrorCode::kInvalid);
    EXPECT_THAT(read.error().message(), HasSubstr("state.json:"));
  }
}

TEST(FileRunStateStore, HasNothingAtFirstAndMakesItsFolder) {
  const TempFolder scratch;
  FileRunStateStore store(scratch.path().string() + "/drydock/deep/v1.15.12.json");
  const auto before = store.Load();
  ASSERT_TRUE(before) << before.error().message();
  EXPECT_FALSE(before->has_value());
  ASSERT_TRUE(store.Save(Example()));
  const auto after = store.Load();
  ASSERT_TRUE(after) << after.error().message();
  EXPECT_EQ(**after, Example());
}

TEST(FileRunStateStore, KeepsTheOldStateWhenTheNewOneCannotBeWritten) {
  const TempFolder scratch;
  const std::string path = scratch.path().string() + "/state.json";
  FileRunStateStore store(path);
  ASSERT_TRUE(store.Save(Example()));
  // A folder where the new text would go: what a full disk does, for root as well.
  std::filesystem::create_directories(path + ".new/in-the-way");
  RunState next = Example();
  next.published.clear();
  EXPECT_FALSE(store.Save(next));
  const auto kept = store.Load();
  ASSERT_TRUE(kept);
  EXPECT_EQ(**kept, Example());
}

// A crash at any byte of writing leaves a torn file beside the state, never in its place.
TEST(FileRunStateStore, SurvivesACrashWhileWriting) {
  const TempFolder scratch;
  const std::string path = scratch.path().string() + "/state.json";
  FileRunStateStore store(path);
  ASSERT_TRUE(store.Save(Example()));
  RunState next = Example();
  next.begun.insert("v1.15.12-with-pi");
  const std::string text = ToJson(next);
  for (std::size_t cut = 0; cut <= text.size(); cut += 7) {
    std::ofstream(path + ".new", std::ios::trunc) << text.substr(0, cut);
    const auto loaded = store.Load();
    ASSERT_TRUE(loaded) << "cut at " << cut;
    EXPECT_EQ(**loaded, Example());
  }
  ASSERT_TRUE(store.Save(next)) << "what a crash left behind is in the way";
  EXPECT_EQ(**store.Load(), next);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(FileRunStateStore, ReplacesTheFileAndNeverWritesInIt) {
  const TempFolder scratch;
  const std::string path = scratch.path().string() + "/state.json";
  FileRunStateStore store(path);
  ASSERT_TRUE(store.Save(Example()));
  const std::string before = ReadText(path);
  // A second name for the file that was there: it must keep the old text.
  std::filesystem::create_hard_link(path, scratch.path().string() + "/old");
  RunState next = Example();
  next.tag = "v1.15.13";
  ASSERT_TRUE(store.Save(next));
  EXPECT_EQ(ReadText(scratch.path().string() + "/old"), before);
  EXPECT_NE(ReadText(path), before);
}

TEST(FileRunStateStore, SaysWhichFileIsBroken) {
  const TempFolder scratch;
  const std::string path = scratch.path().string() + "/state.json";
  std::ofstream(path) << "{ half";
  FileRunStateStore store(path);
  const auto loaded = store.Load();
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message(), HasSubstr(path));
  EXPECT_EQ(store.Describe(), path);
}

TEST(MemoryRunStateStore, KeepsWhatAFileWould) {
  MemoryRunStateStore store;
  EXPECT_FALSE(store.Load()->has_value());
  ASSERT_TRUE(store.Save(Example()));
  EXPECT_EQ(**store.Load(), Example());
}

}  // namespace
}  // namespace drydock::publisher
