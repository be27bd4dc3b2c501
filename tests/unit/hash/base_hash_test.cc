#include "publisher/hash/base_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <ostream>

#include "core/text.h"
#include "publisher/hash/tree_source.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/hash/shell_recipe.h"

namespace drydock::publisher {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TempFolder;

// A small project that anyone may read.
void WriteProject(const TempFolder& folder) {
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  folder.Write("Dockerfile.base", "FROM debian:12\n");
  folder.Write("rootfs/etc/motd", "hello\n");
  folder.Write("rootfs/etc/profile.d/z.sh", "export A=1\r\n");
  folder.Write("rootfs/usr/bin/tool", std::string("\0\1\2", 3));
  folder.Write("entrypoint.sh", "#!/bin/sh\n");
  folder.Write("entrypoint-user.sh", "exec \"$@\"");
}

std::size_t Threads() {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator()));
}

TEST(BaseHashTest, EqualsTheRecipe) {
  const TempFolder folder;
  WriteProject(folder);
  const auto hash = HashTree(folder.path(), RunbookRecipe());
  ASSERT_TRUE(hash.ok()) << hash.error().message();
  EXPECT_EQ(hash->Short(), ShellHash(folder.path(), RunbookRecipe()));
  EXPECT_EQ(hash->files, 6U);
  EXPECT_EQ(hash->bytes, 15U + 6 + 12 + 3 + 10 + 9);
  EXPECT_TRUE(hash->skipped.empty());
}

TEST(BaseHashTest, LinesComeAtTheEndWithTheirNewline) {
  const TempFolder folder;
  WriteProject(folder);
  const Recipe recipe = *NamedRecipe("runbook-2026-06", {"4f2c1e\\n 'x'"});
  const auto hash = HashTree(folder.path(), recipe);
  ASSERT_TRUE(hash.ok());
  EXPECT_EQ(hash->Short(), ShellHash(folder.path(), recipe));
  EXPECT_NE(hash->Short(), HashTree(folder.path(), RunbookRecipe())->Short());
  EXPECT_EQ(hash->files, 6U);
}

// What the recipe silently leaves out: refused by name, or left out as well when asked to.
struct SilentRow {
  std::string name;
  std::function<void(const TempFolder&)> spoil;
  ErrorCode code;
  std::string refusal;
  RunAs user = RunAs::kMyself;
  std::size_t skipped = 1;

  friend std::ostream& operator<<(std::ostream& out, const SilentRow& row) {
    return out << row.name;
  }
};

class SilentSkipTest : public ::testing::TestWithParam<SilentRow> {};

TEST_P(SilentSkipTest, IsRefusedByNameOrFollowedOnRequest) {
  const TempFolder folder;
  WriteProject(folder);
  GetParam().spoil(folder);
  const std::size_t threads = Threads();
  std::optional<AsNobody> nobody;
  if (GetParam().user == RunAs::kNobody) {
    nobody.emplace();
  }
  const auto strict = HashTree(folder.path(), RunbookRecipe());
  const auto compat = HashTree(folder.path(), RunbookRecipe(), {.compat = true});
  nobody.reset();

  ASSERT_FALSE(strict.ok());
  EXPECT_EQ(Name(strict.error().code()), Name(GetParam().code));
  EXPECT_THAT(strict.error().message(), HasSubstr(GetParam().refusal));
  ASSERT_TRUE(compat.ok()) << compat.error().message();
  EXPECT_EQ(compat->Short(), ShellHash(folder.path(), RunbookRecipe(), GetParam().user));
  EXPECT_EQ(compat->skipped.size(), GetParam().skipped);
  if (!compat->skipped.empty()) {
    EXPECT_THAT(compat->skipped.front(), HasSubstr(GetParam().refusal));
  }
  EXPECT_EQ(Threads(), threads) << "a thread was left behind";
}

void Remove(const TempFolder& folder, std::string_view name) { fs::remove_all(folder.At(name)); }

void Mode(const TempFolder& folder, std::string_view name, mode_t mode) {
  ASSERT_EQ(::chmod(folder.At(name).c_str(), mode), 0);
}

// rootfs/ and then folders until a file in it has a path longer than cat can open.
void TooDeep(const TempFolder& folder) {
  const std::string step(200, 'd');
  std::string path = "rootfs";
  fs::path home = fs::current_path();
  fs::current_path(folder.path() / "rootfs");
  for (; path.size() < 4000; path += "/" + step) {
    fs::create_directory(step);
    fs::current_path(step);
  }
  TempFolder elsewhere;
  fs::copy_file(elsewhere.Write("f", "deep"), std::string(200, 'f'));
  fs::copy_file(elsewhere.At("f"), "ok");
  fs::current_path(home);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, SilentSkipTest,
    ::testing::Values(
        SilentRow{"NoDockerfile", [](const auto& at) { Remove(at, "Dockerfile.base"); },
                  ErrorCode::kNotFound, "missing input: Dockerfile.base"},
        SilentRow{"NoTree", [](const auto& at) { Remove(at, "rootfs"); }, ErrorCode::kNotFound,
                  "missing input: rootfs"},
        SilentRow{"NoEntrypoint", [](const auto& at) { Remove(at, "entrypoint-user.sh"); },
                  ErrorCode::kNotFound, "missing input: entrypoint-user.sh"},
        SilentRow{"DanglingLink",
                  [](const auto& at) {
                    Remove(at, "entrypoint.sh");
                    fs::create_symlink("nowhere", at.At("entrypoint.sh"));
                  },
                  ErrorCode::kNotFound, "missing input: entrypoint.sh"},
        SilentRow{"FolderForAFile",
                  [](const auto& at) {
                    Remove(at, "entrypoint.sh");
                    fs::create_directory(at.At("entrypoint.sh"));
                  },
                  ErrorCode::kInvalid, "a folder where a file is expected: entrypoint.sh"},
        SilentRow{"FileForTheTree",
                  [](const auto& at) {
                    Remove(at, "rootfs");
                    at.Write("rootfs", "not a folder");
                  },
                  ErrorCode::kInvalid, "a file where a folder is expected: rootfs", RunAs::kMyself,
                  0},
        SilentRow{"LinkForTheTree",
                  [](const auto& at) {
                    fs::rename(at.At("rootfs"), at.At("other"));
                    fs::create_symlink("other", at.At("rootfs"));
                  },
                  ErrorCode::kInvalid, "the tree is a link, which find does not follow: rootfs"},
        SilentRow{"UnreadableFile", [](const auto& at) { Mode(at, "rootfs/etc/motd", 0); },
                  ErrorCode::kDenied, "unreadable file: rootfs/etc/motd", RunAs::kNobody},
        SilentRow{"UnreadableInput", [](const auto& at) { Mode(at, "Dockerfile.base", 0); },
                  ErrorCode::kDenied, "unreadable file: Dockerfile.base", RunAs::kNobody},
        SilentRow{"UnreadableFolder", [](const auto& at) { Mode(at, "rootfs/etc", 0711); },
                  ErrorCode::kDenied, "unreadable folder: rootfs/etc", RunAs::kNobody},
        SilentRow{"UnsearchableFolder", [](const auto& at) { Mode(at, "rootfs/etc", 0744); },
                  ErrorCode::kDenied, "unreadable f", RunAs::kNobody, 2},
        SilentRow{"PathTooLong", TooDeep, ErrorCode::kInvalid,
                  "path too long for the recipe's cat: rootfs/ddd"}),
    [](const auto& row) { return row.param.name; });

TEST(BaseHashTest, FollowsALinkThatTheRecipeNames) {
  const TempFolder folder;
  WriteProject(folder);
  fs::rename(folder.At("Dockerfile.base"), folder.At("Dockerfile.real"));
  fs::create_symlink("Dockerfile.real", folder.At("Dockerfile.base"));
  const auto hash = HashTree(folder.path(), RunbookRecipe());
  ASSERT_TRUE(hash.ok()) << hash.error().message();
  EXPECT_EQ(hash->Short(), ShellHash(folder.path(), RunbookRecipe()));
}

TEST(BaseHashTest, APipeIsNoInputAndDoesNotBlock) {
  const TempFolder folder;
  WriteProject(folder);
  ASSERT_EQ(::mkfifo(folder.At("rootfs/pipe").c_str(), 0644), 0);
  EXPECT_EQ(HashTree(folder.path(), RunbookRecipe())->Short(),
            ShellHash(folder.path(), RunbookRecipe()));
  Remove(folder, "entrypoint.sh");
  ASSERT_EQ(::mkfifo(folder.At("entrypoint.sh").c_str(), 0644), 0);
  for (const bool compat : {false, true}) {
    const auto hash = HashTree(folder.path(), RunbookRecipe(), {.compat = compat});
    ASSERT_FALSE(hash.ok());
    EXPECT_THAT(hash.error().message(), HasSubstr("not a plain file: entrypoint.sh"));
  }
}

TEST(BaseHashTest, TheRootItselfIsNeverSkipped) {
  const TempFolder folder;
  const std::string file = folder.Write("file", "x");
  for (const bool compat : {false, true}) {
    const HashOptions options{.compat = compat};
    const auto missing = HashTree(folder.At("nowhere"), RunbookRecipe(), options);
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
    EXPECT_THAT(missing.error().message(), HasSubstr("no such folder: " + folder.At("nowhere")));
    const auto plain = HashTree(file, RunbookRecipe(), options);
    ASSERT_FALSE(plain.ok());
    EXPECT_THAT(plain.error().message(), HasSubstr("a file where a folder is expected: " + file));
  }
}

TEST(BaseHashTest, ALoopOfMountsIsNamed) {
  const TempFolder folder;
  WriteProject(folder);
  fs::create_directory(folder.At("rootfs/etc/again"));
  if (::geteuid() != 0) {
    GTEST_SKIP() << "mounting needs root";
  }
  ASSERT_EQ(::mount(folder.At("rootfs").c_str(), folder.At("rootfs/etc/again").c_str(), nullptr,
                    MS_BIND, nullptr),
            0);
  const auto strict = HashTree(folder.path(), RunbookRecipe());
  const auto compat = HashTree(folder.path(), RunbookRecipe(), {.compat = true});
  const std::string shell = ShellHash(folder.path(), RunbookRecipe());
  ASSERT_EQ(::umount2(folder.At("rootfs/etc/again").c_str(), MNT_DETACH), 0);
  ASSERT_FALSE(strict.ok());
  EXPECT_THAT(strict.error().message(),
              HasSubstr("file system loop detected: rootfs/etc/again is part of the same file "
                        "system loop as rootfs"));
  ASSERT_TRUE(compat.ok());
  EXPECT_EQ(compat->Short(), shell);
}

// The first file ends a part, and the second keeps the one reader busy until the consumer goes on:
// what is removed then is listed already and not read yet.
TEST(BaseHashTest, AFileThatVanishesMeanwhileIsNamed) {
  const TempFolder folder;
  WriteProject(folder);
  folder.Write("rootfs/a", std::string(2 << 20, 'a'));
  folder.Write("rootfs/b", std::string(8 << 20, 'b'));
  for (int file = 100; file < 200; ++file) {
    folder.Write("rootfs/c" + std::to_string(file), "c");
  }
  const std::size_t threads = Threads();
  HashOptions options{.readers = 1};
  options.on_progress = [&](const HashProgress&) { Remove(folder, "rootfs/c170"); };
  for (const bool compat : {false, true}) {
    folder.Write("rootfs/c170", "c");
    options.compat = compat;
    const auto hash = HashTree(folder.path(), RunbookRecipe(), options);
    ASSERT_FALSE(hash.ok());
    EXPECT_EQ(hash.error().code(), ErrorCode::kNotFound);
    EXPECT_THAT(hash.error().message(), HasSubstr("vanished while the tree was read: rootfs/c170"));
  }
  EXPECT_EQ(Threads(), threads) << "a thread was left behind";
}

TEST(BaseHashTest, AFolderThatVanishesMeanwhileIsNamed) {
  const TempFolder folder;
  WriteProject(folder);
  folder.Write("rootfs/a", std::string(2 << 20, 'a'));
  folder.Write("rootfs/b", std::string(8 << 20, 'b'));
  for (int file = 100; file < 200; ++file) {
    folder.Write("rootfs/c" + std::to_string(file), "c");
  }
  folder.Write("rootfs/d/file", "d");
  HashOptions options{.readers = 1};
  options.on_progress = [&](const HashProgress&) { Remove(folder, "rootfs/d"); };
  const auto hash = HashTree(folder.path(), RunbookRecipe(), options);
  ASSERT_FALSE(hash.ok());
  EXPECT_EQ(hash.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(hash.error().message(), HasSubstr("vanished while the tree was read: rootfs/d"));
}

TEST(BaseHashTest, ProgressIsToldWithinALargeFileToo) {
  const TempFolder folder;
  WriteProject(folder);
  folder.Write("rootfs/large", std::string(16 << 20, 'l'));
  std::uint64_t furthest_step = 0;
  HashProgress last;
  HashOptions options;
  options.on_progress = [&](const HashProgress& progress) {
    furthest_step = std::max(furthest_step, progress.bytes - last.bytes);
    last = progress;
  };
  const auto hash = HashTree(folder.path(), RunbookRecipe(), options);
  ASSERT_TRUE(hash.ok());
  EXPECT_LE(furthest_step, 1U << 20);
  EXPECT_EQ(last.bytes, hash->bytes);
  EXPECT_EQ(last.files, hash->files);
}

// This thread on one processor only, until it ends.
class OneProcessor {
 public:
  OneProcessor() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }
  ~OneProcessor() { ::sched_setaffinity(0, sizeof before_, &before_); }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;

 private:
  cpu_set_t before_{};
};

TEST(BaseHashTest, OnOneProcessorTheHashingThreadReadsToo) {
  const TempFolder folder;
  WriteProject(folder);
  folder.Write("rootfs/large", std::string(5 << 20, 'l'));
  for (int file = 0; file < 300; ++file) {
    folder.Write("rootfs/many/" + std::to_string(file), std::string(9000, 'm'));
  }
  const auto expected = HashTree(folder.path(), RunbookRecipe(), {.readers = 2});
  ASSERT_TRUE(expected.ok());
  const OneProcessor one;
  const std::size_t threads = Threads();
  HashProgress last;
  HashOptions options{.cache_folder = folder.At("cache")};
  options.on_progress = [&](const HashProgress& progress) {
    EXPECT_EQ(Threads(), threads);
    last = progress;
  };
  for (const char* run : {"first", "again", "after a change"}) {
    SCOPED_TRACE(run);
    last = HashProgress();
    const auto hash = HashTree(folder.path(), RunbookRecipe(), options);
    ASSERT_TRUE(hash.ok()) << hash.error().message();
    EXPECT_EQ(hash->digest, HashTree(folder.path(), RunbookRecipe(), {.readers = 2})->digest);
    EXPECT_EQ(hash->bytes, expected->bytes);
    EXPECT_EQ(hash->files, expected->files);
    EXPECT_EQ(last.bytes, hash->bytes);
    if (std::string_view(run) == "again") {
      folder.Write("rootfs/many/150", std::string(9000, 'x'));
    }
  }
}

TEST(BaseHashTest, OnOneProcessorTheFirstErrorInOrderIsNamed) {
  const TempFolder folder;
  WriteProject(folder);
  fs::remove(folder.At("entrypoint.sh"));
  const OneProcessor one;
  const auto hash = HashTree(folder.path(), RunbookRecipe());
  ASSERT_FALSE(hash.ok());
  EXPECT_EQ(hash.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(hash.error().message(), HasSubstr("entrypoint.sh"));
  HashOptions compat{.compat = true};
  const auto skipped = HashTree(folder.path(), RunbookRecipe(), compat);
  ASSERT_TRUE(skipped.ok()) << skipped.error().message();
  EXPECT_EQ(skipped->skipped.size(), 1U);
  EXPECT_EQ(skipped->Short(), ShellHash(folder.path(), RunbookRecipe()));
}

// Does something to the file once the first bytes are there.
class MeddlingSink : public ByteSink {
 public:
  explicit MeddlingSink(std::function<void()> meddle) : meddle_(std::move(meddle)) {}
  Result<std::span<char>> Room() override { return std::span<char>(bytes_); }
  void Filled(std::size_t) override { meddle_(); }

 private:
  std::function<void()> meddle_;
  std::array<char, 16> bytes_{};
};

class ChangingFileTest : public ::testing::Test {
 protected:
  Result<std::optional<FileStamp>> Read(const std::function<void()>& meddle) {
    folder_.Write("file", std::string(40, 'x'));
    TreeSource source(*OpenRoot(folder_.path()), recipe_, false);
    Input input;
    EXPECT_TRUE(*source.Next(input));
    MeddlingSink sink(meddle);
    std::vector<std::string> skipped;
    return source.Read(input, sink, skipped);
  }

  TempFolder folder_;
  Recipe recipe_{"one", {FileInput{"file"}}};
};

TEST_F(ChangingFileTest, GrownOrShortenedIsNamed) {
  for (const std::uintmax_t size : {10U, 24U, 41U, 4000U}) {
    const auto read = Read([&] { fs::resize_file(folder_.At("file"), size); });
    ASSERT_FALSE(read.ok()) << size;
    EXPECT_EQ(read.error().code(), ErrorCode::kConflict);
    EXPECT_THAT(read.error().message(), HasSubstr("changed while it was read: file"));
  }
}

TEST_F(ChangingFileTest, WrittenInPlaceWithItsOldTimeIsNamed) {
  const auto read = Read([&] {
    const auto time = fs::last_write_time(folder_.At("file"));
    folder_.Write("file", std::string(40, 'y'));
    fs::last_write_time(folder_.At("file"), time);
  });
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code(), ErrorCode::kConflict);
}

TEST_F(ChangingFileTest, AReplacedFileIsReadAsItWasOpened) {
  const auto read = Read([&] { folder_.Write("other", "y"); });
  EXPECT_TRUE(read.ok());
}

TEST(BaseHashTest, AnyNumberOfReadersAgrees) {
  const TempFolder folder;
  WriteProject(folder);
  for (int file = 0; file < 2500; ++file) {
    folder.Write("rootfs/many/" + std::to_string(file),
                 std::string(static_cast<std::size_t>(file) % 90, 'm'));
  }
  folder.Write("rootfs/large", std::string(5 << 20, 'l'));
  const std::string expected = ShellHash(folder.path(), RunbookRecipe());
  for (const unsigned readers : {0U, 1U, 2U, 3U, 7U}) {
    const auto hash = HashTree(folder.path(), RunbookRecipe(), {.readers = readers});
    ASSERT_TRUE(hash.ok());
    EXPECT_EQ(hash->Short(), expected) << readers << " readers";
  }
}

}  // namespace
}  // namespace drydock::publisher
