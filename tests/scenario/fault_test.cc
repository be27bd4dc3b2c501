// The files below scenarios/incidents have teeth: without their faults they fail. A program of its
// own: to know which files have faults it loads them all, for each of its tests.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/scenario/plays.h"

namespace drydock::testing {
namespace {

std::vector<std::string> FilesWithFaults() {
  std::vector<std::string> files = FilesIn("scenarios/incidents");
  std::erase_if(files, [](const std::string& file) { return !HasFaults(Load(file)); });
  return files;
}

// Legal ways of registries that must make no difference to a sound client: that they were met is
// what these files expect of their rules.
const std::set<std::string> kHarmless = {"api-version-header-missing", "challenge-shape-oddities",
                                         "relative-location-forms"};

class FaultTest : public ::testing::TestWithParam<std::string> {};

TEST_P(FaultTest, IsWhatTheFileStandsOn) {
  const auto scenario = Load(GetParam());
  scenarios::RunOptions options;
  options.twin = false;
  options.second_run = false;
  options.script = false;
  const auto result = Play(WithoutFaults(scenario), options);
  ASSERT_TRUE(result.ok());
  const bool harmless = kHarmless.count(std::filesystem::path(GetParam()).stem().string()) != 0;
  EXPECT_EQ(harmless, result->passed())
      << (harmless ? "its faults make a difference after all"
                   : "holds with and without its faults: it proves nothing");
}

INSTANTIATE_TEST_SUITE_P(Files, FaultTest, ::testing::ValuesIn(FilesWithFaults()),
                         [](const auto& file) { return TestName(file.param); });

}  // namespace
}  // namespace drydock::testing
