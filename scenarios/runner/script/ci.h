// The CI workflow as data: its jobs in order, with what each needs, its condition and its time
// limit. A job does one thing that the pipeline of opencode-devbox does or did. Threads: plain
// values. Source: opencode-devbox.md sections 1a to 1d (jobs), 4 (time limits, conditions, reruns,
// artifacts) and 6.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/clock.h"

namespace drydock::scenarios::script {

enum class JobKind {
  kResolveVersions,    // `npm view` for every package
  kBaseDecide,         // computes the base tag, asks the Hub for it; output "exists"
  kBuildBase,          // pushes base-<hash>
  kSmoke,              // builds a variant for one platform and pushes nothing
  kBuildVariant,       // pushes a version tag and its alias
  kPushDigest,         // pushes a variant's image of one platform by digest, hands the digest over
  kMergeDigests,       // makes a version tag and its alias of the digests that were handed over
  kPromoteBaseLatest,  // moves base-latest
  kUpdateDescription,  // PATCHes the Hub's page of the repository
  kValidate,           // builds a variant FROM base-latest, which must be the commit's own base
};

// `LEFT == 'RIGHT'` or `LEFT != 'RIGHT'`. As the forge evaluates it: github.ref_type is "tag",
// github.ref_name the release tag, env.NAME is always empty, needs.JOB.outputs.NAME what that job
// said.
struct Condition {
  std::string left;
  bool equal = true;
  std::string right;
};

struct Job {
  std::string name;
  JobKind kind = JobKind::kBuildVariant;
  // It waits for these. It does not run when one of them failed or was not reached; a skipped one
  // counts as a success.
  std::vector<std::string> needs;
  std::optional<Condition> condition;  // false: the job is skipped
  bool each_variant = false;           // a leg for every variant, "NAME:VARIANT"
  bool each_platform = false;          // and each platform of it, "NAME:VARIANT:PLATFORM"
  Duration limit{};                    // after so long it is stopped and has failed; 0: never
  Duration takes{};                    // beside what its commands take
  std::string version;  // resolve-versions: passed for every package instead of asking
  std::string url;      // update-description
  int artifacts = 3;    // kPushDigest, kMergeDigests: version of the action that hands digests over
};

struct CiWorkflow {
  std::vector<Job> jobs;  // each after those that it needs
};

// What goes wrong with a runner: the job stops answering and fails after a time, or fails with
// these words when its work is done.
struct Trouble {
  Duration hangs{};
  std::string fails;
};

// What of an earlier run a rerun of its failed jobs goes by.
struct CiRun {
  std::map<std::string, std::string> outcomes;  // of each part
  std::map<std::string, std::string> versions;
  bool base_there = false;
  // Artifacts: by variant the digests that were pushed without a tag, in the order of their text.
  std::map<std::string, std::set<std::string>> digests;
};

// The workflow of May 2026, as far as every release needs it.
CiWorkflow UsualWorkflow(bool has_base);

}  // namespace drydock::scenarios::script
