// Pieces of the scenario reader, one for each section of a file. Internal to the loader.
// Errors gather in the Source; what comes back after an error is not used.
// Threads: pure functions. Source: docs/scenario-format.md.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "scenarios/runner/scenario.h"

namespace drydock::scenarios::reading {

// Which expectations make sense where an "expect" object stands.
enum class Scope {
  kPublish,   // a step that publishes
  kDiagnose,  // a diagnose step
  kAsk,       // a step that asks a server
  kStep,      // any other step
  kRun,       // the whole run
  kTwin,      // the twin: the whole run, and one verdict for its publishes
  kSecond,    // the second run: a publish of its own
};

// What expectations may name; filled before they are read.
struct KnownNames {
  std::vector<std::string> faults;
};

std::vector<Expectation> ReadExpectations(json::Source& source, const json::Value& value,
                                          Scope scope, const KnownNames& known);
// Verdicts and parts are words of one publisher: fails `source` at those that `publisher` never
// says. Names behind "variant:" and "alias:" are the release file's and not looked at.
void CheckWords(json::Source& source, const std::vector<Expectation>& expectations,
                Publisher publisher);
RequestFilter ReadFilter(json::Source& source, const json::Value& value, std::string_view what);

// Relative paths in the world start at `folder`.
WorldSpec ReadWorld(json::Source& source, const json::Value& value, const std::string& folder);

std::vector<Step> ReadSteps(json::Source& source, const json::Value& value,
                            const KnownNames& known);

// Fails `source` at the value's line unless `text` is one of `choices`.
bool OneOf(json::Source& source, const json::Value& value, std::string_view what,
           const std::vector<std::string>& choices);

}  // namespace drydock::scenarios::reading
