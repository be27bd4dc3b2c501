#include "tests/scenario/plays.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/loader.h"
#include "scenarios/runner/report.h"

namespace drydock::testing {

using scenarios::Scenario;

std::vector<std::string> FilesIn(std::string_view folder) {
  const auto files = scenarios::FindScenarios(Concat({DRYDOCK_SOURCE_DIR, "/", folder}));
  return files ? *files : std::vector<std::string>();
}

std::string TestName(const std::string& file) {
  std::string name = std::filesystem::path(file).stem().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

Scenario Load(const std::string& file) {
  auto scenario = scenarios::LoadScenario(file);
  EXPECT_TRUE(scenario.ok()) << (scenario ? "" : scenario.error().message());
  return scenario ? std::move(*scenario) : Scenario();
}

Result<scenarios::ScenarioResult> Play(const Scenario& scenario,
                                       const scenarios::RunOptions& options) {
  auto result = scenarios::RunScenario(scenario, options);
  EXPECT_TRUE(result.ok()) << (result ? "" : result.error().message());
  return result;
}

std::string Failures(const scenarios::ScenarioResult& result) {
  std::string text;
  const auto add = [&](std::string_view where, const scenarios::Play& play) {
    for (const auto& failure : play.failures) {
      text += Concat({where, scenarios::FailureText(failure, play.events, result.seed)});
    }
  };
  add("", result.main);
  if (result.twin) {
    add("without the faults: ", *result.twin);
  }
  if (result.script) {
    add("by the script: ", *result.script);
  }
  if (result.second) {
    add("second run: ", *result.second);
  }
  return text;
}

Scenario WithoutFaults(Scenario scenario) {
  scenario.faults.clear();
  for (auto& version : scenario.world.npm) {
    version.tarball_from.reset();
  }
  const auto about_rules = [](const scenarios::Expectation& each) {
    return std::holds_alternative<scenarios::FaultFired>(each.kind);
  };
  std::erase_if(scenario.expect, about_rules);
  for (scenarios::Step& step : scenario.steps) {
    std::erase_if(step.expect, about_rules);
    if (auto* publish = std::get_if<scenarios::PublishStep>(&step.action)) {
      publish->kill.reset();
      publish->trouble.clear();
    }
  }
  return scenario;
}

}  // namespace drydock::testing
