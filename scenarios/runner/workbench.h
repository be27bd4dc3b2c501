// One computer that publishes: its network, its docker with the model of buildx, its skopeo, its
// npm. The host's lives through a whole play, a CI runner's through one job. Threads: used from
// inside one actor at a time. Source: simulator/buildkit/buildx.h; opencode-devbox incident 5.4 for
// npm inside a build.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/result.h"
#include "core/transport.h"
#include "publisher/build/builder.h"
#include "publisher/release/release_file.h"
#include "publisher/release/run_state.h"
#include "scenarios/runner/scenario.h"
#include "scenarios/runner/script/script.h"
#include "scenarios/runner/stage.h"
#include "simulator/buildkit/buildx.h"
#include "simulator/skopeo/skopeo.h"

namespace drydock::scenarios {

// Ends an actor after a request, as a scenario's "kill" says. Looks at every event of the journal
// once, whoever sent the request. Threads: used by the actors of one world in turn.
class KillSwitch {
 public:
  explicit KillSwitch(Stage& stage) : stage_(stage) {}

  // From now on, `actor` dies once `spec` has been seen often enough.
  void Arm(const KillSpec& spec, std::string actor);
  void Disarm() { actor_.clear(); }
  bool armed() const { return !actor_.empty(); }
  // True when it has just killed.
  bool Look();
  // One more point of the publish was come to. True when it has just killed there.
  bool Point();

 private:
  Stage& stage_;
  KillSpec spec_;
  std::string actor_;  // "": not armed
  int left_ = 0;
  int points_ = 0;
  std::uint64_t next_ = 0;  // first event not looked at
};

// A transport whose process may die right after a request was served.
class KillingTransport : public Transport {
 public:
  KillingTransport(std::unique_ptr<Transport> inner, KillSwitch& kill)
      : inner_(std::move(inner)), kill_(kill) {}
  Result<Response> Send(Request request, Deadline deadline) override;

 private:
  std::unique_ptr<Transport> inner_;
  KillSwitch& kill_;
};

// A run state whose process may die right after it was saved.
class KillingStates : public publisher::RunStateStore {
 public:
  KillingStates(publisher::RunStateStore& inner, KillSwitch& kill) : inner_(inner), kill_(kill) {}
  Result<std::optional<publisher::RunState>> Load() override { return inner_.Load(); }
  Status Save(const publisher::RunState& state) override;
  std::string Describe() const override { return inner_.Describe(); }

 private:
  publisher::RunStateStore& inner_;
  KillSwitch& kill_;
};

class Workbench {
 public:
  // `client` is who sends its requests, in the journal. All references must outlive it.
  Workbench(Stage& stage, KillSwitch& kill, const publisher::ReleaseFile& release,
            const BuilderSpec& builder, const std::string& client, const std::string& address,
            std::string_view rng);

  Transport& transport() { return transport_; }
  simulator::Buildx& buildx() { return buildx_; }
  simulator::Skopeo& skopeo() { return skopeo_; }
  const publisher::ReleaseFile& release() const { return *release_; }
  // From now on it works on this release; `release` must outlive it.
  void Publish(const publisher::ReleaseFile& release) { release_ = &release; }

  // As simulator::Buildx::Build; the RUN lines install the npm packages that the build arguments
  // name, and a package that cannot be installed fails the build before anything is pushed.
  Result<simulator::CommandResult> Build(const simulator::BuildSpec& spec);

 private:
  const publisher::ReleaseFile* release_;
  KillingTransport transport_;
  simulator::Buildx buildx_;
  simulator::Skopeo skopeo_;
};

// A Workbench as the commands of a script; it must outlive them.
script::Tools ToolsOf(Workbench& bench);

// A Workbench as the publisher's Builder. Threads: as Builder.
class WorkbenchBuilder : public publisher::Builder {
 public:
  // `base_dockerfile` is the one whose build takes times.base.
  WorkbenchBuilder(Workbench& bench, BuildTimes times, std::string base_dockerfile)
      : bench_(bench), times_(times), base_dockerfile_(std::move(base_dockerfile)) {}

  std::string Describe() override { return bench_.buildx().Version(); }
  Result<publisher::BuildOutcome> Build(const publisher::BuildRequest& request) override;
  std::uint64_t builds() const { return builds_; }
  const std::string& log() const { return log_; }  // of all builds, one after another

 private:
  Workbench& bench_;
  BuildTimes times_;
  std::string base_dockerfile_;
  std::uint64_t builds_ = 0;
  std::string log_;
};

}  // namespace drydock::scenarios
