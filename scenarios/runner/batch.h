// Many scenarios side by side. Each is played as if it were alone: how many at a time, and in which
// order, changes nothing in what it gives. Threads: starts and joins its own.
// Source: docs/adr/0037-shared-premises.md; docs/scenario-format.md "What is played".
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "core/result.h"
#include "scenarios/runner/runner.h"

namespace drydock::scenarios {

inline constexpr unsigned kJobsMost = 256;

// Told of each scenario by its index, in order, on the caller's thread.
using OnPlayed = std::function<void(std::size_t index, Result<ScenarioResult> outcome)>;

// Plays all of them, `jobs` at a time (1 to kJobsMost).
void RunAll(const std::vector<Scenario>& scenarios, const RunOptions& options, unsigned jobs,
            const OnPlayed& on_played);

}  // namespace drydock::scenarios
