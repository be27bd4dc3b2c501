// How an imported scenario ends, found by playing it.
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "scenarios/authoring/format.h"
#include "scenarios/authoring/import.h"
#include "scenarios/runner/loader.h"
#include "scenarios/runner/runner.h"

namespace drydock::scenarios {
namespace {

using Json = nlohmann::ordered_json;

Json ScriptOf(const ScenarioResult& result) {
  std::string verdict = "green";
  for (const StepResult& step : result.script->steps) {
    verdict = step.verdict.empty() ? verdict : step.verdict;
  }
  Json script = {{"verdict", verdict}};
  if (result.worse.empty()) {
    script["as-good"] = "It is a capture; the script ends as well here.";
  } else {
    const ExpectationFailure& worse = result.worse.front();
    script["teeth"] = Concat({"Expected: ", worse.expected, "; found: ", worse.found, "."});
  }
  return script;
}

}  // namespace

std::string WithVerdicts(std::string text, const std::string& path,
                         std::vector<std::string>& notes) {
  const auto scenario = ParseScenario(text, path);
  RunOptions options;
  options.twin = false;
  options.second_run = false;
  const auto result = scenario ? RunScenario(*scenario, options) : scenario.error();
  if (!result) {
    notes.push_back(Concat({"how it ends: it cannot be played: ", result.error().message()}));
    return text;
  }
  for (const ExpectationFailure& failure : result->main.failures) {
    notes.push_back(Concat({"expected ", failure.expected, ", found ", failure.found,
                            " (the publisher here asks in another order than the captured one)"}));
  }
  Json document = Json::parse(text, nullptr, false);
  for (std::size_t index = 0; index < result->main.steps.size(); ++index) {
    if (!result->main.steps[index].verdict.empty()) {
      document["steps"][index]["expect"]["verdict"] = result->main.steps[index].verdict;
    }
  }
  if (result->script) {
    document["script"] = ScriptOf(*result);
  }
  auto laid = FormatJson(document.dump(-1, ' ', false, Json::error_handler_t::replace), path);
  return laid ? std::move(*laid) : std::move(text);
}

}  // namespace drydock::scenarios
