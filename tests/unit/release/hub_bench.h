// A Docker Hub, an npm registry and a project for tests of the pipeline, all in memory and in
// virtual time, with a switch that kills the run at any chosen point. The builder pushes straight
// into the registry's store; every build gives other bytes, as real ones do, so that a build too
// many shows. Threads: one.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/journal.h"
#include "publisher/build/builder.h"
#include "publisher/release/pipeline.h"
#include "simulator/faults/fault_state.h"
#include "simulator/neighbours/npm_registry.h"
#include "simulator/registry/cdn.h"
#include "simulator/registry/registry.h"
#include "simulator/registry/token_service.h"
#include "simulator/world/internet.h"
#include "simulator/world/world.h"

namespace drydock::publisher {

inline constexpr std::string_view kRepository = "joakimp/opencode-devbox";
inline constexpr std::string_view kBaseHash = "0123456789ab";
inline constexpr std::string_view kBaseLatestTag = "base-latest";

// Counts the points at which a run can be killed and kills it at one of them. From then on nothing
// the run does has an effect.
struct KillSwitch {
  int points = 0;
  int kill_at = 0;     // 0: never
  bool after = false;  // the point's own effect still happens, only its answer is lost
  bool dead = false;
  int after_death = 0;  // points that a dead run still came to: it should unwind at once

  // Runs `effect` unless the run is dead by then; true when the caller may see its result.
  bool Point(const std::function<void()>& effect);
};

// How one build goes.
struct BuildScript {
  bool pushes = true;  // the image and its tag
  std::vector<std::string> platforms = {"linux/amd64", "linux/arm64"};
  std::string error = {};               // not "": the build ends with 1 after this line
  std::optional<Failure> failure = {};  // what the builder makes of it
  std::function<void()> first = {};     // runs before anything else; may be empty
};

class Bench;

class FakeBuilder : public Builder {
 public:
  explicit FakeBuilder(Bench& bench) : bench_(bench) {}
  std::string Describe() override { return "fake builder 1"; }
  Result<std::string> CheckReady(const std::vector<std::string>& platforms) override;
  Result<BuildOutcome> Build(const BuildRequest& request) override;

  std::map<std::string, std::deque<BuildScript>> scripts;  // by tag; none left: all goes well
  std::vector<BuildRequest> requests;
  std::vector<std::string> wasted;  // tags that were built although they were complete
  bool ready = true;

 private:
  Digest Push(const BuildRequest& request, const std::vector<std::string>& platforms);

  Bench& bench_;
  int builds_ = 0;
};

class Bench {
 public:
  explicit Bench(const std::string& release_text, std::string_view faults = "");

  PublishReport Run(PipelineOptions options = {});
  // The whole release is there, read from the store itself.
  void ExpectPublished() const;
  // The tags that point at something that cannot be pulled whole.
  std::vector<std::string> UnreadableTags() const;
  std::map<std::string, std::string> Tags() const;
  std::string DigestOf(std::string_view tag) const;
  // Puts an image in place as an earlier release left it. With `revision` it says so.
  Digest PutImage(const std::string& tag, const std::vector<std::string>& platforms,
                  std::string_view content, std::string_view revision = "");
  bool HasWhole(std::string_view tag) const;
  // PUTs of manifests, by reference; not those that only learned of a fresh token.
  std::map<std::string, int> ManifestPuts() const;
  std::vector<Duration> Waits() const;
  void SwitchFaultsOff() { faults_.SwitchAll(false); }
  simulator::FaultState& faults() { return faults_; }

  // Looked at after every request and every step of a build; for invariants.
  std::function<void()> on_change;
  ReleaseFile release;
  RepositoryFacts repository;
  std::string base_hash = std::string(kBaseHash);
  std::function<Result<BlindSpotReport>()> unseen;  // empty: not asked
  KillSwitch kill;
  std::unique_ptr<RunStateStore> states;  // replace it by a fresh one to lose the state
  simulator::World world;
  Journal journal;

 private:
  simulator::FaultState faults_;
  simulator::Internet internet_;

 public:
  simulator::Registry registry;
  simulator::NpmRegistry npm;
  FakeBuilder builder;
  std::vector<std::string> resent;  // tags that were put although they named that digest already

 private:
  simulator::TokenService tokens_;
  simulator::Cdn cdn_;
};

// Whether this is a fault file, with rules that can apply.
bool IsFaultFile(const std::string& text);

// Release texts of both shapes.
std::string SplitRelease();     // base, and variants "base", "omos" (OMOS_VERSION), "with-pi"
std::string OneImageRelease();  // a single variant without base and versions

const StepRecord& StepOf(const PublishReport& report, std::string_view name);
const TagRecord& TagOf(const PublishReport& report, std::string_view tag);

}  // namespace drydock::publisher
