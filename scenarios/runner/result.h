// What playing a scenario gave: everything a report, JUnit file or failure message needs, and
// nothing that has to be asked of a live world. Threads: plain values, pure functions.
// Source: design.md "Scenario files"; incidents.md 9.5.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/journal.h"

namespace drydock::scenarios {

// An expectation that did not hold, or a rule every run must keep (then `line` is that of the step
// or fault it is about).
struct ExpectationFailure {
  std::string file;
  std::size_t line = 0;
  std::string step;                       // "" for expectations about the whole run
  std::string expected;                   // "tag v1.15.12 absent"
  std::string found;                      // "sha256:… since 06:12:04"
  std::optional<std::uint64_t> sequence;  // the journal event nearest to what went wrong
};

// An expectation with what was seen of it, whether it held or not.
struct Observation {
  std::size_t line = 0;
  std::string step;  // "" for expectations about the whole run
  std::string expected;
  std::string found;
  bool holds = false;
  std::optional<std::uint64_t> sequence;  // where to look
};

struct PartResult {
  std::string part;     // "preflight", "base-build", "variant:omos", …
  std::string outcome;  // "ran", "skipped", "failed", "not-reached"
  std::string detail;
};

struct StepResult {
  std::string name;   // "ci-publish #332"
  std::string kind;   // "ci-publish", "host-publish", "diagnose", …
  std::string actor;  // whose events these are: "ci", "host"; "" when the step has none
  std::size_t line = 0;
  std::string verdict;  // as in design.md for host-publish; "green" or "red" for the script
  std::string reason;   // one line for people
  int exit_code = 0;
  TimePoint began{};
  TimePoint ended{};
  std::uint64_t first_sequence = 0;  // events [first_sequence, end_sequence) belong to the step
  std::uint64_t end_sequence = 0;
  std::vector<PartResult> parts;
  bool killed = false;  // on the way, as the step's "kill" asks
  // Publishes: what the registry lacks of the release when the step has ended, whatever the
  // publisher said; "" when all of it is there.
  std::string incomplete;
  std::uint64_t untagged = 0;    // publishes: manifests in the repository that no tag leads to then
  std::uint64_t builds = 0;      // how often a builder was run
  std::uint64_t blob_bytes = 0;  // body bytes of blob uploads the registry received
  std::string output;            // what the publisher and its builder printed
  std::string builder_log;       // what the builder alone printed
  std::vector<std::pair<std::string, std::string>> findings;  // diagnose: field and text, in order
};

// Whether the publish of this step brought everything out.
bool Shipped(const StepResult& step);

// Body bytes of blob uploads that the registries received in these exchanges.
std::uint64_t BlobBytes(const std::vector<Event>& events);

// Counted by the fault engine for every rule.
struct FaultReport {
  std::string rule;
  std::uint64_t offered = 0;  // exchanges it was asked about
  std::uint64_t matched = 0;
  std::uint64_t fired = 0;
  std::uint64_t seen = 0;  // firings a client noticed
};

// One play of the steps in one world.
struct Play {
  std::vector<StepResult> steps;
  std::vector<Event> events;
  std::vector<FaultReport> faults;
  std::map<std::string, std::string> tags;  // "repository:tag" to digest when it ended
  std::vector<Observation> observations;    // of what the file expects, in the order checked
  std::vector<ExpectationFailure> failures;
  bool stopped = false;  // at its deadline, before its end
  bool passed() const { return failures.empty(); }
};

// The events of one step, in order.
std::vector<Event> EventsOf(const Play& play, const StepResult& step);

// A speed measured on the machine's own clock. Never part of a journal.
struct MeasuredRate {
  std::string name;
  double bytes_per_second = 0;
  double floor_bytes_per_second = 0;
  double ratio = 0;
  double ratio_least = 0;
};

struct ScenarioResult {
  std::string file;
  std::string title;
  std::string about;
  std::vector<std::string> sources;
  std::uint64_t seed = 0;
  Play main;
  std::optional<Play> twin;               // the same steps, faults removed, in a world of its own
  std::optional<Play> script;             // by the runbook's script, with the faults
  std::vector<ExpectationFailure> worse;  // what the script does worse than the file asks
  std::optional<Play> second;             // the run after the last step, in the world of `main`
  std::vector<MeasuredRate> rates;        // kept apart: they differ from run to run
  std::string journal;                    // JSON lines of `main` and `second`: one seed, one text
  bool passed() const {
    return main.passed() && (!twin || twin->passed()) && (!script || script->passed()) &&
           (!second || second->passed());
  }
};

}  // namespace drydock::scenarios
