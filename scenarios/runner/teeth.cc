#include "scenarios/runner/teeth.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/check.h"

namespace drydock::scenarios {
namespace {

const PublishStep* HostPublish(const Step& step) {
  const auto* publish = std::get_if<PublishStep>(&step.action);
  return publish != nullptr && publish->publisher == Publisher::kHost ? publish : nullptr;
}

// What is left of an expectation when another publisher must keep it. A least number says that
// something happened at all; whoever needs fewer requests, bytes or minutes does no worse.
std::optional<Expectation> ForAnybody(Expectation expectation) {
  if (auto* count = std::get_if<CountIs>(&expectation.kind)) {
    count->bounds.least = 0;
    return count->what == CountIs::What::kBlobBytes ? std::optional(expectation) : std::nullopt;
  }
  if (auto* requests = std::get_if<RequestsAre>(&expectation.kind)) {
    requests->bounds.least = 0;
    return expectation;
  }
  if (auto* took = std::get_if<TookBetween>(&expectation.kind)) {
    took->least = Duration::zero();
    return expectation;
  }
  return std::holds_alternative<TagIs>(expectation.kind) ? std::optional(expectation)
                                                         : std::nullopt;
}

std::vector<Expectation> Neutral(const std::vector<Expectation>& all) {
  std::vector<Expectation> kept;
  for (const Expectation& each : all) {
    if (auto left = ForAnybody(each)) {
      kept.push_back(std::move(*left));
    }
  }
  return kept;
}

// "host-script resumed" for "host-publish resumed"; another name when the file has that step.
std::string ScriptName(const Scenario& scenario, const Step& step, const PublishStep& publish) {
  std::string name = Concat({"host-script", publish.run.empty() ? "" : " ", publish.run});
  const bool taken = std::any_of(scenario.steps.begin(), scenario.steps.end(),
                                 [&](const Step& other) { return other.name == name; });
  return taken ? Concat({name, " (for ", step.name, ")"}) : name;
}

ExpectationFailure Failure(const Scenario& scenario, std::size_t line, const std::string& step,
                           std::string expected, std::string found) {
  return {scenario.file, line, step, std::move(expected), std::move(found), std::nullopt};
}

const StepResult* LastRun(const Play& played, const std::set<std::size_t>& lines) {
  const auto last = std::find_if(
      played.steps.rbegin(), played.steps.rend(),
      [&](const StepResult& step) { return lines.count(step.line) != 0 && !step.verdict.empty(); });
  return last == played.steps.rend() ? nullptr : &*last;
}

// One host-publish of the file and the run of the script that took its place.
void JudgeRun(const Scenario& scenario, const Step& step, const StepResult& run,
              std::vector<ExpectationFailure>& worse) {
  if (run.killed || HostPublish(step)->plan) {
    return;  // it had no chance to say anything, or nothing to do
  }
  const bool green = Shipped(run);
  for (const Expectation& expectation : step.expect) {
    const auto* want = std::get_if<VerdictIs>(&expectation.kind);
    // Published but not verified is an end the script has no word for.
    if (want == nullptr || want->verdict == "published-not-verified") {
      continue;
    }
    const bool succeeds = want->verdict == "published-and-verified";
    if (succeeds != green) {
      worse.push_back(Failure(
          scenario, expectation.line, run.name,
          Concat({succeeds ? "the release goes out, as by drydock" : "it stops, as drydock does: ",
                  succeeds ? "" : want->verdict}),
          Concat({run.verdict, ": ", run.reason})));
    }
  }
  if (green && !run.incomplete.empty()) {
    worse.push_back(Failure(scenario, run.line, run.name, "green only for a complete release",
                            Concat({"green, and ", run.incomplete})));
  }
  if (!green && run.incomplete.empty()) {
    worse.push_back(Failure(scenario, run.line, run.name, "red only for an incomplete release",
                            Concat({"red, and everything is there: ", run.reason})));
  }
}

}  // namespace

bool HasHostPublish(const Scenario& scenario) {
  return std::any_of(scenario.steps.begin(), scenario.steps.end(),
                     [](const Step& step) { return HostPublish(step) != nullptr; });
}

Scenario ByTheScript(const Scenario& scenario) {
  Scenario changed = scenario;
  changed.expect = Neutral(scenario.expect);
  for (Step& step : changed.steps) {
    step.expect = Neutral(step.expect);
    const PublishStep* publish = HostPublish(step);
    if (publish == nullptr) {
      continue;
    }
    PublishStep script = *publish;  // the script knows neither resume nor only
    script.publisher = Publisher::kHostScript;
    script.resume = false;
    script.only.clear();
    step.name = ScriptName(scenario, step, *publish);
    step.action = std::move(script);
  }
  return changed;
}

std::vector<ExpectationFailure> DoesWorse(const Scenario& scenario, const Play& played) {
  std::vector<ExpectationFailure> worse = played.failures;
  for (std::size_t index = 0; index < scenario.steps.size(); ++index) {
    if (HostPublish(scenario.steps[index]) != nullptr) {
      JudgeRun(scenario, scenario.steps[index], played.steps[index], worse);
    }
  }
  return worse;
}

std::vector<ExpectationFailure> CheckScript(const Scenario& scenario, const Play& played,
                                            const std::vector<ExpectationFailure>& worse) {
  std::set<std::size_t> lines;
  for (const Step& step : scenario.steps) {
    if (HostPublish(step) != nullptr) {
      lines.insert(step.line);
    }
  }
  const StepResult* last = LastRun(played, lines);
  if (last == nullptr) {
    return {};
  }
  const std::string how = worse.empty()
                              ? "it does as well as drydock"
                              : Concat({"it does worse, first ", worse.front().step, ": expected ",
                                        worse.front().expected, ", found ", worse.front().found});
  if (!scenario.script) {
    return {Failure(scenario, last->line, last->name,
                    "a \"script\" that says what the runbook's script does here",
                    Concat({"none; the script ends ", last->verdict, ", and ", how}))};
  }
  const ScriptSpec& spec = *scenario.script;
  std::vector<ExpectationFailure> failures;
  if (last->verdict != spec.verdict) {
    failures.push_back(Failure(scenario, spec.line, last->name,
                               Concat({"the script ends ", spec.verdict}),
                               Concat({last->verdict, ": ", last->reason})));
  }
  if (spec.teeth && worse.empty()) {
    failures.push_back(Failure(scenario, spec.line, "",
                               Concat({"the script does worse (\"teeth\"): ", spec.why}),
                               "toothless: it keeps all that the file expects of a publisher, "
                               "and tells the truth about it"));
  }
  if (!spec.teeth && !worse.empty()) {
    failures.push_back(Failure(scenario, spec.line, "",
                               Concat({"the script does as well (\"as-good\"): ", spec.why}), how));
  }
  return failures;
}

}  // namespace drydock::scenarios
