#include "publisher/hash/hash_cache.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "core/rng.h"
#include "core/text.h"
#include "publisher/hash/base_hash.h"
#include "tests/support/temp_folder.h"

namespace drydock::publisher {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kFuture = std::numeric_limits<std::int64_t>::max();

std::int64_t ChangedNs(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(::lstat(path.c_str(), &found), 0) << path;
  return std::int64_t{found.st_ctim.tv_sec} * 1'000'000'000 + found.st_ctim.tv_nsec;
}

class HashCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.Write("tree/Dockerfile.base", "FROM debian:12\n");
    folder_.Write("tree/entrypoint.sh", "#!/bin/sh\n");
    folder_.Write("tree/entrypoint-user.sh", "exec\n");
    Rng rng(7);
    for (int file = 0; file < 150; ++file) {
      folder_.Write(File(file), std::string(rng.Below(300), static_cast<char>('a' + file % 26)));
    }
    folder_.Write("tree/rootfs/3/large", std::string(3 << 20, 'L'));
    Age();
  }

  static std::string File(int file) {
    return Concat({"tree/rootfs/", std::to_string(file % 5), "/file-", std::to_string(file)});
  }

  std::string root() const { return folder_.At("tree"); }

  // Until what was written before can be told from what is written now, by its time stamp. Far
  // longer than a tick: the file system's clock and the program's are not always the same one.
  void Age() const {
    folder_.Write("probe", "");
    const std::int64_t start = ChangedNs(folder_.At("probe"));
    while (ChangedNs(folder_.At("probe")) < start + 150'000'000) {
      folder_.Write("probe", "x");
    }
  }

  BaseHash Hash() const {
    auto hash = HashTree(root(), recipe_, {.cache_folder = folder_.At("cache")});
    EXPECT_TRUE(hash.ok()) << hash.error().message();
    return hash ? *hash : BaseHash();
  }

  Digest Truth() const { return HashTree(root(), recipe_)->digest; }

  HashCache Cache() const { return HashCache(folder_.At("cache"), root(), recipe_); }

  testing::TempFolder folder_;
  Recipe recipe_ = RunbookRecipe();
};

TEST_F(HashCacheTest, AnUnchangedTreeIsNotReadAgain) {
  const BaseHash first = Hash();
  EXPECT_EQ(first.bytes_reused, 0U);
  EXPECT_EQ(first.digest, Truth());
  const BaseHash second = Hash();
  EXPECT_EQ(second.digest, first.digest);
  EXPECT_EQ(second.files, first.files);
  EXPECT_EQ(second.bytes, first.bytes);
  EXPECT_EQ(second.bytes_reused, first.bytes);
  EXPECT_THAT(second.notes, IsEmpty());
}

TEST_F(HashCacheTest, AChangeCostsOnlyWhatComesAfterIt) {
  Hash();
  folder_.Write("tree/rootfs/4/file-99", "changed");
  const BaseHash last = Hash();
  EXPECT_EQ(last.digest, Truth());
  EXPECT_GT(last.bytes_reused, last.bytes - 100'000) << "the large file comes before the change";
  EXPECT_LT(last.bytes_reused, last.bytes);
  Age();
  Hash();
  folder_.Write("tree/Dockerfile.base", "FROM debian:13\n");
  const BaseHash none = Hash();
  EXPECT_EQ(none.digest, Truth());
  EXPECT_EQ(none.bytes_reused, 0U);
}

TEST_F(HashCacheTest, OtherRecipesAndRootsDoNotShare) {
  Hash();
  const Recipe other = *NamedRecipe("runbook-2026-06", {"0123"});
  const auto hash = HashTree(root(), other, {.cache_folder = folder_.At("cache")});
  EXPECT_EQ(hash->bytes_reused, 0U);
  EXPECT_EQ(hash->digest, HashTree(root(), other)->digest);
  EXPECT_NE(HashCache("c", root(), recipe_).file(), HashCache("c", root(), other).file());
  EXPECT_NE(HashCache("c", root(), recipe_).file(), HashCache("c", "/", recipe_).file());
  EXPECT_EQ(HashCache("c", root() + "/../tree/", recipe_).file(),
            HashCache("c", root(), recipe_).file());
}

// A change so soon after the first hash that its time stamp may be the same.
TEST_F(HashCacheTest, AFreshFileIsNotTrusted) {
  for (int round = 0; round < 20; ++round) {
    folder_.Write("tree/rootfs/0/file-0", Concat({"before", std::to_string(round)}));
    Hash();
    folder_.Write("tree/rootfs/0/file-0", Concat({"after.", std::to_string(round)}));
    ASSERT_EQ(Hash().digest, Truth()) << round;
  }
}

class Mutator {
 public:
  Mutator(fs::path rootfs, Rng rng) : rootfs_(std::move(rootfs)), rng_(rng) {}

  // One change, described.
  std::string Mutate() {
    const fs::path file = AnyFile();
    switch (rng_.Below(11)) {
      case 0:
        EditInPlace(file);
        return "edited, size and time kept: " + file.string();
      case 1:
        fs::rename(file, file.parent_path() / Name());
        return "renamed: " + file.string();
      case 2:
        Write(file.parent_path() / Name(), "new");
        return "added beside " + file.string();
      case 3:
        fs::remove(file);
        return "removed: " + file.string();
      case 4:
        fs::last_write_time(file, fs::file_time_type::clock::now());
        return "touched: " + file.string();
      case 5:
        fs::remove(file);
        fs::create_symlink("file-1", file);
        return "replaced by a link: " + file.string();
      case 6:
        Replace(file);
        return "replaced, size and time kept: " + file.string();
      case 7:
        fs::permissions(file, fs::perms::owner_exec, fs::perm_options::add);
        return "made executable: " + file.string();
      case 8:
        Swap(file, AnyFile());
        return "swapped: " + file.string();
      case 9:
        fs::rename(file.parent_path(), rootfs_ / Name());
        return "folder renamed: " + file.parent_path().string();
      default:
        std::ofstream(file, std::ios::app | std::ios::binary) << "more";
        return "grown: " + file.string();
    }
  }

 private:
  fs::path AnyFile() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(rootfs_)) {
      if (entry.symlink_status().type() == fs::file_type::regular) {
        files.push_back(entry.path());
      }
    }
    std::sort(files.begin(), files.end());
    return files[rng_.Below(files.size())];
  }

  std::string Name() { return "n-" + rng_.Hex(3); }

  static void Write(const fs::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  std::string Scrambled(const fs::path& file) {
    return std::string(fs::file_size(file), static_cast<char>('A' + rng_.Below(26)));
  }

  void EditInPlace(const fs::path& file) {
    const auto time = fs::last_write_time(file);
    std::fstream(file, std::ios::in | std::ios::out | std::ios::binary) << Scrambled(file);
    fs::last_write_time(file, time);
  }

  void Replace(const fs::path& file) {
    const auto time = fs::last_write_time(file);
    const fs::path other = file.parent_path() / Name();
    Write(other, Scrambled(file));
    fs::last_write_time(other, time);
    fs::rename(other, file);
  }

  static void Swap(const fs::path& a, const fs::path& b) {
    if (a != b) {
      const fs::path aside = a.parent_path() / "aside";
      fs::rename(a, aside);
      fs::rename(b, a);
      fs::rename(aside, b);
    }
  }

  fs::path rootfs_;
  Rng rng_;
};

TEST_F(HashCacheTest, WhateverChangesTheHashIsThatOfAColdRun) {
  Mutator mutator(folder_.path() / "tree/rootfs", Rng(20260528));
  std::uint64_t reused = 0;
  Hash();
  for (int step = 0; step < 60; ++step) {
    std::string story = mutator.Mutate();
    if (step % 4 == 0) {
      story += ", " + mutator.Mutate();
    }
    const BaseHash warm = Hash();
    ASSERT_EQ(warm.digest, Truth()) << "step " << step << ": " << story;
    reused += warm.bytes_reused;
    if (step % 3 == 0) {
      Age();
      Hash();
    }
  }
  EXPECT_GT(reused, 0U) << "the cache was never of use: this proves nothing";
}

TEST_F(HashCacheTest, AFileThatIsNoCacheIsIgnoredWithANoteAndReplaced) {
  const Digest truth = Hash().digest;
  const std::string good = testing::ReadFile(Cache().file());
  const auto with = [&](std::size_t at, char byte) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ byte);
    return bytes;
  };
  struct Row {
    std::string bytes;
    std::string why;
  };
  const std::vector<Row> rows = {{"", "damaged"},
                                 {"x", "damaged"},
                                 {std::string(100, 'x'), "damaged"},
                                 {good.substr(0, good.size() - 1), "damaged"},
                                 {good.substr(0, good.size() / 2), "damaged"},
                                 {good + "x", "damaged"},
                                 {with(0, 1), "damaged"},
                                 {with(good.size() / 2, 64), "damaged"},
                                 {with(good.size() - 1, 1), "damaged"}};
  for (const Row& row : rows) {
    std::ofstream(Cache().file(), std::ios::binary) << row.bytes;
    const BaseHash hash = Hash();
    EXPECT_EQ(hash.digest, truth);
    EXPECT_EQ(hash.bytes_reused, 0U);
    EXPECT_THAT(hash.notes, ElementsAre(HasSubstr("cache: ignored, " + row.why)));
    EXPECT_EQ(testing::ReadFile(Cache().file()), good) << "not replaced";
  }
}

std::string Sealed(std::string bytes) {
  Sha256 sha256;
  sha256.Update(bytes);
  const auto raw = sha256.Raw();
  return bytes.append(reinterpret_cast<const char*>(raw.data()), raw.size());
}

TEST_F(HashCacheTest, AWholeFileOfAnotherKindIsIgnoredToo) {
  const Digest truth = Hash().digest;
  std::string body = testing::ReadFile(Cache().file());
  body.resize(body.size() - 32);
  std::string version = body;
  version[6] = 2;
  std::string root = body;
  root[17] = '!';  // in the key
  std::string count = body;
  count.resize(count.size() - 8);
  std::string state = body;
  state[state.size() - 70] = static_cast<char>(state[state.size() - 70] ^ 1);  // its byte count
  struct Row {
    std::string bytes;
    std::string why;
  };
  for (const Row& row :
       {Row{version, "written by another version"}, Row{root, "made for something else"},
        Row{count, "damaged"}, Row{state, "inconsistent"}}) {
    std::ofstream(Cache().file(), std::ios::binary) << Sealed(row.bytes);
    const BaseHash hash = Hash();
    EXPECT_EQ(hash.digest, truth);
    EXPECT_THAT(hash.notes, ElementsAre(HasSubstr("cache: ignored, " + row.why)));
  }
}

TEST_F(HashCacheTest, ALinkInItsPlaceIsNotFollowed) {
  Hash();
  fs::rename(Cache().file(), folder_.At("elsewhere"));
  fs::create_symlink(folder_.At("elsewhere"), Cache().file());
  EXPECT_THAT(Hash().notes, ElementsAre(HasSubstr("cache: ignored, not readable")));
}

TEST_F(HashCacheTest, VerifyingFindsALieAndRemovesIt) {
  Hash();
  HashOptions options{.cache_folder = folder_.At("cache"), .verify_cache = true};
  ASSERT_TRUE(HashTree(root(), recipe_, options).ok());
  std::vector<std::string> notes;
  Checkpoints checkpoints = *Cache().Load(notes);
  checkpoints.states.back().words[0] ^= 1;
  ASSERT_TRUE(Cache().Store(checkpoints, kFuture).ok());
  const auto lied = HashTree(root(), recipe_, options);
  ASSERT_FALSE(lied.ok());
  EXPECT_EQ(lied.error().code(), ErrorCode::kConflict);
  EXPECT_THAT(lied.error().message(), HasSubstr("the cache gave "));
  EXPECT_FALSE(fs::exists(Cache().file()));
  EXPECT_TRUE(HashTree(root(), recipe_, options).ok());
}

TEST_F(HashCacheTest, ACacheThatCannotBeWrittenIsANote) {
  folder_.Write("cache", "a file where the folder should be");
  const BaseHash hash = Hash();
  EXPECT_EQ(hash.digest, Truth());
  EXPECT_THAT(hash.notes, ElementsAre(HasSubstr("cache: ignored"), HasSubstr("not written")));
}

TEST_F(HashCacheTest, AFullDiskIsANoteAndLeavesNothing) {
  fs::create_directory(folder_.At("cache"));
  if (::geteuid() != 0) {
    GTEST_SKIP() << "mounting needs root";
  }
  ASSERT_EQ(::mount("tmpfs", folder_.At("cache").c_str(), "tmpfs", 0, "size=4k"), 0);
  for (int file = 1000; file < 3000; ++file) {
    folder_.Write(File(file), "x");
  }
  Age();
  const BaseHash hash = Hash();
  const bool nothing = fs::is_empty(folder_.At("cache"));
  ASSERT_EQ(::umount2(folder_.At("cache").c_str(), MNT_DETACH), 0);
  EXPECT_EQ(hash.digest, Truth());
  EXPECT_THAT(hash.notes, ElementsAre(HasSubstr("No space left on device")));
  EXPECT_TRUE(nothing);
}

TEST_F(HashCacheTest, RunsAtTheSameTimeAgree) {
  const Digest truth = Truth();
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::atomic<int> wrong = 0;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round) {
        const auto hash = HashTree(root(), recipe_, {.cache_folder = folder_.At("cache")});
        wrong += !hash.ok() || hash->digest != truth || !hash->notes.empty() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(Hash().bytes_reused, Hash().bytes);
}

TEST_F(HashCacheTest, KilledWhileStoringItLeavesAWholeFileOrNone) {
  Hash();
  std::vector<std::string> notes;
  const Checkpoints checkpoints = *Cache().Load(notes);
  Rng rng(3);
  for (int round = 0; round < 10; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;) {
        static_cast<void>(Cache().Store(checkpoints, kFuture));
      }
    }
    ASSERT_GT(child, 0);
    const std::int64_t before = ChangedNs(Cache().file());
    while (ChangedNs(Cache().file()) == before) {
    }
    for (std::uint64_t wait = rng.Below(2000); wait > 0; --wait) {
      ChangedNs(root());
    }
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    const auto loaded = Cache().Load(notes);
    ASSERT_TRUE(loaded.has_value());
    EXPECT_EQ(*loaded, checkpoints);
    EXPECT_THAT(notes, IsEmpty());
  }
}

}  // namespace
}  // namespace drydock::publisher
