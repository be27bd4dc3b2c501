// kill -9 at every point of a full publish, then --resume, in virtual time: with a builder that
// pushes (split base, variants) and with drydock's own pusher (prebuilt layouts).
#include "scenarios/runner/kill_sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"
#include "tests/scenario/plays.h"

namespace drydock::testing {
namespace {

using ::testing::IsEmpty;

constexpr int kShards = 4;

struct SweepRow {
  std::string name;
  std::string file;
  std::size_t plays_least;  // of one shard
};
void PrintTo(const SweepRow& row, std::ostream* out) { *out << row.name; }

class KillSweepTest : public ::testing::TestWithParam<std::tuple<SweepRow, int>> {};

TEST_P(KillSweepTest, ResumesFromEveryPoint) {
  const auto& [row, shard] = GetParam();
  auto scenario =
      WithoutFaults(Load(Concat({DRYDOCK_SOURCE_DIR, "/scenarios/incidents/", row.file, ".json"})));
  const auto sweep = scenarios::SweepKills(scenario, 1 + shard, kShards);
  ASSERT_TRUE(sweep.ok()) << sweep.error().message();
  EXPECT_THAT(sweep->failures, IsEmpty());
  EXPECT_GT(sweep->plays, row.plays_least);
  RecordProperty("plays", static_cast<int>(sweep->plays));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, KillSweepTest,
    ::testing::Combine(::testing::Values(SweepRow{"built", "killed-between-variants", 60},
                                         SweepRow{"prebuilt", "prebuilt-push-killed", 20}),
                       ::testing::Range(0, kShards)),
    [](const auto& each) {
      return Concat({std::get<0>(each.param).name, "_", std::to_string(std::get<1>(each.param))});
    });

}  // namespace
}  // namespace drydock::testing
