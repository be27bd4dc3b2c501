#include "scenarios/report/ci_formats.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/wording.h"

namespace drydock::scenarios {
namespace {

using Json = nlohmann::ordered_json;

std::string OneLine(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

struct Failure {
  std::string_view play;  // "run", "script", "twin", "second"
  const ExpectationFailure* failure;
};

std::vector<Failure> FailuresOf(const ScenarioResult& result) {
  std::vector<Failure> all;
  const auto add = [&](std::string_view name, const Play* play) {
    if (play != nullptr) {
      for (const ExpectationFailure& each : play->failures) {
        all.push_back({name, &each});
      }
    }
  };
  add("run", &result.main);
  add("script", result.script ? &*result.script : nullptr);
  add("twin", result.twin ? &*result.twin : nullptr);
  add("second", result.second ? &*result.second : nullptr);
  return all;
}

std::string StepOf(const ExpectationFailure& failure) {
  return failure.step.empty() ? "the whole run" : failure.step;
}

// "#" would begin a directive.
std::string Described(std::string_view text) {
  return ReplaceAll(ReplaceAll(ReplaceAll(std::string(text), "\\", "\\\\"), "#", "\\#"), "\n", " ");
}

std::string TapFailures(const ScenarioResult& result) {
  std::string text = "  ---\n  failures:\n";
  for (const auto& [play, failure] : FailuresOf(result)) {
    // A JSON string is a YAML string.
    text +=
        Concat({"    - at: ", OneLine(Concat({failure->file, ":", std::to_string(failure->line)})),
                "\n      play: ", play, "\n      step: ", OneLine(StepOf(*failure)),
                "\n      expected: ", OneLine(failure->expected),
                "\n      found: ", OneLine(Gist(failure->found)), "\n"});
  }
  return text + "  ...\n";
}

Json LineOf(std::string_view play, const ExpectationFailure& failure) {
  Json json = {{"type", "failure"},     {"file", failure.file}, {"line", failure.line},
               {"play", play},          {"step", failure.step}, {"expected", failure.expected},
               {"found", failure.found}};
  if (failure.sequence) {
    json["sequence"] = *failure.sequence;
  }
  return json;
}

Json LineOf(const ScenarioResult& result) {
  Json json = {{"type", "scenario"},
               {"file", result.file},
               {"title", result.title},
               {"seed", result.seed},
               {"result", result.passed() ? "passed" : "failed"},
               {"failures", FailuresOf(result).size()},
               {"steps", Json::array()},
               {"faults", Json::array()}};
  for (const StepResult& step : result.main.steps) {
    if (!step.verdict.empty()) {
      json["steps"].push_back({{"name", step.name},
                               {"verdict", step.verdict},
                               {"exitCode", step.exit_code},
                               {"builds", step.builds},
                               {"blobBytes", step.blob_bytes},
                               {"tookMillis", (step.ended - step.began).count() / 1000}});
    }
  }
  for (const FaultReport& fault : result.main.faults) {
    json["faults"].push_back({{"rule", fault.rule},
                              {"offered", fault.offered},
                              {"matched", fault.matched},
                              {"fired", fault.fired},
                              {"seen", fault.seen}});
  }
  return json;
}

// A command's message and, stricter, its properties.
std::string Message(std::string_view text) {
  return ReplaceAll(ReplaceAll(ReplaceAll(std::string(text), "%", "%25"), "\r", "%0D"), "\n",
                    "%0A");
}
std::string Property(std::string_view text) {
  return ReplaceAll(ReplaceAll(Message(text), ":", "%3A"), ",", "%2C");
}

std::string Annotation(std::string_view file, std::size_t line, std::string_view title,
                       std::string_view text) {
  return Concat({"::error file=", Property(file),
                 line == 0 ? "" : Concat({",line=", std::to_string(line)}),
                 ",title=", Property(title), "::", Message(text), "\n"});
}

}  // namespace

std::string ToTap(const std::vector<Played>& played) {
  std::string text = Concat({"TAP version 14\n1..", std::to_string(played.size()), "\n"});
  std::size_t number = 0;
  for (const Played& each : played) {
    const bool good = each.outcome && each.outcome->passed();
    const std::string title = each.outcome ? each.outcome->title : "could not be played";
    text += Concat({good ? "ok " : "not ok ", std::to_string(++number), " - ",
                    Described(Concat({each.file, ": ", title})), "\n"});
    if (!each.outcome) {
      text += Concat({"  ---\n  message: ", OneLine(each.outcome.error().message()), "\n  ...\n"});
    } else if (!good) {
      text += TapFailures(*each.outcome);
    }
  }
  return text;
}

std::string ToJsonLines(const std::vector<Played>& played) {
  std::string lines;
  std::size_t passed = 0;
  std::size_t broken = 0;
  for (const Played& each : played) {
    if (!each.outcome) {
      ++broken;
      lines += OneLine({{"type", "scenario"},
                        {"file", each.file},
                        {"result", "broken"},
                        {"error", each.outcome.error().message()}}) +
               "\n";
      continue;
    }
    passed += each.outcome->passed() ? 1U : 0U;
    for (const auto& [play, failure] : FailuresOf(*each.outcome)) {
      lines += OneLine(LineOf(play, *failure)) + "\n";
    }
    lines += OneLine(LineOf(*each.outcome)) + "\n";
  }
  return lines +
         OneLine({{"type", "summary"},
                  {"scenarios", played.size()},
                  {"passed", passed},
                  {"failed", played.size() - passed - broken},
                  {"broken", broken}}) +
         "\n";
}

std::string ToAnnotations(const std::vector<Played>& played) {
  std::string lines;
  for (const Played& each : played) {
    if (!each.outcome) {
      lines +=
          Annotation(each.file, 0, "the scenario cannot be played", each.outcome.error().message());
      continue;
    }
    for (const auto& [play, failure] : FailuresOf(*each.outcome)) {
      lines +=
          Annotation(failure->file, failure->line,
                     Concat({StepOf(*failure), play == "run" ? "" : Concat({" (", play, ")"})}),
                     Concat({"expected ", failure->expected, "\nfound ", Gist(failure->found)}));
    }
  }
  return lines;
}

}  // namespace drydock::scenarios
