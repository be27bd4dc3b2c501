// Kills a publish at every point of a scenario's world, one play each, and resumes it: complete,
// every tag moved at most once, nothing sent again that the registry held. Beside what
// tests/unit/release does with a builder of its own, here the builder's and the pusher's requests
// are points as well. Threads: one call belongs to one thread.
// Source: issue "Resume, verify, verdict"; incidents.md section 5, rule 12.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/result.h"
#include "scenarios/runner/scenario.h"

namespace drydock::scenarios {

struct KillSweep {
  std::size_t plays = 0;
  std::vector<std::string> failures;  // "killed at point 17: …"
};

// Plays `scenario`'s world, faults and all, but its own steps: a host-publish that is killed at
// point `first`, then a host-publish with "resume"; then the same for `first` + `stride` and so on,
// until a publish comes to its end. A point is the moment before a request, the moment after it, or
// after the run state was saved. Errors as RunScenario.
Result<KillSweep> SweepKills(const Scenario& scenario, int first, int stride);

}  // namespace drydock::scenarios
