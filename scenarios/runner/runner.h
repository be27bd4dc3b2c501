// Plays scenarios: builds the world a file describes, runs its steps in virtual time, then the
// fault-free twin, the runbook's script and the second run, and checks everything expected.
// Threads: one RunScenario at a time per thread; runs share nothing.
// Source: design.md "Scenario files"; docs/scenario-format.md.
#pragma once

#include <cstdint>
#include <optional>

#include "core/result.h"
#include "scenarios/runner/premises.h"
#include "scenarios/runner/result.h"
#include "scenarios/runner/scenario.h"
#include "scenarios/runner/stage.h"

namespace drydock::scenarios {

class Shelf;

struct RunOptions {
  std::optional<std::uint64_t> seed;  // instead of the file's
  bool twin = true;
  bool second_run = true;
  bool script = true;
  bool journal = true;  // the result holds the text of the journal
  // A "run" step runs a program of this machine: only with this.
  bool allow_commands = false;
  Shelf* shelf = nullptr;  // what many runs share; without one each makes all it needs
  Connector connect = {};  // another way to the world's internet than in process
};

// The stage on which `scenario` is played; with `faults` false as its twin is.
StageSpec StageOf(const Scenario& scenario, const Premises* premises, std::uint64_t seed,
                  bool faults);

// A result whether expectations held or not. Errors only when the scenario could not be played
// (kInvalid: it asks for what cannot be; kDenied: for a command, and none is allowed; kInternal;
// kUnavailable: no temporary folder). Leaves nothing behind: the project's temporary folder is
// removed on every path.
Result<ScenarioResult> RunScenario(const Scenario& scenario, const RunOptions& options = {});

}  // namespace drydock::scenarios
