#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/text.h"
#include "publisher/hash/base_hash.h"
#include "publisher/hash/tree_generator.h"
#include "tests/support/child.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/hash/shell_recipe.h"

namespace drydock::publisher {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class TarSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.Write("tree/Dockerfile.base", "FROM debian:12\n");
    folder_.Write("tree/rootfs/etc/motd", "hello\n");
    folder_.Write("tree/rootfs/etc/._motd", "junk");
    folder_.Write("tree/rootfs/__pycache__/x", "junk");
    folder_.Write("tree/rootfs/etc.d/a b\nc", "odd");
    folder_.Write("tree/rootfs/etc-x", "");
    folder_.Write("tree/entrypoint.sh", "#!/bin/sh\n");
    folder_.Write("tree/entrypoint-user.sh", "exec\r\n");
    fs::create_symlink("motd", root() + "/rootfs/etc/link");
  }

  std::string root() const { return folder_.At("tree"); }
  std::string archive() const { return folder_.At("archive.tar"); }

  void Tar(std::vector<std::string> words) const {
    words.insert(words.begin(), {"tar", "-C", root(), "-cf", archive()});
    testing::Child tar(words, {}, "tar");
    ASSERT_EQ(tar.Wait(), 0) << tar.err();
  }

  void ExpectRefusal(ErrorCode code, const std::string& words) const {
    const auto hash = HashTar(archive(), RunbookRecipe());
    ASSERT_FALSE(hash.ok()) << hash->Short();
    EXPECT_EQ(Name(hash.error().code()), Name(code));
    EXPECT_THAT(hash.error().message(), HasSubstr(words));
  }

  std::string Hash() const {
    const auto hash = HashTar(archive(), RunbookRecipe());
    EXPECT_TRUE(hash.ok()) << hash.error().message();
    return hash ? hash->Short() : "";
  }

  testing::TempFolder folder_;
};

TEST_F(TarSourceTest, EveryFormatGivesTheTreesHash) {
  const std::string expected = ShellHash(root(), RunbookRecipe());
  for (const char* format : {"v7", "oldgnu", "gnu", "ustar", "pax"}) {
    for (const char* what : {".", "Dockerfile.base"}) {
      std::vector<std::string> words = {Concat({"--format=", format}), what};
      if (what[0] != '.') {
        words.insert(words.end(), {"entrypoint.sh", "entrypoint-user.sh", "rootfs"});
      }
      Tar(words);
      EXPECT_EQ(Hash(), expected) << format << ' ' << what;
    }
  }
}

TEST_F(TarSourceTest, LongNamesAndLargeTrees) {
  const std::string deep = Concat({"/rootfs/", std::string(90, 'd'), "/", std::string(120, 'e')});
  folder_.Write(Concat({"tree", deep, "/", std::string(130, 'f')}), "long");
  folder_.Write("tree/rootfs/\xff\xfe", "not UTF-8");
  folder_.Write("tree/rootfs/large", std::string(3 << 20, 'x'));
  const std::string expected = ShellHash(root(), RunbookRecipe());
  for (const char* format : {"gnu", "pax"}) {
    Tar({Concat({"--format=", format}), "."});
    EXPECT_EQ(Hash(), expected) << format;
  }
}

TEST_F(TarSourceTest, GzipIsUndone) {
  const std::string expected = ShellHash(root(), RunbookRecipe());
  Tar({"--gzip", "."});
  EXPECT_EQ(Hash(), expected);
  fs::resize_file(archive(), fs::file_size(archive()) - 20);
  ExpectRefusal(ErrorCode::kInvalid, archive());
}

TEST_F(TarSourceTest, OtherCompressionsAreRefusedByName) {
  struct Row {
    std::string_view start;
    std::string name;
  };
  for (const Row& row : {Row{"\x28\xb5\x2f\xfd", "zstd"},
                         Row{std::string_view("\xfd\x37zXZ", 5), "xz"}, Row{"BZh9", "bzip2"}}) {
    for (const std::size_t size : {std::size_t{10}, std::size_t{2000}}) {
      folder_.Write("archive.tar", Concat({row.start, std::string(size, 'c')}));
      ExpectRefusal(ErrorCode::kInvalid, Concat({"compressed with ", row.name}));
    }
  }
}

// A whiteout stands for something in a lower layer; it is empty and adds nothing of its own.
TEST_F(TarSourceTest, WhiteoutsOfAnOciLayerAddNothing) {
  const std::string expected = ShellHash(root(), RunbookRecipe());
  folder_.Write("tree/rootfs/etc/.wh.gone", "");
  folder_.Write("tree/rootfs/etc.d/.wh..wh..opq", "");
  Tar({"--gzip", "."});
  EXPECT_EQ(Hash(), expected);
}

TEST_F(TarSourceTest, HardLinksHaveTheirTargetsContent) {
  fs::create_hard_link(root() + "/rootfs/etc/motd", root() + "/rootfs/zz-again");
  const std::string expected = ShellHash(root(), RunbookRecipe());
  Tar({"."});
  EXPECT_EQ(Hash(), expected);
}

TEST_F(TarSourceTest, TheLastOfSeveralWithOneNameCounts) {
  Tar({"."});
  folder_.Write("tree/rootfs/etc/motd", "changed\n");
  testing::Child append({"tar", "-C", root(), "-rf", archive(), "./rootfs/etc/motd"}, {}, "tar");
  ASSERT_EQ(append.Wait(), 0);
  EXPECT_EQ(Hash(), ShellHash(root(), RunbookRecipe()));
}

TEST_F(TarSourceTest, WhatIsMissingIsNamedOrLeftOut) {
  Tar({"Dockerfile.base", "rootfs", "entrypoint.sh"});
  ExpectRefusal(ErrorCode::kNotFound, "missing input in the archive: entrypoint-user.sh");
  Tar({"Dockerfile.base", "entrypoint.sh", "entrypoint-user.sh"});
  ExpectRefusal(ErrorCode::kNotFound, "missing input in the archive: rootfs");
  const auto compat = HashTar(archive(), RunbookRecipe(), {.compat = true});
  ASSERT_TRUE(compat.ok());
  fs::remove_all(root() + "/rootfs");
  EXPECT_EQ(compat->Short(), ShellHash(root(), RunbookRecipe()));
  EXPECT_EQ(compat->skipped.size(), 1U);
}

TEST_F(TarSourceTest, NoPrefixOfAnArchiveGivesAnotherHash) {
  Tar({"--format=pax", "."});
  const std::string expected = Hash();
  const std::string whole = testing::ReadFile(archive());
  for (std::size_t size = 0; size < whole.size(); size += 256) {
    std::ofstream(archive(), std::ios::binary) << whole.substr(0, size);
    const auto hash = HashTar(archive(), RunbookRecipe());
    EXPECT_TRUE(!hash.ok() || hash->Short() == expected) << size;
  }
}

TEST_F(TarSourceTest, DamagedHeadersAreNamedWithTheirPlace) {
  folder_.Write("archive.tar", std::string(10240, 'x'));
  ExpectRefusal(ErrorCode::kInvalid, "no tar archive, wrong checksum at byte 0");
  folder_.Write("archive.tar", "");
  ExpectRefusal(ErrorCode::kInvalid, "no tar archive at byte 0");
  Tar({"."});
  std::string bytes = testing::ReadFile(archive());
  bytes[512 + 20] = '!';
  folder_.Write("archive.tar", bytes);
  ExpectRefusal(ErrorCode::kInvalid, "damaged header at byte 512");
}

TEST_F(TarSourceTest, SparseFilesAreRefused) {
  const std::string file = folder_.Write("tree/rootfs/sparse", "x");
  fs::resize_file(file, 1 << 20);
  for (const char* format : {"gnu", "pax"}) {
    Tar({Concat({"--format=", format}), "--sparse", "."});
    ExpectRefusal(ErrorCode::kInvalid, "a kind of member that is not supported");
  }
}

TEST_F(TarSourceTest, MembersThatReachElsewhereAreRefused) {
  Tar({"--transform=s,^rootfs/etc-x,../etc-x,", "-P", "rootfs/etc-x"});
  ExpectRefusal(ErrorCode::kInvalid, "a member outside of the archive: ../etc-x");
  Tar({"--transform=s,^rootfs/etc-x,rootfs/etc/link/x,", "rootfs/etc/link", "rootfs/etc-x"});
  ExpectRefusal(ErrorCode::kInvalid, "a member below one that is no folder: rootfs/etc/link/x");
}

TEST_F(TarSourceTest, TheArchiveItselfIsNamed) {
  ExpectRefusal(ErrorCode::kNotFound, Concat({"cannot open: ", archive()}));
  fs::create_directory(archive());
  ExpectRefusal(ErrorCode::kUnavailable, "cannot read");
}

}  // namespace
}  // namespace drydock::publisher
