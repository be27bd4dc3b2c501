#include "scenarios/runner/workbench.h"

#include <utility>

#include "core/text.h"
#include "scenarios/runner/npm_install.h"

namespace drydock::scenarios {
namespace {

simulator::BuildxOptions OptionsOf(const Stage& stage, const BuilderSpec& builder) {
  simulator::BuildxOptions options;
  if (!builder.version.empty()) {
    options.version = builder.version;
  }
  options.parallel_export = builder.parallel_export;
  options.logins = stage.logins();
  return options;
}

}  // namespace

void KillSwitch::Arm(const KillSpec& spec, std::string actor) {
  spec_ = spec;
  actor_ = std::move(actor);
  left_ = spec.count;
  points_ = 0;
  next_ = stage_.journal().size();
}

bool KillSwitch::Look() {
  if (!armed() || spec_.point != 0) {
    return false;
  }
  for (const Event& event : stage_.journal().Snapshot(next_)) {
    left_ -= spec_.after.Fits(event) ? 1 : 0;
    next_ = event.sequence + 1;
  }
  if (left_ > 0) {
    return false;
  }
  stage_.world().Kill(std::exchange(actor_, {}));
  return true;
}

bool KillSwitch::Point() {
  if (!armed() || spec_.point == 0 || ++points_ != spec_.point) {
    return false;
  }
  stage_.world().Kill(std::exchange(actor_, {}));
  return true;
}

Status KillingStates::Save(const publisher::RunState& state) {
  Status saved = inner_.Save(state);
  return kill_.Point() ? Error(ErrorCode::kCancelled, "killed") : saved;
}

Result<Response> KillingTransport::Send(Request request, Deadline deadline) {
  if (kill_.Point()) {
    return Error(ErrorCode::kCancelled, "killed");
  }
  auto response = inner_->Send(std::move(request), deadline);
  if (kill_.Look() || kill_.Point()) {
    return Error(ErrorCode::kCancelled, "killed");
  }
  return response;
}

Workbench::Workbench(Stage& stage, KillSwitch& kill, const publisher::ReleaseFile& release,
                     const BuilderSpec& builder, const std::string& client,
                     const std::string& address, std::string_view rng)
    : release_(&release),
      transport_(stage.Connect(address, client), kill),
      buildx_(stage.world(), transport_, stage.world().Fork(rng), OptionsOf(stage, builder)),
      skopeo_(stage.world(), transport_, {stage.logins(), {}}) {}

Result<simulator::CommandResult> Workbench::Build(const simulator::BuildSpec& spec) {
  for (const publisher::VersionSpec& version : release_->versions) {
    const auto argument = spec.build_args.find(version.argument);
    if (argument == spec.build_args.end()) {
      continue;
    }
    const auto complaint =
        NpmInstall(transport_, release_->npm_registry, version.package, argument->second);
    if (!complaint) {
      return complaint.error();
    }
    if (!complaint->empty()) {
      simulator::CommandResult failed;
      failed.exit_code = 1;
      failed.log =
          Concat({*complaint, "ERROR: failed to solve: process \"/bin/sh -c npm install -g ",
                  version.package, "@", argument->second,
                  "\" did not complete successfully: exit code: 1\n"});
      return failed;
    }
  }
  return buildx_.Build(spec);
}

script::Tools ToolsOf(Workbench& bench) {
  script::Tools tools;
  tools.build = [&bench](const simulator::BuildSpec& spec) { return bench.Build(spec); };
  tools.imagetools_create = [&bench](const std::vector<std::string>& tags,
                                     const std::vector<std::string>& sources) {
    return bench.buildx().ImagetoolsCreate(tags, sources);
  };
  const bool layouts = bench.release().builder == publisher::BuilderKind::kLayout;
  tools.inspect = [&bench, layouts](const std::string& reference) {
    return layouts ? bench.skopeo().Inspect(Concat({"docker://", reference}))
                   : bench.buildx().ImagetoolsInspect(reference);
  };
  tools.copy = [&bench](const std::string& source, const std::string& destination) {
    return bench.skopeo().Copy(source, destination);
  };
  tools.npm_view = [&bench](const std::string& package) {
    return NpmView(bench.transport(), bench.release().npm_registry, package);
  };
  return tools;
}

Result<publisher::BuildOutcome> WorkbenchBuilder::Build(const publisher::BuildRequest& request) {
  simulator::BuildSpec spec;
  spec.context = request.context;
  spec.dockerfile = request.dockerfile;
  spec.platforms = request.platforms;
  spec.build_args = request.build_args;
  spec.labels = request.labels;
  for (const ImageReference& tag : request.tags) {
    spec.tags.push_back(tag.ToString());
  }
  spec.cache_from = request.cache_from;
  spec.cache_to = request.cache_to;
  spec.provenance = request.provenance;
  spec.no_cache = request.no_cache;
  spec.run_time = request.dockerfile == base_dockerfile_ ? times_.base : times_.variant;
  ++builds_;
  auto result = bench_.Build(spec);
  if (!result) {
    return result.error();
  }
  log_ += result->log;
  publisher::BuildOutcome outcome;
  outcome.exit_code = result->exit_code;
  outcome.log = std::move(result->log);
  outcome.digest = result->digest;
  return outcome;
}

}  // namespace drydock::scenarios
