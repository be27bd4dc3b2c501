// What is remembered of earlier publishes, and the estimate made of it.
#include "publisher/release/step_times.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_folder.h"

namespace drydock::publisher {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(StepTimesTest, NothingIsKnownAtFirst) {
  const testing::TempFolder folder;
  const StepTimes times(folder.path().string() + "/a/times.jsonl");
  EXPECT_EQ(times.Usual("verify"), std::nullopt);
  EXPECT_EQ(times.Left("verify", seconds(1), {"x"}), std::nullopt);
}

TEST(StepTimesTest, TheMedianOfTheLastFewIsUsualAlsoInANewProcess) {
  const testing::TempFolder folder;
  const std::string path = folder.path().string() + "/a/times.jsonl";
  StepTimes times(path);
  for (const int span : {900, 900, 900, 10, 20, 30, 40, 50}) {
    ASSERT_TRUE(times.Note("v1.0.0", "variant:omos", seconds(span)));
  }
  ASSERT_TRUE(times.Note("v1.0.0", "verify", seconds(5)));
  EXPECT_EQ(times.Usual("variant:omos"), seconds(30));
  std::ofstream(path, std::ios::app) << "{\"step\":\"verify\",\"millisec";
  const StepTimes again(path);
  EXPECT_EQ(again.Usual("variant:omos"), seconds(30));
  EXPECT_EQ(again.Left("variant:omos", seconds(10), {"unheard-of", "verify"}), seconds(25));
  EXPECT_EQ(again.Left("variant:omos", minutes(9), {"verify"}), seconds(5));
}

TEST(StepTimesTest, AFolderThatCannotBeMadeIsAnError) {
  StepTimes times("/proc/no/times.jsonl");
  EXPECT_EQ(times.Note("v1.0.0", "verify", seconds(1)).error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace drydock::publisher
