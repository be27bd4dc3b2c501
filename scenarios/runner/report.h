// What a person or a machine reads after a replay: a timeline, JUnit XML, JSON. All of them are
// made from results alone. Threads: pure functions. Source: issue 2 section 6;
// docs/scenario-format.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "scenarios/runner/result.h"

namespace drydock::scenarios {

struct TextStyle {
  bool colour = false;      // ANSI escapes: for a terminal
  bool timeline = true;     // false: the verdict line and what failed, nothing else
  std::size_t width = 100;  // columns; timeline lines are cut there, failures never are
  bool terminal = false;    // nothing but a failure is wider: long words are broken, titles cut
};

// One scenario for people: what happened when, who asked whom, faults, verdicts, what failed.
std::string ToText(const ScenarioResult& result, const TextStyle& style);

// The events of one play's step, or of anything else, as timeline lines.
std::string TimelineText(const std::vector<Event>& events, const TextStyle& style);

// A file that was played, or could not be.
struct Played {
  std::string file;
  Result<ScenarioResult> outcome;
};

// JUnit XML: one suite a file, one case a step, and one each for the run, its twin and the second
// run. No times: they would be virtual ones.
std::string ToJUnit(const std::vector<Played>& played);
// One JSON object, indented; the journal is not part of it.
std::string ToJson(const std::vector<Played>& played);

// Where a failure is, what was expected and found, the nearest journal line and how to see it
// again; several lines.
std::string FailureText(const ExpectationFailure& failure, const std::vector<Event>& events,
                        std::uint64_t seed);

}  // namespace drydock::scenarios
