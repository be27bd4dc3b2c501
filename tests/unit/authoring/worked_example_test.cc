// The worked example of docs/scenario-format.md: each of its steps is right, laid out, and holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/text.h"
#include "scenarios/authoring/format.h"
#include "scenarios/runner/loader.h"
#include "scenarios/runner/report.h"
#include "scenarios/runner/runner.h"

namespace drydock::scenarios {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string kDocs = std::string(DRYDOCK_SOURCE_DIR) + "/docs";

std::vector<std::string> ExampleSteps() {
  const auto found = FindScenarios(kDocs + "/examples/scenario");
  return found ? *found : std::vector<std::string>{};
}

class WorkedExampleTest : public ::testing::TestWithParam<std::string> {};

TEST_P(WorkedExampleTest, HoldsAndIsInTheDocument) {
  EXPECT_THAT(CheckScenario(GetParam()), ::testing::IsEmpty());
  const auto scenario = LoadScenario(GetParam());
  ASSERT_TRUE(scenario.ok());
  const auto result = RunScenario(*scenario);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_TRUE(result->passed()) << ToText(*result, {});
  const auto text = ReadWholeFile(GetParam());
  EXPECT_EQ(*FormatJson(*text, GetParam()), *text);
  const std::string name = std::filesystem::path(GetParam()).filename().string();
  EXPECT_THAT(*ReadWholeFile(kDocs + "/scenario-format.md"),
              HasSubstr(Concat({"(examples/scenario/", name, ")"})));
}

INSTANTIATE_TEST_SUITE_P(Steps, WorkedExampleTest, ::testing::ValuesIn(ExampleSteps()),
                         [](const auto& each) {
                           std::string name = std::filesystem::path(each.param).stem().string();
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(WorkedExample, HasFiveSteps) { EXPECT_THAT(ExampleSteps(), SizeIs(5)); }

}  // namespace
}  // namespace drydock::scenarios
