// A scenario in memory: what one file of scenarios/ says, checked but not yet played. Every part
// keeps the line it was written on, so that a failure can point at it.
// Threads: plain values. Source: docs/scenario-format.md; scenarios/scenario.schema.json.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/http.h"
#include "scenarios/runner/expectation.h"
#include "scenarios/runner/project_spec.h"
#include "scenarios/runner/script/ci.h"
#include "simulator/faults/rule.h"
#include "simulator/neighbours/neighbour_content.h"

namespace drydock::scenarios {

// The fake Hub at the start.
struct HubSpec {
  // Tags that exist before the first step, made by an earlier release of the project: "previous"
  // tags point at that release's images, "base" means the base of the present tree is there too.
  std::string previous_release;  // "v1.15.11"; "" for an empty repository
  bool tls = false;              // served over https; for commands only
  bool base_present = false;
  std::string cache_repository;  // repository of the CI cache; "" when it shares the image's
  Duration tag_list_lag{};       // of the management API's tag listing
  simulator::TraitList traits;   // in which it is not the Hub that everybody knows
};

// The git forge. Beside what the file says it has the project's commit and release tag, and a run
// for each ci-publish.
struct ForgeSpec {
  simulator::ForgeContent content;
  std::string project;  // "owner/name" of the project; "" when it is elsewhere
};

// Virtual time the RUN lines of a build take.
struct BuildTimes {
  Duration base{};
  Duration variant{};
};

struct BuilderSpec {
  bool parallel_export = false;  // image and cache side by side, as BuildKit 0.28 and later do
  std::string version;           // what `docker buildx version` prints; "" for the model's own
  BuildTimes ci;
  BuildTimes host;
  int runners = 2;  // CI jobs that run at the same time
  // The most that drydock's own pusher sends of a blob at once; 0: all of it; nullopt: as usual.
  std::optional<std::uint64_t> chunk_bytes;
};

struct WorldSpec {
  HubSpec hub;
  // A tarball that comes late counts as a fault: the twin and the second run have every tarball.
  std::vector<simulator::NpmRelease> npm;
  std::optional<ForgeSpec> forge;
  ProjectSpec project;
  BuilderSpec builder;
  std::map<std::string, script::CiWorkflow> ci;  // workflows by name, beside the usual one
};

// Where a publish is killed: right after the `count`-th request that fits; or, when `point` is not
// 0, at that point of it, whatever it is (kill_sweep.h).
struct KillSpec {
  RequestFilter after;
  int count = 1;
  int point = 0;
};

// Who publishes. kHost is drydock's own pipeline; the other two are the baseline that
// scenarios/runner/script models.
enum class Publisher { kCi, kHost, kHostScript };

struct PublishStep {
  Publisher publisher = Publisher::kHost;
  std::string run;     // "#332": a name for the report
  bool cache = false;  // --cache-from and --cache-to type=registry,mode=max
  int attempts = 1;    // CI: tries a push step has (three since 2026-05-28)
  // CI: the variants in the order in which free runners take their jobs; empty: the release file's.
  std::vector<std::string> jobs;
  std::string workflow;                            // CI: of WorldSpec::ci; "" is the usual one
  std::map<std::string, script::Trouble> trouble;  // CI: with its runners, by part; a fault
  std::string rerun;    // CI: of this step the failed jobs alone ("ci-publish #332")
  bool resume = false;  // host: finish an earlier run
  std::string only;     // host: this variant alone; "" means all
  bool plan = false;    // host: only say what would be done
  // host: stop unless the base hash is the one that the log of this ci-publish tells
  // ("ci-publish #332"), or the one in the name of base-latest's base tag.
  std::string from_ci;
  bool from_base_latest = false;
  std::optional<KillSpec> kill;
  std::string note;  // what was changed beside the model ("setup-buildx-action pinned to v4.0.0")
};

struct DiagnoseStep {};

// Hashes a generated tree; see docs/scenario-format.md, "hash".
struct HashStep {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::string base_hash;   // the 12 hex digits expected
  double ratio_least = 0;  // of the SHA-256 floor measured in the same run; 0: not asked
  int rounds = 1;          // timed rounds after one warming read; the median counts
};

// Lets virtual time pass: a span, or until a moment.
struct WaitStep {
  Duration span{};
  std::optional<TimePoint> until;
};

struct FaultSwitchStep {
  bool on = true;
  std::vector<std::string> rules;
};

// Packages that appear on npm.
struct NpmStep {
  std::vector<simulator::NpmRelease> packages;
};

// drydock sets what the Hub's page of the repository says.
struct HubPageStep {
  std::string text;  // whole
};

// A person's GET, from the host's machine; with the forge's token when it goes there.
struct AskStep {
  Url url;
};

// Any program, in real time, against the served Hub.
struct RunStep {
  std::string run;  // a name for the report
  std::vector<std::string> command;
  Duration timeout{};
};

using StepAction = std::variant<PublishStep, DiagnoseStep, HashStep, WaitStep, FaultSwitchStep,
                                ProjectStep, NpmStep, HubPageStep, AskStep, RunStep>;

struct Step {
  std::string name;  // "ci-publish #332", unique within the scenario
  std::size_t line = 0;
  StepAction action;
  std::vector<Expectation> expect;  // about this step alone
};

// What the runbook's script does when it plays in drydock's place, in a world of its own with the
// same faults.
struct ScriptSpec {
  std::size_t line = 0;
  std::string verdict;              // of its last run: "green" or "red"
  std::vector<Expectation> expect;  // about its whole run
  bool teeth = false;               // it does worse than drydock; or else as well
  std::string why;                  // what it does worse, or why the file exists all the same
};

inline constexpr Duration kDeadlineUsual = std::chrono::days(30);
inline constexpr Duration kDeadlineMost = std::chrono::days(3660);

struct Scenario {
  std::string file;  // as given to the loader
  std::string title;
  std::string about;                 // what it shows, and what is modelled and not captured
  std::vector<std::string> covers;   // what it plays beside its namesake, by ids of the catalogue
  std::vector<std::string> sources;  // incident ids and documents
  std::string cache_blob;            // how a cache blob is told apart; "" when none is faulted
  TimePoint start{};
  std::uint64_t seed = 1;
  Duration deadline = kDeadlineUsual;  // a play that is not over by then is stopped
  WorldSpec world;
  std::vector<simulator::FaultRule> faults;
  std::vector<Step> steps;
  std::vector<Expectation> expect;  // about the whole run
  // About the run with the faults removed; empty means: everything is published and verified.
  std::vector<Expectation> twin;
  // About the run that follows the last step with the faults gone; always checked beside these:
  // verdict published and verified, nothing sent that the registry held.
  std::vector<Expectation> second;
  std::optional<ScriptSpec> script;
};

}  // namespace drydock::scenarios
