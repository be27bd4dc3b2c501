// Scenarios whose steps run programs of this machine, in real time, against the served Hub: a
// publish script of somebody else, held to the same expectations. Each play has a Hub on a free
// port of 127.0.0.1 and a clone of the project that the programs may write into. Threads: as
// RunScenario. Source: issue 6 section 2; docs/regression-testing.md.
#pragma once

#include "core/result.h"
#include "scenarios/runner/result.h"
#include "scenarios/runner/runner.h"
#include "scenarios/runner/scenario.h"

namespace drydock::scenarios {

bool HasCommands(const Scenario& scenario);

// As RunScenario: the run and, when there are faults, the twin; there is no second run. kDenied
// unless options.allow_commands. A program that outlasts its timeout is killed.
Result<ScenarioResult> RunCommands(const Scenario& scenario, const RunOptions& options);

}  // namespace drydock::scenarios
