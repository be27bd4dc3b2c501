// Rules that every play keeps, whatever its file expects. Threads: pure functions.
// Source: incidents.md 9.5; docs/scenario-format.md "What is played".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/runner/check.h"
#include "scenarios/runner/result.h"
#include "scenarios/runner/scenario.h"

namespace drydock::scenarios {

// Something about one step that is not as it must be.
ExpectationFailure Failure(const Scenario& scenario, const StepResult& step, std::string expected,
                           std::string found, std::optional<std::uint64_t> sequence);

// Whether removing the faults changes anything: rules, kills, late tarballs, trouble with runners.
bool HasFaults(const Scenario& scenario);

// A fault that never acted proves nothing.
void CheckFaultsFired(const Scenario& scenario, Play& play);
// A kill that never came proves nothing either.
void CheckKilled(const Scenario& scenario, Play& play);

// The whole of a play; `before` are all tags at its start ("repository:tag" to digest).
Stretch WholeOf(const Scenario& scenario, const Play& play,
                const std::map<std::string, std::string>& before, const std::string& repository);

// Every publish of `play` against those of `expected` that speak of publishes, the whole of it
// against the rest. Without a verdict asked for, every publish must have shipped.
void CheckPlay(const Scenario& scenario, const std::vector<Expectation>& expected,
               const std::map<std::string, std::string>& before, const std::string& repository,
               Play& play);

}  // namespace drydock::scenarios
