// Holds expectations against what happened. Threads: pure functions.
// Source: incidents.md 9.5; docs/scenario-format.md.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "scenarios/runner/expectation.h"
#include "scenarios/runner/result.h"

namespace drydock::scenarios {

// Who marks the beginning and the end of a step in the journal.
inline constexpr std::string_view kScenarioActor = "scenario";

// Tag to digest, of the project's repository.
using Tags = std::map<std::string, std::string>;

// The stretch of a play that a list of expectations is about.
struct Stretch {
  std::string file;
  const StepResult* step = nullptr;  // nullptr: the whole run; then only journal, tags, faults
  std::vector<Event> events;         // of the stretch alone
  Tags before;
  Tags after;
  std::vector<FaultReport> faults;  // counted within the stretch
};

// Every one of `expected` with what was seen, in the order written.
std::vector<Observation> Observe(const std::vector<Expectation>& expected, const Stretch& stretch);

// Everything in `expected` that does not hold, in the order written.
std::vector<ExpectationFailure> Check(const std::vector<Expectation>& expected,
                                      const Stretch& stretch);

// Adds what was seen to the play's observations, and what did not hold to its failures.
void CheckInto(const std::vector<Expectation>& expected, const Stretch& stretch, Play& play);

// The journal event a reader should look at when something about the stretch is wrong: the last
// rejected or lost exchange, else the last event. nullopt when nothing happened.
std::optional<std::uint64_t> NearestTrouble(const std::vector<Event>& events);

// The uploads to `repository` that brought bytes of a blob it held already (`held`): sequences.
std::vector<std::uint64_t> SentTwice(const std::vector<Event>& events, std::string_view repository,
                                     const std::set<Digest>& held);

// "diagnosis" fields with their text; several findings of one name are joined by newlines.
std::string FindingText(const StepResult& step, std::string_view field);

}  // namespace drydock::scenarios
