#include "scenarios/runner/runner.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/check.h"
#include "scenarios/runner/play_rules.h"
#include "scenarios/runner/player.h"
#include "scenarios/runner/premises.h"
#include "scenarios/runner/run_commands.h"
#include "scenarios/runner/shelf.h"
#include "scenarios/runner/stage.h"
#include "scenarios/runner/teeth.h"

namespace drydock::scenarios {
namespace {

bool Publishes(const Step& step) { return std::holds_alternative<PublishStep>(step.action); }

}  // namespace

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
    spec.also = premises->release.also;
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

namespace {

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
    if (options_.journal) {
      result_.journal = stage.journal().ToJsonLines();
    }
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
      CheckInto(scenario_.script->expect,
                WholeOf(scenario_, *played, before, premises_->release.image.repository), *played);
    }
    result_.script = std::move(*played);
    return Ok{};
  }

  const Scenario& scenario_;
  const Premises* premises_;
  std::uint64_t seed_;
  const RunOptions& options_;
  ScenarioResult result_;
};

}  // namespace

Result<ScenarioResult> RunScenario(const Scenario& scenario, const RunOptions& options) {
  if (HasCommands(scenario)) {
    return RunCommands(scenario, options);
  }
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
