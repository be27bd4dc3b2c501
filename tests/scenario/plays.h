// Loading and playing scenario files in tests. Threads: plain functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "scenarios/runner/play_rules.h"
#include "scenarios/runner/result.h"
#include "scenarios/runner/runner.h"
#include "scenarios/runner/scenario.h"

namespace drydock::testing {

// Every scenario file below a folder of scenarios/ ("scenarios/incidents"), sorted.
std::vector<std::string> FilesIn(std::string_view folder);
// The file's name without folder and ending, as a test may be called.
std::string TestName(const std::string& file);

scenarios::Scenario Load(const std::string& file);
Result<scenarios::ScenarioResult> Play(const scenarios::Scenario& scenario,
                                       const scenarios::RunOptions& options = {});

// Everything that did not hold in any of the plays, as the command prints it; "" when all held.
std::string Failures(const scenarios::ScenarioResult& result);

// The scenario without its faults: rules, kills, late tarballs and trouble with runners gone, and
// also what it expects of the rules themselves.
scenarios::Scenario WithoutFaults(scenarios::Scenario scenario);

}  // namespace drydock::testing
