// The second publisher of a scenario: the runbook's script in drydock's place, in a fresh world
// with the same faults. Whether it does worse is judged here, by what the file asks of drydock, and
// not by the file's author. Threads: pure functions. Source: incidents.md 9.5;
// docs/scenario-format.md "script".
#pragma once

#include <vector>

#include "scenarios/runner/result.h"
#include "scenarios/runner/scenario.h"

namespace drydock::scenarios {

// True when drydock publishes in some step, so that the script can play in its place.
bool HasHostPublish(const Scenario& scenario);

// The scenario with a host-script for each host-publish. Of what the file expects only that is left
// which any publisher can keep: tags, and at most so many requests, bytes of blobs, minutes.
Scenario ByTheScript(const Scenario& scenario);

// What the script did worse in `played` (a play of ByTheScript, with what it failed): expectations
// that did not hold, another end than drydock's, a green run with a release that is not complete, a
// red one with a release that is.
std::vector<ExpectationFailure> DoesWorse(const Scenario& scenario, const Play& played);

// Where the file's "script" says something else than happened: its verdict, its expectations,
// "teeth" where the script does as well, "as-good" where it does worse, nothing at all.
std::vector<ExpectationFailure> CheckScript(const Scenario& scenario, const Play& played,
                                            const std::vector<ExpectationFailure>& worse);

}  // namespace drydock::scenarios
