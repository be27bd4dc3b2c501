// Every file below scenarios/incidents is played: main run, fault-free twin and second run. And the
// files have teeth: without their faults they fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "tests/scenario/plays.h"

namespace drydock::testing {
namespace {

using ::testing::TestParamInfo;
using ::testing::ValuesIn;

std::string NameOf(const TestParamInfo<std::string>& info) { return TestName(info.param); }

std::string Stem(const std::string& file) { return std::filesystem::path(file).stem().string(); }

// What lies at the registry there is wrong, and a second run must not replace it.
const std::set<std::string> kStaysWrong = {"version-tag-of-another-commit"};

class IncidentTest : public ::testing::TestWithParam<std::string> {};

TEST_P(IncidentTest, Holds) {
  const auto result = Play(Load(GetParam()));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(Failures(*result), "");
  EXPECT_TRUE(result->passed());
  ASSERT_TRUE(result->second);
  EXPECT_EQ(result->second->steps.back().verdict, kStaysWrong.count(Stem(GetParam())) != 0
                                                      ? "published-not-verified"
                                                      : "published-and-verified");
  const auto scenario = Load(GetParam());
  EXPECT_EQ(result->twin.has_value(), HasFaults(scenario));
  EXPECT_EQ(result->script.has_value(), scenario.script.has_value());
}

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
  const bool harmless = kHarmless.count(Stem(GetParam())) != 0;
  EXPECT_EQ(harmless, result->passed())
      << (harmless ? "its faults make a difference after all"
                   : "holds with and without its faults: it proves nothing");
}

// A file says how it tells a cache blob apart; what it says of the script, playing it checks.
TEST_P(IncidentTest, SaysWhatItStandsOn) {
  const auto scenario = Load(GetParam());
  EXPECT_FALSE(scenario.about.empty());
  const bool cache = GetParam().find("cache-export") != std::string::npos;
  EXPECT_EQ(!scenario.cache_blob.empty(), cache);
}

INSTANTIATE_TEST_SUITE_P(Files, IncidentTest, ValuesIn(FilesIn("scenarios/incidents")), NameOf);
INSTANTIATE_TEST_SUITE_P(Files, FaultTest, ValuesIn(FilesWithFaults()), NameOf);

TEST(ScenarioFilesTest, AreAllInAFolderThatIsPlayed) {
  EXPECT_EQ(FilesIn("scenarios").size(),
            FilesIn("scenarios/incidents").size() + FilesIn("scenarios/hash").size());
}

}  // namespace
}  // namespace drydock::testing
