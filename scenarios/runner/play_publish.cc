// The steps that publish: drydock's pipeline, the script, the workflow.
#include <set>
#include <utility>

#include "core/text.h"
#include "publisher/build/layout_builder.h"
#include "publisher/release/attempt_log.h"
#include "publisher/release/clone_hash.h"
#include "publisher/release/forge.h"
#include "publisher/release/pipeline.h"
#include "publisher/release/verdict.h"
#include "scenarios/runner/completeness.h"
#include "scenarios/runner/patch_page.h"
#include "scenarios/runner/player.h"
#include "scenarios/runner/script/script.h"

namespace drydock::scenarios {
namespace {

constexpr std::string_view kRunnerAddress = "192.0.2.10";

// "type=registry,ref=joakimp/opencode-devbox:base-buildcache".
std::string CacheReference(const Scenario& scenario, const publisher::ReleaseFile& release) {
  const std::string& apart = scenario.world.hub.cache_repository;
  return Concat(
      {"type=registry,ref=", apart.empty() ? release.image.Name() : apart, ":base-buildcache"});
}

}  // namespace

Status Player::Publish(const Step& step, const PublishStep& publish, StepResult& result) {
  result.actor = publish.publisher == Publisher::kCi ? "ci" : "host";
  notes_[step.name] = publish.note;
  cached_[step.name] = publish.cache;
  if (!publish.note.empty()) {
    stage_.journal().Append(result.actor, NoteEvent{publish.note});
  }
  if (publish.kill && faults_) {
    kill_.Arm(*publish.kill, step.name);
  }
  stage_.world().Spawn(step.name, [&] {
    if (publish.publisher == Publisher::kHost) {
      RunPipeline(publish, result);
    } else {
      RunScript(step, publish, result);
    }
  });
  const Status ran = stage_.world().Run();
  if (!ran) {
    return ran.error();
  }
  result.killed = publish.kill && faults_ && !kill_.armed();
  kill_.Disarm();
  if (result.killed) {
    result.reason = Concat({"killed; ", result.reason});
  }
  stage_.internet().Settle();
  const std::string& folder = clone_->project->folder();
  result.incomplete = WhatIsIncomplete(clone_->release, clone_->spec.tag, clone_->BaseTag(), folder,
                                       stage_.store());
  result.untagged = CountUntagged(stage_.store(), Repository());
  publisher::ReleaseFile elsewhere = clone_->release;
  elsewhere.base.reset();
  for (const ImageReference& also : clone_->release.also) {
    elsewhere.image = also;
    const std::string missing =
        WhatIsIncomplete(elsewhere, clone_->spec.tag, "", folder, stage_.StoreOf(also.registry));
    if (result.incomplete.empty() && !missing.empty()) {
      result.incomplete = Concat({also.Name(), ": ", missing});
    }
  }
  if (publish.publisher == Publisher::kCi) {
    RecordRun(publish, result);
  }
  return Ok{};
}

// Uploads of prebuilt layouts side by side, each lane an actor that a kill ends like the rest.
publisher::Lanes Player::ActorLanes() {
  publisher::Lanes lanes;
  lanes.count = publisher::kLanesUsual;
  lanes.connect = [this]() -> std::unique_ptr<Transport> {
    return std::make_unique<KillingTransport>(stage_.Connect(std::string(kHostAddress), "host"),
                                              kill_);
  };
  lanes.run_together = [this](std::vector<publisher::Lanes::Task> tasks) {
    std::vector<simulator::World::Task> named;
    named.reserve(tasks.size());
    for (publisher::Lanes::Task& task : tasks) {
      named.emplace_back(Concat({"lane ", std::to_string(named.size() + 1)}), std::move(task));
    }
    stage_.world().RunTogether(std::move(named));
  };
  return lanes;
}

// A person writes into the script what CI's log tells, or what the tag beside base-latest is
// called.
std::string Player::HashForScript(const PublishStep& publish) {
  constexpr std::string_view kPrefix = "base-";
  if (publish.from_base_latest) {
    const auto tags = stage_.Tags(Repository());
    const auto latest = tags.find("base-latest");
    for (const auto& [tag, digest] : tags) {
      if (latest != tags.end() && digest == latest->second && tag != latest->first &&
          tag.starts_with(kPrefix)) {
        return tag.substr(kPrefix.size());
      }
    }
  }
  const auto from_ci = HashFromCi(publish);
  return from_ci && !from_ci->empty() ? *from_ci : clone_->base_hash;
}

Result<std::string> Player::HashFromCi(const PublishStep& publish) const {
  if (publish.from_ci.empty()) {
    return std::string();
  }
  for (const StepResult& step : played_) {
    if (step.name == publish.from_ci) {
      return publisher::BaseHashIn(step.output, step.name);
    }
  }
  return Error(ErrorCode::kNotFound, Concat({publish.from_ci, ": was not played"}));
}

void Player::RunPipeline(const PublishStep& publish, StepResult& result) {
  const publisher::ReleaseFile& release = clone_->release;
  const std::string& folder = clone_->project->folder();
  WorkbenchBuilder workbench(*host_, scenario_.world.builder.host,
                             release.base ? release.base->source.dockerfile : "");
  publisher::PushOptions push;
  push.credentials = stage_.credentials();
  push.chunk_bytes = scenario_.world.builder.chunk_bytes.value_or(push.chunk_bytes);
  publisher::LayoutBuilder layouts({stage_.clock(), stage_.world().Fork("layouts " + result.name),
                                    stage_.journal(), ActorLanes(), run_},
                                   std::move(push));
  publisher::Builder& builder = release.builder == publisher::BuilderKind::kLayout
                                    ? static_cast<publisher::Builder&>(layouts)
                                    : workbench;
  publisher::PipelineOptions options;
  options.release_tag = clone_->spec.tag;
  options.context = folder;
  options.resume = publish.resume;
  options.only = publish.only;
  options.credentials = stage_.credentials();
  if (publish.cache) {
    const std::string reference = CacheReference(scenario_, release);
    options.cache_from = {reference};
    options.cache_to = {Concat({reference, ",mode=max"})};
  }
  options.plan = publish.plan;
  options.base_latest = publish.from_base_latest;
  const auto from_ci = HashFromCi(publish);
  if (!from_ci) {
    // As the command: what it is given is wrong, so nothing begins.
    result.verdict = Name(publisher::Verdict::kRefused);
    result.exit_code = publisher::kExitBadInput;
    result.reason = from_ci.error().message();
    result.output = Concat({result.reason, "\n"});
    return;
  }
  options.ci_base_hash = *from_ci;
  KillingStates states(states_[options.release_tag], kill_);
  publisher::Pipeline pipeline({host_->transport(), builder, stage_.clock(),
                                stage_.world().Fork(result.name), stage_.journal(), states},
                               release, options);
  publisher::LocalFacts facts;
  facts.repository = [&] { return publisher::ReadRepositoryFacts(folder, options.release_tag); };
  facts.base_hash = [&] {
    return publisher::BaseHashOfClone(folder, options.release_tag, release.base->hash);
  };
  facts.unseen = [&] {
    return publisher::FindUnseenChanges(folder, options.release_tag, release.base->hash);
  };
  const publisher::PublishReport report = pipeline.Run(facts);
  result.verdict = Name(report.verdict);
  result.exit_code = ExitCode(report);
  result.reason = report.why;
  result.builds = workbench.builds() + static_cast<std::uint64_t>(layouts.builds());
  for (const publisher::StepRecord& record : report.steps) {
    result.parts.push_back({record.name, std::string(Name(record.outcome)), record.detail});
  }
  result.builder_log = workbench.log();
  result.output = Concat({result.builder_log, ToText(report)});
}

script::Settings Player::SettingsOf(const PublishStep& publish) const {
  const bool ci = publish.publisher == Publisher::kCi;
  script::Settings settings;
  settings.cache = publish.cache;
  settings.cache_repository = scenario_.world.hub.cache_repository;
  settings.attempts = publish.attempts;
  settings.runners = scenario_.world.builder.runners;
  settings.jobs = publish.jobs;
  settings.times = ci ? scenario_.world.builder.ci : scenario_.world.builder.host;
  settings.head_at_tag = clone_->spec.head_at_tag;
  settings.look_only = publish.plan;
  settings.workflow = publish.workflow.empty()
                          ? script::UsualWorkflow(clone_->release.base.has_value())
                          : scenario_.world.ci.at(publish.workflow);
  if (faults_) {
    settings.trouble = publish.trouble;
  }
  const auto before = ci_runs_.find(publish.rerun);
  settings.rerun = before == ci_runs_.end() ? nullptr : &before->second;
  return settings;
}

void Player::RunScript(const Step& step, const PublishStep& publish, StepResult& result) {
  const bool ci = publish.publisher == Publisher::kCi;
  std::vector<std::unique_ptr<Workbench>> machines;
  script::Surroundings surroundings{
      stage_.clock(),
      stage_.journal(),
      result.actor,
      {},
      [&](auto tasks) { stage_.world().RunTogether(std::move(tasks)); },
      [&](const std::string& name) { stage_.world().Kill(name); }};
  surroundings.fresh_machine = [&](const std::string& actor) {
    if (!ci) {
      return ToolsOf(*host_);
    }
    const std::string rng = Concat({step.name, "/", std::to_string(machines.size())});
    machines.push_back(std::make_unique<Workbench>(stage_, kill_, clone_->release,
                                                   scenario_.world.builder, actor,
                                                   std::string(kRunnerAddress), rng));
    script::Tools tools = ToolsOf(*machines.back());
    tools.patch_page = [&bench = *machines.back(), login = stage_.credentials().at("docker.io")](
                           const std::string& url, const std::string& text) {
      return PatchPage(bench.transport(), login, url, text);
    };
    return tools;
  };
  const script::Constants constants{clone_->release,
                                    ci ? clone_->ci_folder() : clone_->project->folder(),
                                    clone_->spec.tag, HashForScript(publish)};
  const script::Settings settings = SettingsOf(publish);
  script::Outcome outcome = ci ? script::RunWorkflow(surroundings, constants, settings)
                               : script::RunShellScript(surroundings, constants, settings);
  ci_runs_[step.name] = std::move(outcome.run);
  result.verdict = outcome.green ? "green" : "red";
  result.exit_code = outcome.green ? 0 : 1;
  result.reason = std::move(outcome.reason);
  result.builds = outcome.builds;
  result.parts = std::move(outcome.parts);
  result.builder_log = outcome.output;
  result.output = std::move(outcome.output);
}

}  // namespace drydock::scenarios
