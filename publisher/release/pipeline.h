// The host-side publish, step by step: preflight, versions, base hash, probe, base build (only if
// missing, never with a cache option), base-latest by manifest reference, variants one after
// another, verify. Killed at any instant, a new Run asks the registry and sends only what is
// missing. Threads: one run at a time. Source: runbook "What the script does"; design.md.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/journal.h"
#include "core/rng.h"
#include "core/transport.h"
#include "publisher/build/builder.h"
#include "publisher/hash/blind_spots.h"
#include "publisher/registry/client.h"
#include "publisher/release/forge.h"
#include "publisher/release/npm_client.h"
#include "publisher/release/release_file.h"
#include "publisher/release/run_state.h"
#include "publisher/release/verdict.h"

namespace drydock::publisher {

// What a pipeline works with. All must outlive it.
struct Surroundings {
  Transport& transport;
  Builder& builder;
  Clock& clock;
  Rng rng;
  Journal& journal;
  RunStateStore& states;
};

// Questions about the local clone, asked when their step comes.
struct LocalFacts {
  std::function<Result<RepositoryFacts>()> repository;
  std::function<Result<std::string>()> base_hash;      // 12 hex digits; not asked without a base
  std::function<Result<RemoteTag>()> remote_tag = {};  // empty: there is no remote to ask
  std::function<Result<std::uint64_t>()> free_bytes = {};  // empty: not looked at
  std::function<bool(const std::string&)> has_file = {};   // below the project; empty: not asked
  // What changed since the release before and the base hash does not see; asked when the base is
  // there already. Empty: not asked.
  std::function<Result<BlindSpotReport>()> unseen = {};
};

struct PipelineOptions {
  std::string release_tag;  // "v1.15.12"
  std::string context = ".";
  bool plan = false;         // look, say what would be done, write nothing
  bool resume = false;       // refuse unless an earlier run left its state
  std::string only;          // publish this variant alone; "" means all
  bool latest_last = false;  // all version tags first, then all aliases
  bool verify_deep = false;  // read and hash every blob at the end
  std::string
      ci_base_hash;  // what CI computed: stop when the tree gives another; "" when not known
  bool base_latest = false;  // stop when the tree gives another hash than base-latest has
  std::string npm_registry;  // overrides the release file's; needed when it names none
  Credentials credentials;
  std::set<std::string> plain_http;  // as RegistryClient::Options
  std::string actor = "host";        // who this is, in the journal
  RetryBudget request_budget;        // for single requests
  RetryBudget build_budget = {.attempts_max = 3,
                              .first_pause = std::chrono::seconds(15),
                              .pause_max = std::chrono::seconds(60),
                              .waits_max = std::chrono::minutes(10)};
  // For the rehearsal "the host with cache export on" only; the command line cannot set them.
  // They go to every build, the base build included.
  std::vector<std::string> cache_from;
  std::vector<std::string> cache_to;
  // Gets each deliberate wait as it begins; may be empty.
  std::function<void(const WaitEvent&)> on_wait;
  // Gets each preflight check as it is known; may be empty.
  std::function<void(const PreflightCheck&)> on_check;
  // Gets each step as it begins (outcome kNotReached) and as it ends; may be empty.
  std::function<void(const StepRecord&)> on_step;
};

class Pipeline {
 public:
  Pipeline(Surroundings surroundings, const ReleaseFile& release, PipelineOptions options);

  // Never fails as such: every ending is a report. After kCancelled it returns at once, having
  // written nothing more; the report then says "unknown".
  PublishReport Run(const LocalFacts& facts);

 private:
  struct Course;  // one Run under way

  Surroundings surroundings_;
  const ReleaseFile& release_;
  PipelineOptions options_;
};

// Whether no alias moves before every version tag is in place: asked for, or since there are
// several registries.
bool AliasesLast(const ReleaseFile& release, bool latest_last);
// The steps of a publish, in order: "preflight", …, "verify".
std::vector<std::string> StepNames(const ReleaseFile& release, bool latest_last);

// The tags that a release must have in each repository in the end, in publishing order: base pair
// (when there is a base), then version tag and alias of each variant.
std::vector<std::string> ExpectedTags(const ReleaseFile& release, std::string_view release_tag,
                                      std::string_view base_tag);

}  // namespace drydock::publisher
