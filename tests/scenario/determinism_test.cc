// One seed, one journal, byte for byte; another seed, another interleaving with the same outcome.
#include <gtest/gtest.h>

#include <set>

#include "scenarios/runner/shelf.h"
#include "tests/scenario/plays.h"

namespace drydock::testing {
namespace {

using ::testing::TestParamInfo;
using ::testing::ValuesIn;

std::string NameOf(const TestParamInfo<std::string>& info) { return TestName(info.param); }

scenarios::ScenarioResult PlayWith(const scenarios::Scenario& scenario, std::uint64_t seed,
                                   scenarios::Shelf& shelf) {
  scenarios::RunOptions options;
  options.seed = seed;
  options.shelf = &shelf;
  options.twin = false;
  options.script = false;
  auto result = Play(scenario, options);
  EXPECT_TRUE(result.ok());
  return result ? std::move(*result) : scenarios::ScenarioResult();
}

class DeterminismTest : public ::testing::TestWithParam<std::string> {};

// The plays that are held against each other stand on a Hub and a project of their own.
TEST_P(DeterminismTest, OneSeedOneJournal) {
  const auto scenario = Load(GetParam());
  std::set<std::string> journals;
  scenarios::Shelf first;
  scenarios::Shelf other;
  for (const std::uint64_t seed : {11U, 12U}) {
    const auto once = PlayWith(scenario, seed, first);
    const auto again = PlayWith(scenario, seed, other);
    EXPECT_EQ(Failures(once), "");
    EXPECT_FALSE(once.journal.empty());
    EXPECT_TRUE(once.journal == again.journal) << "seed " << seed;
    journals.insert(once.journal);
  }
  EXPECT_EQ(journals.size(), 2U) << "the seed changes nothing";
}

INSTANTIATE_TEST_SUITE_P(Files, DeterminismTest, ValuesIn(FilesIn("scenarios/incidents")), NameOf);

// Image and cache race in these files: what they say must hold in any interleaving, and each seed
// gives one. `./dev determinism` plays them with fifty.
class ManySeedsTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ManySeedsTest, TheIncidentOf20260528Holds) {
  for (const std::string& file : FilesIn("scenarios/incidents")) {
    if (file.find("2026-05-28") == std::string::npos) {
      continue;
    }
    const auto scenario = Load(file);
    scenarios::Shelf shelf;
    const auto once = PlayWith(scenario, GetParam(), shelf);
    EXPECT_EQ(Failures(once), "") << file;
    EXPECT_TRUE(once.journal == PlayWith(scenario, GetParam(), shelf).journal) << file;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ManySeedsTest, ::testing::Range<std::uint64_t>(100, 110));

}  // namespace
}  // namespace drydock::testing
