// Every file below scenarios/incidents is played: main run, fault-free twin and second run.
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

// A file says how it tells a cache blob apart; what it says of the script, playing it checks.
TEST_P(IncidentTest, SaysWhatItStandsOn) {
  const auto scenario = Load(GetParam());
  EXPECT_FALSE(scenario.about.empty());
  const bool cache = GetParam().find("cache-export") != std::string::npos;
  EXPECT_EQ(!scenario.cache_blob.empty(), cache);
}

INSTANTIATE_TEST_SUITE_P(Files, IncidentTest, ValuesIn(FilesIn("scenarios/incidents")), NameOf);

TEST(ScenarioFilesTest, AreAllInAFolderThatIsPlayed) {
  EXPECT_EQ(FilesIn("scenarios").size(),
            FilesIn("scenarios/incidents").size() + FilesIn("scenarios/hash").size());
}

}  // namespace
}  // namespace drydock::testing
