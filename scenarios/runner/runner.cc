#include "scenarios/runner/runner.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/check.h"
#include "scenarios/runner/player.h"
#include "scenarios/runner/premises.h"
#include "scenarios/runner/shelf.h"
#include "scenarios/runner/stage.h"
#include "scenarios/runner/teeth.h"

namespace drydock::scenarios {
namespace {

bool Publishes(const Step& step) { return std::holds_alternative<PublishStep>(step.action); }

// Whether removing the faults changes anything.
bool HasFaults(const Scenario& scenario) {
  const auto killed = [](const Step& step) {
    const auto* publish = std::get_if<PublishStep>(&step.action);
    return publish != nullptr && publish->kill.has_value();
  };
  const auto late = [](const simulator::NpmRelease& version) {
    return version.tarball_from.has_value();
  };
  return !scenario.faults.empty() ||
         std::any_of(scenario.steps.begin(), scenario.steps.end(), killed) ||
         std::any_of(scenario.world.npm.begin(), scenario.world.npm.end(), late);
}

StageSpec StageOf(const Scenario& scenario, const Premises* premises, std::uint64_t seed,
                  bool faults) {
  StageSpec spec;
  spec.seed = seed;
  spec.start = scenario.start;
  spec.deadline = scenario.deadline;
  spec.npm = scenario.world.npm;
  spec.tarballs_late = faults;
  spec.tag_list_lag = scenario.world.hub.tag_list_lag;
  spec.traits = scenario.world.hub.traits;
  if (faults) {
    spec.rules = scenario.faults;
  }
  if (premises != nullptr) {
    spec.npm_registry = premises->release.npm_registry;
    spec.owner = premises->Owner();
    spec.content = &premises->content;
  }
  if (scenario.world.forge) {
    spec.forge = scenario.world.forge->content;
    if (premises != nullptr && !scenario.world.forge->project.empty()) {
      const std::string& tag = scenario.world.project.tag;
      simulator::ForgeRepository& project = spec.forge->repositories[scenario.world.forge->project];
      project.branches["main"].push_back(
          {premises->commit, Concat({"release ", tag}), scenario.start});
      project.tags[tag] = premises->commit;
    }
  }
  return spec;
}

ExpectationFailure Failure(const Scenario& scenario, const StepResult& step, std::string expected,
                           std::string found, std::optional<std::uint64_t> sequence) {
  return {scenario.file, step.line, step.name, std::move(expected), std::move(found), sequence};
}

// A fault that never acted proves nothing.
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

// A kill that never came proves nothing either.
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

Tags TagsOf(const std::map<std::string, std::string>& all, const std::string& repository) {
  Tags tags;
  for (const auto& [name, digest] : all) {
    if (name.rfind(repository + ":", 0) == 0) {
      tags[name.substr(repository.size() + 1)] = digest;
    }
  }
  return tags;
}

// Every publish of `play` against those of `expected` that speak of publishes, the whole of it
// against the rest. Without a verdict asked for, every publish must have shipped.
void CheckPlay(const Scenario& scenario, const std::vector<Expectation>& expected,
               const std::map<std::string, std::string>& before, const std::string& repository,
               Play& play) {
  Stretch whole;
  whole.file = scenario.file;
  whole.events = play.events;
  whole.before = TagsOf(before, repository);
  whole.after = TagsOf(play.tags, repository);
  for (const StepResult& step : play.steps) {
    if (step.verdict.empty()) {
      continue;
    }
    Stretch stretch = whole;
    stretch.step = &step;
    stretch.events = EventsOf(play, step);
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

class Run {
 public:
  Run(const Scenario& scenario, const Premises* premises, std::uint64_t seed,
      const RunOptions& options)
      : scenario_(scenario), premises_(premises), seed_(seed), options_(options) {
    result_.file = scenario.file;
    result_.title = scenario.title;
    result_.about = scenario.about;
    result_.sources = scenario.sources;
    result_.seed = seed;
  }

  Result<ScenarioResult> Play() {
    Stage stage(Spec(scenario_, true));
    const Status packages = stage.Furnish();
    if (!packages) {
      return packages.error().At(scenario_.file);
    }
    Player player(scenario_, premises_, stage, true);
    auto played = player.PlaySteps();
    if (!played) {
      return played.error();
    }
    result_.main = std::move(*played);
    CheckFaultsFired(scenario_, result_.main);
    CheckKilled(scenario_, result_.main);
    result_.rates = player.rates();
    const bool publishes = std::any_of(scenario_.steps.begin(), scenario_.steps.end(), Publishes);
    if (publishes && options_.second_run && !result_.main.stopped) {
      const Status second = PlaySecond(stage, player);
      if (!second) {
        return second.error();
      }
    }
    result_.journal = stage.journal().ToJsonLines();
    if (publishes && options_.twin && HasFaults(scenario_)) {
      const Status twin = PlayTwin();
      if (!twin) {
        return twin.error();
      }
    }
    if (options_.script && HasHostPublish(scenario_) &&
        (scenario_.script || HasFaults(scenario_))) {
      const Status script = PlayScript();
      if (!script) {
        return script.error();
      }
    }
    return std::move(result_);
  }

 private:
  StageSpec Spec(const Scenario& scenario, bool faults) const {
    StageSpec spec = StageOf(scenario, premises_, seed_, faults);
    spec.connect = options_.connect;
    return spec;
  }

  Status PlaySecond(Stage& stage, Player& player) {
    const std::string& repository = premises_->release.image.repository;
    const auto before = stage.AllTags();
    const std::set<Digest> held = stage.store().Blobs(repository);
    auto played = player.PlaySecond();
    if (!played) {
      return played.error();
    }
    CheckPlay(scenario_, scenario_.second, before, repository, *played);
    for (const std::uint64_t sequence : SentTwice(played->events, repository, held)) {
      played->failures.push_back(Failure(scenario_, played->steps.front(),
                                         "no blob is sent that the registry holds",
                                         "an upload of one", sequence));
    }
    result_.second = std::move(*played);
    return Ok{};
  }

  Status PlayTwin() {
    Stage stage(Spec(scenario_, false));
    const Status packages = stage.Furnish();
    if (!packages) {
      return packages.error().At(scenario_.file);
    }
    const auto before = stage.AllTags();
    Player player(scenario_, premises_, stage, false);
    auto played = player.PlaySteps();
    if (!played) {
      return played.error();
    }
    CheckPlay(scenario_, scenario_.twin, before, premises_->release.image.repository, *played);
    result_.twin = std::move(*played);
    return Ok{};
  }

  Status PlayScript() {
    const Scenario changed = ByTheScript(scenario_);
    Stage stage(Spec(changed, true));
    const Status packages = stage.Furnish();
    if (!packages) {
      return packages.error().At(scenario_.file);
    }
    const auto before = stage.AllTags();
    Player player(changed, premises_, stage, true);
    auto played = player.PlaySteps();
    if (!played) {
      return played.error();
    }
    result_.worse = DoesWorse(scenario_, *played);
    played->failures = CheckScript(scenario_, *played, result_.worse);
    if (scenario_.script) {
      CheckInto(scenario_.script->expect, WholeOf(scenario_, *played, before), *played);
    }
    result_.script = std::move(*played);
    return Ok{};
  }

  Stretch WholeOf(const Scenario& scenario, const struct Play& play,
                  const std::map<std::string, std::string>& before) const {
    const std::string& repository = premises_->release.image.repository;
    Stretch whole;
    whole.file = scenario.file;
    whole.events = play.events;
    whole.before = TagsOf(before, repository);
    whole.after = TagsOf(play.tags, repository);
    whole.faults = play.faults;
    return whole;
  }

  const Scenario& scenario_;
  const Premises* premises_;
  std::uint64_t seed_;
  const RunOptions& options_;
  ScenarioResult result_;
};

}  // namespace

Result<ScenarioResult> RunScenario(const Scenario& scenario, const RunOptions& options) {
  std::optional<Shelf> own;
  Shelf& shelf = options.shelf != nullptr ? *options.shelf : own.emplace();
  std::optional<Premises> premises;
  if (!scenario.world.project.folder.empty()) {
    auto made = MakePremises(scenario, shelf);
    if (!made) {
      return made.error();
    }
    premises = std::move(*made);
  }
  return Run(scenario, premises ? &*premises : nullptr, options.seed.value_or(scenario.seed),
             options)
      .Play();
}

}  // namespace drydock::scenarios
