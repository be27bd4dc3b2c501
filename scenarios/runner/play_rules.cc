#include "scenarios/runner/play_rules.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace drydock::scenarios {
namespace {

std::vector<Expectation> OfPublishes(const std::vector<Expectation>& all, bool wanted) {
  std::vector<Expectation> chosen;
  for (const Expectation& each : all) {
    const auto* count = std::get_if<CountIs>(&each.kind);
    const bool of_publish = std::holds_alternative<VerdictIs>(each.kind) ||
                            std::holds_alternative<ExitCodeIs>(each.kind) ||
                            std::holds_alternative<OutputHas>(each.kind) ||
                            std::holds_alternative<PartIs>(each.kind) ||
                            (count != nullptr && count->what == CountIs::What::kBuilds);
    if (of_publish == wanted) {
      chosen.push_back(each);
    }
  }
  return chosen;
}

bool NamesVerdict(const std::vector<Expectation>& expected) {
  return std::any_of(expected.begin(), expected.end(), [](const Expectation& each) {
    return std::holds_alternative<VerdictIs>(each.kind);
  });
}

// A look that was to publish nothing.
bool IsPlan(const Scenario& scenario, const StepResult& played) {
  return std::any_of(scenario.steps.begin(), scenario.steps.end(), [&](const Step& step) {
    const auto* publish = std::get_if<PublishStep>(&step.action);
    return step.line == played.line && publish != nullptr && publish->plan;
  });
}

Tags TagsOf(const std::map<std::string, std::string>& all, const std::string& repository) {
  Tags tags;
  for (const auto& [name, digest] : all) {
    if (name.rfind(repository + ":", 0) == 0) {
      tags[name.substr(repository.size() + 1)] = digest;
    }
  }
  return tags;
}

}  // namespace

ExpectationFailure Failure(const Scenario& scenario, const StepResult& step, std::string expected,
                           std::string found, std::optional<std::uint64_t> sequence) {
  return {scenario.file, step.line, step.name, std::move(expected), std::move(found), sequence};
}

bool HasFaults(const Scenario& scenario) {
  const auto of_step = [](const Step& step) {
    const auto* publish = std::get_if<PublishStep>(&step.action);
    return publish != nullptr && (publish->kill.has_value() || !publish->trouble.empty());
  };
  const auto late = [](const simulator::NpmRelease& version) {
    return version.tarball_from.has_value();
  };
  return !scenario.faults.empty() ||
         std::any_of(scenario.steps.begin(), scenario.steps.end(), of_step) ||
         std::any_of(scenario.world.npm.begin(), scenario.world.npm.end(), late);
}

void CheckFaultsFired(const Scenario& scenario, Play& play) {
  for (const FaultReport& report : play.faults) {
    if (report.fired > 0) {
      continue;
    }
    const auto rule =
        std::find_if(scenario.faults.begin(), scenario.faults.end(),
                     [&](const simulator::FaultRule& each) { return each.name == report.rule; });
    play.failures.push_back({scenario.file, rule->line, "",
                             Concat({"fault ", report.rule, " fires at least once"}),
                             Concat({"never: offered ", std::to_string(report.offered),
                                     ", matched ", std::to_string(report.matched)}),
                             std::nullopt});
  }
}

void CheckKilled(const Scenario& scenario, Play& play) {
  for (std::size_t index = 0; index < scenario.steps.size(); ++index) {
    const auto* publish = std::get_if<PublishStep>(&scenario.steps[index].action);
    if (publish != nullptr && publish->kill && !play.steps[index].killed) {
      play.failures.push_back(
          Failure(scenario, play.steps[index], "killed on the way",
                  Concat({"it ran to its end; no request fits: ", publish->kill->after.ToString()}),
                  std::nullopt));
    }
  }
}

Stretch WholeOf(const Scenario& scenario, const Play& play,
                const std::map<std::string, std::string>& before, const std::string& repository) {
  Stretch whole;
  whole.file = scenario.file;
  whole.events = play.events;
  whole.before = TagsOf(before, repository);
  whole.after = TagsOf(play.tags, repository);
  whole.faults = play.faults;
  return whole;
}

void CheckPlay(const Scenario& scenario, const std::vector<Expectation>& expected,
               const std::map<std::string, std::string>& before, const std::string& repository,
               Play& play) {
  const Stretch whole = WholeOf(scenario, play, before, repository);
  for (const StepResult& step : play.steps) {
    if (step.verdict.empty() || IsPlan(scenario, step)) {
      continue;
    }
    const Stretch stretch{whole.file,   &step,       EventsOf(play, step),
                          whole.before, whole.after, whole.faults};
    if (!NamesVerdict(expected)) {
      const std::string found = Concat({step.verdict, ": ", step.reason});
      const auto trouble = NearestTrouble(stretch.events);
      play.observations.push_back(
          {step.line, step.name, "published and verified", found, Shipped(step), trouble});
      if (!Shipped(step)) {
        play.failures.push_back(Failure(scenario, step, "published and verified", found, trouble));
      }
    }
    CheckInto(OfPublishes(expected, true), stretch, play);
  }
  CheckInto(OfPublishes(expected, false), whole, play);
}

}  // namespace drydock::scenarios
