#include <nlohmann/json.hpp>

#include "scenarios/runner/report.h"

namespace drydock::scenarios {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const ExpectationFailure& failure) {
  Json json = {{"file", failure.file},
               {"line", failure.line},
               {"step", failure.step},
               {"expected", failure.expected},
               {"found", failure.found}};
  if (failure.sequence) {
    json["sequence"] = *failure.sequence;
  }
  return json;
}

Json ToJson(const StepResult& step) {
  Json json = {{"name", step.name},
               {"kind", step.kind},
               {"began", FormatRfc3339(step.began)},
               {"ended", FormatRfc3339(step.ended)}};
  if (!step.verdict.empty()) {
    json["verdict"] = step.verdict;
    json["exitCode"] = step.exit_code;
    json["builds"] = step.builds;
    json["blobBytes"] = step.blob_bytes;
  }
  if (!step.reason.empty()) {
    json["reason"] = step.reason;
  }
  for (const PartResult& part : step.parts) {
    json["parts"].push_back(
        {{"part", part.part}, {"outcome", part.outcome}, {"detail", part.detail}});
  }
  for (const auto& [field, text] : step.findings) {
    json["findings"].push_back({{"field", field}, {"text", text}});
  }
  if (!step.output.empty()) {
    json["output"] = step.output;
  }
  return json;
}

Json ToJson(const Play& play) {
  Json json = {{"passed", play.passed()}, {"steps", Json::array()}};
  for (const StepResult& step : play.steps) {
    json["steps"].push_back(ToJson(step));
  }
  for (const FaultReport& fault : play.faults) {
    json["faults"].push_back({{"rule", fault.rule},
                              {"offered", fault.offered},
                              {"matched", fault.matched},
                              {"fired", fault.fired},
                              {"seen", fault.seen}});
  }
  json["tags"] = play.tags;
  json["failures"] = Json::array();
  for (const ExpectationFailure& failure : play.failures) {
    json["failures"].push_back(ToJson(failure));
  }
  return json;
}

Json ToJson(const ScenarioResult& result) {
  Json json = {{"file", result.file},
               {"title", result.title},
               {"seed", result.seed},
               {"passed", result.passed()},
               {"run", ToJson(result.main)}};
  if (result.twin) {
    json["twin"] = ToJson(*result.twin);
  }
  if (result.script) {
    json["script"] = ToJson(*result.script);
    json["script"]["doesWorse"] = Json::array();
    for (const ExpectationFailure& each : result.worse) {
      json["script"]["doesWorse"].push_back(ToJson(each));
    }
  }
  if (result.second) {
    json["secondRun"] = ToJson(*result.second);
  }
  for (const MeasuredRate& rate : result.rates) {
    json["rates"].push_back({{"name", rate.name},
                             {"bytesPerSecond", rate.bytes_per_second},
                             {"floorBytesPerSecond", rate.floor_bytes_per_second},
                             {"ratio", rate.ratio},
                             {"ratioAtLeast", rate.ratio_least}});
  }
  return json;
}

}  // namespace

std::string ToJson(const std::vector<Played>& played) {
  Json json = {{"scenarios", Json::array()}};
  for (const Played& each : played) {
    json["scenarios"].push_back(
        each.outcome ? ToJson(*each.outcome)
                     : Json{{"file", each.file}, {"error", each.outcome.error().message()}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace drydock::scenarios
