// Every file below scenarios/hash is played. A program of its own, which ctest runs alone: it
// measures.
#include <gtest/gtest.h>

#include "tests/scenario/plays.h"

namespace drydock::testing {
namespace {

class HashTest : public ::testing::TestWithParam<std::string> {};

TEST_P(HashTest, Holds) {
  const auto result = Play(Load(GetParam()));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(Failures(*result), "");
  ASSERT_FALSE(result->rates.empty());
  EXPECT_GT(result->rates.front().floor_bytes_per_second, 0);
  // A speed differs from run to run and must not enter a journal.
  EXPECT_EQ(result->journal.find("floor"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Files, HashTest, ::testing::ValuesIn(FilesIn("scenarios/hash")),
                         [](const auto& each) { return TestName(each.param); });

}  // namespace
}  // namespace drydock::testing
