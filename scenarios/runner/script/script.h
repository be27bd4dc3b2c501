// The baseline publishers: the runbook's shell script and the CI workflow, as the records show
// them. They are what drydock is measured against, faults included: a probe that takes any failure
// for "missing", a cache export that can fail a good push, one try per push (later a loop of
// three), a verify that only prints. Threads: called from inside an actor; the workflow starts
// actors of its own. Source: runbook "What the script does"; opencode-devbox.md sections 1c, 3
// and 4.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/journal.h"
#include "core/result.h"
#include "publisher/release/release_file.h"
#include "scenarios/runner/result.h"
#include "scenarios/runner/scenario.h"
#include "scenarios/runner/script/ci.h"
#include "simulator/buildkit/buildx.h"
#include "simulator/world/world.h"

namespace drydock::scenarios::script {

// The commands of one machine: a host, or one fresh CI runner. Each gives kCancelled when the run
// was killed, and no other error.
struct Tools {
  using Command = Result<simulator::CommandResult>;
  std::function<Command(const simulator::BuildSpec&)> build;
  // docker buildx imagetools create -t TAG… SOURCE…
  std::function<Command(const std::vector<std::string>& tags,
                        const std::vector<std::string>& sources)>
      imagetools_create;
  // docker buildx imagetools inspect; for prebuilt layouts skopeo inspect --raw
  std::function<Command(const std::string& reference)> inspect;
  // skopeo copy --all SOURCE DESTINATION; for prebuilt layouts.
  std::function<Command(const std::string& source, const std::string& destination)> copy;
  // npm view PACKAGE version: "" when npm answers anything but a version.
  std::function<Result<std::string>(const std::string& package)> npm_view;
  // Logs in to the Hub and PATCHes the page at `url`; a redirected PATCH becomes a GET.
  std::function<Command(const std::string& url, const std::string& text)> patch_page;
};

// The constants at the top of the script.
struct Constants {
  const publisher::ReleaseFile& release;
  std::string folder;       // the checkout
  std::string release_tag;  // "v1.15.12"
  std::string base_hash;    // 12 hex digits; "" without a base
};

struct Surroundings {
  Clock& clock;
  Journal& journal;
  std::string actor;  // "ci", "host"
  // A machine that never ran anything, for whoever works on it ("ci-1"). The script asks once, the
  // workflow once for each job.
  std::function<Tools(const std::string& actor)> fresh_machine;
  // Runs tasks side by side and waits for all: simulator::World::RunTogether.
  std::function<void(std::vector<simulator::World::Task>)> together;
  // Ends one of those tasks by its name: simulator::World::Kill.
  std::function<void(const std::string& name)> kill;
};

struct Settings {
  bool cache = false;            // --cache-from and --cache-to on the base build
  std::string cache_repository;  // "" when the cache lies beside the image
  int attempts = 1;              // tries of each push step
  int runners = 2;               // variant jobs at the same time
  std::vector<std::string>
      jobs;  // variants in the order runners take them; empty: the file's order
  BuildTimes times;
  CiWorkflow workflow;
  std::map<std::string, Trouble> trouble;  // of the workflow's runners, by part
  const CiRun* rerun = nullptr;            // whose failed jobs alone are run again; null: all jobs
  bool head_at_tag = true;
  bool look_only = false;  // the script's last lines alone: it prints the digest of every tag
};

struct Outcome {
  bool green = false;
  std::string reason;  // one line
  std::vector<PartResult> parts;
  std::uint64_t builds = 0;
  std::string output;  // everything printed
  CiRun run;           // of the workflow
};

// Preflight, probe, base build if "missing", promotion, variants one after another, verify. Stops
// at the first command that fails, as `set -e` does, and leaves what was pushed so far.
Outcome RunShellScript(const Surroundings& surroundings, const Constants& constants,
                       const Settings& settings);

// The jobs of Settings::workflow on a few runners, each on a machine of its own. A failed job
// leaves the jobs beside it running and those after it unreached.
Outcome RunWorkflow(const Surroundings& surroundings, const Constants& constants,
                    const Settings& settings);

}  // namespace drydock::scenarios::script
