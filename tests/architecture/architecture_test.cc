// The rules of tests/architecture/rules.h, applied to this repository.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/architecture/rules.h"

namespace drydock::architecture {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

constexpr std::size_t kFilesMin = 50;  // fewer means that the walk went wrong
constexpr std::uintmax_t kFileBytesMax = 4'000'000;

std::string ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool IsSkippedFolder(const std::string& name) {
  return name == "build" || (name.starts_with('.') && name != ".ci");
}

// All text files below the root, in order of path; build trees and hidden folders left out.
const std::vector<File>& Tree() {
  static const std::vector<File> kTree = [] {
    std::vector<File> files;
    const fs::path root = DRYDOCK_SOURCE_DIR;
    for (auto at = fs::recursive_directory_iterator(root); at != fs::recursive_directory_iterator();
         ++at) {
      if (at->is_directory() && IsSkippedFolder(at->path().filename().string())) {
        at.disable_recursion_pending();
      }
      if (!at->is_regular_file() || at->path().filename() == ".git" ||
          at->file_size() > kFileBytesMax) {
        continue;
      }
      std::string text = ReadText(at->path());
      if (text.find('\0') == std::string::npos) {
        files.push_back(MakeFile(at->path().lexically_relative(root).generic_string(), text));
      }
    }
    std::sort(files.begin(), files.end(),
              [](const File& a, const File& b) { return a.path < b.path; });
    return files;
  }();
  return kTree;
}

std::string List(const std::string& name) {
  return ReadText(fs::path(DRYDOCK_SOURCE_DIR) / "tests/architecture" / name);
}

TEST(Architecture, TheWalkFindsTheTree) { EXPECT_GE(Tree().size(), kFilesMin); }

TEST(Architecture, IncludesFollowTheArrows) { EXPECT_THAT(CheckIncludes(Tree()), IsEmpty()); }

TEST(Architecture, BannedTokensStayAtHome) {
  EXPECT_THAT(CheckBannedTokens(Tree(), List("homes.txt")), IsEmpty());
}

TEST(Architecture, FilesAndFunctionsStaySmall) {
  EXPECT_THAT(CheckSizes(Tree(), List("sizes.txt")), IsEmpty());
}

TEST(Architecture, EveryScenarioIsRun) { EXPECT_THAT(CheckScenariosAreRun(Tree()), IsEmpty()); }

TEST(Architecture, EveryFileHasAnOwner) { EXPECT_THAT(CheckOwners(Tree()), IsEmpty()); }

TEST(Architecture, NoForeignAddresses) { EXPECT_THAT(CheckForeignAddresses(Tree()), IsEmpty()); }

TEST(Architecture, NamesSaySomething) { EXPECT_THAT(CheckNames(Tree()), IsEmpty()); }

}  // namespace
}  // namespace drydock::architecture
