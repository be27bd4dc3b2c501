// A few light scenarios for the sanitizers: the plain course, a kill and a resume, the incident's
// last reading.
#include <gtest/gtest.h>

#include "tests/scenario/plays.h"

namespace drydock::testing {
namespace {

class SampleTest : public ::testing::TestWithParam<std::string> {};

TEST_P(SampleTest, Holds) {
  const auto result =
      Play(Load(std::string(DRYDOCK_SOURCE_DIR) + "/scenarios/incidents/" + GetParam() + ".json"));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(Failures(*result), "");
}

INSTANTIATE_TEST_SUITE_P(Files, SampleTest,
                         ::testing::Values("base-tag-present", "killed-between-variants",
                                           "2026-05-28-cache-export-400-tag-present"),
                         [](const auto& each) { return TestName(each.param); });

}  // namespace
}  // namespace drydock::testing
