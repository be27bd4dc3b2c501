// Files that change while a tree is read: a tree's settled files are looked at once, after reading.
#include "publisher/hash/tree_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/temp_folder.h"

namespace drydock::publisher {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Keeps the bytes, in rooms of 16, and does something at the start or after the first of them.
class KeepingSink : public ByteSink {
 public:
  Result<std::span<char>> Room() override {
    if (kept.empty() && at_start) {
      std::exchange(at_start, nullptr)();
    }
    return std::span<char>(bytes_);
  }
  void Filled(std::size_t count) override {
    kept.append(bytes_.data(), count);
    if (after_first) {
      std::exchange(after_first, nullptr)();
    }
  }

  std::function<void()> at_start;
  std::function<void()> after_first;
  std::string kept;

 private:
  std::array<char, 16> bytes_{};
};

class TreeSourceTest : public ::testing::TestWithParam<bool> {
 protected:
  void Write(const std::string& bytes) const { folder_.Write("tree/file", bytes); }

  // The parameter: the file is so old when the source is made that no change could hide.
  Result<std::optional<FileStamp>> Read(const std::string& bytes) {
    Write(bytes);
    const std::int64_t written = Changed();
    while (GetParam() && Changed("probe") < written + 150'000'000) {
      folder_.Write("probe", "x");
    }
    TreeSource source(*OpenRoot(folder_.path()), recipe_, false);
    Input input;
    EXPECT_TRUE(*source.Next(input));
    std::vector<std::string> skipped;
    return source.Read(input, sink_, skipped);
  }

  std::int64_t Changed(const std::string& name = "tree/file") const {
    struct stat found {};
    ::lstat(folder_.At(name).c_str(), &found);
    return std::int64_t{found.st_ctim.tv_sec} * 1'000'000'000 + found.st_ctim.tv_nsec;
  }

  testing::TempFolder folder_;
  Recipe recipe_{"one", {TreeInput{"tree", {}, {}}}};
  KeepingSink sink_;
};

TEST_P(TreeSourceTest, GivesAllBytesOnce) {
  for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 32U, 40U}) {
    sink_.kept.clear();
    const std::string bytes = std::string(size / 2, 'a') + std::string(size - size / 2, 'b');
    const auto read = Read(bytes);
    ASSERT_TRUE(read.ok()) << read.error().message();
    EXPECT_EQ((*read)->size, size);
    EXPECT_EQ((*read)->changed_ns, Changed());
    EXPECT_EQ(sink_.kept, bytes);
  }
}

TEST_P(TreeSourceTest, AChangeBeforeTheFirstByteCountsAsAWhole) {
  sink_.at_start = [&] { Write("after"); };
  const auto read = Read("before!");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(sink_.kept, "after");
  EXPECT_EQ((*read)->changed_ns, Changed());
}

TEST_P(TreeSourceTest, AChangeBetweenBytesIsNamed) {
  const std::vector<std::pair<const char*, std::function<void()>>> changes = {
      {"shortened", [&] { fs::resize_file(folder_.At("tree/file"), 20); }},
      {"grown", [&] { fs::resize_file(folder_.At("tree/file"), 41); }},
      {"in place, with its old time",
       [&] {
         const auto time = fs::last_write_time(folder_.At("tree/file"));
         Write(std::string(40, 'y'));
         fs::last_write_time(folder_.At("tree/file"), time);
       }},
  };
  for (const auto& [what, change] : changes) {
    sink_.after_first = change;
    const auto read = Read(std::string(40, 'x'));
    ASSERT_FALSE(read.ok()) << what;
    EXPECT_EQ(read.error().code(), ErrorCode::kConflict);
    EXPECT_THAT(read.error().message(), HasSubstr("changed while it was read: tree/file"));
  }
}

INSTANTIATE_TEST_SUITE_P(Ages, TreeSourceTest, ::testing::Bool(), [](const auto& tested) {
  return tested.param ? "Settled" : "JustWritten";
});

}  // namespace
}  // namespace drydock::publisher
