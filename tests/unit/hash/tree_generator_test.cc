#include "publisher/hash/tree_generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <ostream>
#include <set>

#include "publisher/hash/base_hash.h"
#include "tests/support/temp_folder.h"

namespace drydock::publisher {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct ShapeRow {
  TreeShape shape;
  std::string base_hash;

  friend std::ostream& operator<<(std::ostream& out, const ShapeRow& row) {
    return out << Name(row.shape);
  }
};

class TreeShapeTest : public ::testing::TestWithParam<ShapeRow> {};

// The digests are what "the same seed makes the same tree on every machine" means.
TEST_P(TreeShapeTest, MakesExactlyWhatIsAskedFor) {
  const testing::TempFolder folder;
  const TreeSpec spec{.files = 500, .bytes = 654'321, .seed = 7, .shape = GetParam().shape};
  ASSERT_TRUE(GenerateTree(folder.At("tree"), spec).ok());
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path() / "tree/rootfs")) {
    if (entry.is_regular_file()) {
      ++files;
      bytes += entry.file_size();
    }
  }
  EXPECT_EQ(files, spec.files);
  EXPECT_EQ(bytes, spec.bytes);
  const auto hash = HashTree(folder.At("tree"), RunbookRecipe());
  ASSERT_TRUE(hash.ok()) << hash.error().message();
  EXPECT_EQ(hash->files, spec.files + 3);
  EXPECT_EQ(hash->Short(), GetParam().base_hash);
}

INSTANTIATE_TEST_SUITE_P(Shapes, TreeShapeTest,
                         ::testing::Values(ShapeRow{TreeShape::kRootfs, "9e631dbd8205"},
                                           ShapeRow{TreeShape::kNodeModules, "0b925508adf1"},
                                           ShapeRow{TreeShape::kFlat, "6bc2bc6b7e73"},
                                           ShapeRow{TreeShape::kDeep, "a68e66bf2c0e"},
                                           ShapeRow{TreeShape::kBig, "36059c0147de"}),
                         [](const auto& row) { return std::string(Name(row.param.shape)); });

TEST(TreeGeneratorTest, AnotherSeedMakesAnotherTree) {
  const testing::TempFolder folder;
  std::set<std::string> hashes;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const std::string root = folder.At(std::to_string(seed));
    ASSERT_TRUE(GenerateTree(root, {.files = 20, .bytes = 5000, .seed = seed}).ok());
    hashes.insert(HashTree(root, RunbookRecipe())->Short());
  }
  EXPECT_EQ(hashes.size(), 3U);
}

TEST(TreeGeneratorTest, FewerBytesThanFilesStillSumUp) {
  const testing::TempFolder folder;
  for (const TreeShape shape : {TreeShape::kRootfs, TreeShape::kBig}) {
    const std::string root = folder.At(std::string(Name(shape)));
    ASSERT_TRUE(GenerateTree(root, {.files = 50, .bytes = 7, .seed = 1, .shape = shape}).ok());
    const auto hash = HashTree(root, RunbookRecipe());
    ASSERT_TRUE(hash.ok());
    EXPECT_EQ(hash->files, 53U);
    EXPECT_EQ(hash->bytes, 7U + 3 * 2000);
  }
}

TEST(TreeGeneratorTest, DoesNotWriteIntoAFolderThatHoldsSomething) {
  const testing::TempFolder folder;
  folder.Write("precious", "x");
  const Status made = GenerateTree(folder.path().string(), {});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code(), ErrorCode::kConflict);
  EXPECT_THAT(made.error().message(), HasSubstr("not an empty folder"));
}

TEST(TreeGeneratorTest, AFileInThePlaceOfTheFolderIsNamed) {
  const testing::TempFolder folder;
  const std::string file = folder.Write("file", "x");
  const Status made = GenerateTree(file + "/tree", {});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(made.error().message(), HasSubstr(file));
}

TEST(TreeGeneratorTest, NamesOfShapesAreRead) {
  for (const std::string& name : TreeShapeNames()) {
    ASSERT_TRUE(ParseTreeShape(name).ok());
    EXPECT_EQ(Name(*ParseTreeShape(name)), name);
  }
  EXPECT_THAT(ParseTreeShape("round").error().message(),
              HasSubstr("unknown shape: round (expected one of rootfs, node_modules"));
}

}  // namespace
}  // namespace drydock::publisher
