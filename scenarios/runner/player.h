// Plays a scenario's steps on one stage and holds each against what the file expects of it.
// Threads: one Player belongs to one thread; actors of its stage's world run while a step plays.
// Source: docs/scenario-format.md; incidents.md 9.5.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "publisher/push/pusher.h"
#include "publisher/release/run_state.h"
#include "scenarios/runner/check.h"
#include "scenarios/runner/premises.h"
#include "scenarios/runner/result.h"
#include "scenarios/runner/scenario.h"
#include "scenarios/runner/stage.h"
#include "scenarios/runner/workbench.h"

namespace drydock::scenarios {

inline constexpr std::string_view kHostAddress = "198.51.100.7";

class Player {
 public:
  // `premises` may be null for a scenario that publishes nothing. All must outlive the Player.
  // `faults` false: kills are left out as well, and nothing is expected of single steps.
  Player(const Scenario& scenario, const Premises* premises, Stage& stage, bool faults);

  // All steps, in order. Errors as RunScenario.
  Result<Play> PlaySteps();
  // The run after the last step: one host publish with the faults gone.
  Result<Play> PlaySecond();

  // Of the hash steps played.
  const std::vector<MeasuredRate>& rates() const { return rates_; }

 private:
  struct Before {
    Tags tags;
    std::vector<FaultReport> faults;
    std::uint64_t sequence = 0;
  };

  Before Look();
  // Plays one step into `result` and adds to `play` what did not hold.
  Status PlayStep(const Step& step, Play& play);
  void Stop(const Step& step, const Error& why, Play& play);
  void CheckHost(const Step& step, const Stretch& stretch, Play& play);
  Status Act(const Step& step, StepResult& result, Play& play);
  Status Publish(const Step& step, const PublishStep& publish, StepResult& result);
  // Tells the forge of a run of the workflow.
  void RecordRun(const PublishStep& publish, const StepResult& result);
  Status Ask(const AskStep& ask, StepResult& result);
  Status Hash(const Step& step, const HashStep& hash, StepResult& result, Play& play);
  publisher::Lanes ActorLanes();
  void RunPipeline(const PublishStep& publish, StepResult& result);
  void RunScript(const Step& step, const PublishStep& publish, StepResult& result);
  // The base hash that the step's "from-ci" stands for; "" when it asks for none.
  Result<std::string> HashFromCi(const PublishStep& publish) const;
  std::string HashForScript(const PublishStep& publish);
  script::Settings SettingsOf(const PublishStep& publish) const;
  // The project becomes the next of the premises' later ones.
  Status ChangeProject(StepResult& result);
  Status SetHubPage(const HubPageStep& page, StepResult& result);
  Stretch Since(const Before& before, const StepResult* step);
  void Finish(const Before& before, Play& play);
  std::string Repository() const;

  const Scenario& scenario_;
  const Premises* premises_;
  const Clone* clone_;  // the project as it is now; null when there are no premises
  Stage& stage_;
  bool faults_;
  KillSwitch kill_;
  std::unique_ptr<Workbench> host_;                               // null when there are no premises
  std::map<std::string, publisher::MemoryRunStateStore> states_;  // by release tag
  publisher::RunJournal run_;
  std::vector<StepResult> played_;            // every step so far, for a diagnosis
  std::map<std::string, std::string> notes_;  // by step name: what was changed beside the model
  std::map<std::string, bool> cached_;        // by step name: whether the cache was exported
  std::vector<MeasuredRate> rates_;
  std::map<std::string, script::CiRun> ci_runs_;  // by step name
  std::uint64_t last_run_ = 0;                    // its id at the forge
  std::size_t changes_ = 0;                       // of the project so far
};

}  // namespace drydock::scenarios
