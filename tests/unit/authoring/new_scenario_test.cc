// Every template is a scenario that is right, laid out, and holds as it stands.
#include "scenarios/authoring/new_scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/text.h"
#include "scenarios/authoring/format.h"
#include "scenarios/runner/loader.h"
#include "scenarios/runner/report.h"
#include "scenarios/runner/runner.h"

namespace drydock::scenarios {
namespace {

const std::string kSource = DRYDOCK_SOURCE_DIR;

class TemplateTest : public ::testing::TestWithParam<ScenarioTemplate> {};

std::string Filled(const ScenarioTemplate& each) {
  return FillTemplate(each, R"(a "title")", Concat({"../projects/", each.project}));
}

TEST_P(TemplateTest, PassesCheckAndReplayAsItIs) {
  const auto scenario =
      ParseScenario(Filled(GetParam()), kSource + "/scenarios/incidents/new.json");
  ASSERT_TRUE(scenario.ok()) << scenario.error().message();
  EXPECT_EQ(scenario->title, R"(a "title")");
  const auto result = RunScenario(*scenario);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_TRUE(result->passed()) << ToText(*result, {});
}

TEST_P(TemplateTest, IsLaidOut) {
  const std::string text = Filled(GetParam());
  const auto laid = FormatJson(text, "new.json");
  ASSERT_TRUE(laid.ok());
  EXPECT_EQ(*laid, text);
}

INSTANTIATE_TEST_SUITE_P(Templates, TemplateTest, ::testing::ValuesIn(ScenarioTemplates()),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(NewScenario, FindsTheProjectHereAndAbove) {
  const auto here = FindProject(kSource, "prebuilt-app");
  ASSERT_TRUE(here);
  EXPECT_EQ(FindProject(kSource + "/tests/unit", "prebuilt-app"), here);
  EXPECT_FALSE(FindProject(kSource, "no-such-project"));
}

}  // namespace
}  // namespace drydock::scenarios
