#include "publisher/release/pipeline.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "publisher/release/course.h"

namespace drydock::publisher {
namespace {

RegistryClient::Options ClientOptions(const PipelineOptions& options) {
  RegistryClient::Options client;
  client.credentials = options.credentials;
  client.plain_http = options.plain_http;
  client.budget = options.request_budget;
  client.actor = options.actor;
  return client;
}

}  // namespace

Pipeline::Pipeline(Surroundings surroundings, const ReleaseFile& release, PipelineOptions options)
    : surroundings_(surroundings), release_(release), options_(std::move(options)) {}

PublishReport Pipeline::Run(const LocalFacts& facts) { return Course(*this, facts).Run(); }

Pipeline::Course::Course(Pipeline& pipeline, const LocalFacts& local_facts)
    : with(pipeline.surroundings_),
      release(pipeline.release_),
      options(pipeline.options_),
      local(local_facts),
      registry(with.transport, with.clock, with.rng.Fork("registry"), with.journal,
               ClientOptions(options)),
      retrier(with.clock, with.journal, with.rng.Fork("pipeline"), options.actor) {
  report.image = release.image.Name();
  report.release_tag = options.release_tag;
  report.planned = options.plan;
}

PublishReport Pipeline::Course::Run() {
  ListSteps();
  bool go = Step("preflight", [&] { return Preflight(); }) &&
            Step("versions", [&] { return SettleVersions(); }) &&
            (!release.base || Step("base-hash", [&] { return FindBaseHash(); })) &&
            Step("probe", [&] { return Survey(); });
  if (go && release.base) {
    go = Step("base-build", [&] { return BuildBase(); }) &&
         Step("promote-base-latest", [&] { return MoveTag(base_tag, std::string(kBaseLatest)); });
  }
  for (const VariantSpec& variant : release.variants) {
    if (go && Wants(variant)) {
      go = Step("variant:" + variant.name, [&] { return BuildVariant(variant); }) &&
           Step("alias:" + variant.name,
                [&] { return MoveTag(VersionTag(variant), Alias(variant)); });
    }
  }
  if (go) {
    Step("verify", [&] { return Verify(); });
  }
  Judge();
  Advise();
  return std::move(report);
}

void Pipeline::Course::ListSteps() {
  const auto add = [this](std::string name, StepOutcome outcome, std::string detail) {
    report.steps.push_back({std::move(name), outcome, std::move(detail), {}});
  };
  std::vector<std::string> names = {"preflight", "versions", "probe", "verify"};
  if (release.base) {
    names.insert(names.begin() + 2, "base-hash");
    names.insert(names.end() - 1, {"base-build", "promote-base-latest"});
  }
  for (const std::string& name : names) {
    if (name == "verify") {
      for (const VariantSpec& variant : release.variants) {
        const bool wanted = Wants(variant);
        const auto outcome = wanted ? StepOutcome::kNotReached : StepOutcome::kSkipped;
        const std::string why = wanted ? "" : Concat({"only ", options.only, " was asked for"});
        add("variant:" + variant.name, outcome, why);
        add("alias:" + variant.name, outcome, why);
      }
    }
    add(name, StepOutcome::kNotReached, "");
  }
}

bool Pipeline::Course::Step(const std::string& name, const StepBody& body) {
  StepRecord& record = *std::find_if(report.steps.begin(), report.steps.end(),
                                     [&](const StepRecord& step) { return step.name == name; });
  Announce(record);
  with.journal.Append(options.actor, StepEvent{name, StepEvent::Edge::kBegin, "", ""});
  const Duration began = with.clock.Elapsed();
  const Outcome<StepEnd> ended = body();
  if (!ended.ok() && ended.failure().cancelled) {
    // Killed: no trace beyond the report itself.
    record.outcome = StepOutcome::kFailed;
    record.detail = "stopped";
    report.failure = ended.failure();
    failed_step = name;
    return false;
  }
  record.span = with.clock.Elapsed() - began;
  record.outcome = ended.ok() ? ended.value().outcome : StepOutcome::kFailed;
  record.detail = ended.ok() ? ended.value().detail : Explain(ended.failure());
  with.journal.Append(options.actor, StepEvent{name, StepEvent::Edge::kEnd,
                                               std::string(Name(record.outcome)), record.detail});
  Announce(record);
  if (!ended.ok()) {
    report.failure = ended.failure();
    failed_step = name;
  }
  return ended.ok();
}

void Pipeline::Course::Announce(const StepRecord& record) {
  if (options.on_step) {
    options.on_step(record);
  }
}

bool Pipeline::Course::Wants(const VariantSpec& variant) const {
  return options.only.empty() || options.only == variant.name;
}

std::string Pipeline::Course::VersionTag(const VariantSpec& variant) const {
  return options.release_tag + variant.suffix;
}

std::string Pipeline::Course::Alias(const VariantSpec& variant) const {
  return "latest" + variant.suffix;
}

ImageReference Pipeline::Course::At(std::string_view tag) const {
  ImageReference reference = release.image;
  reference.tag = std::string(tag);
  return reference;
}

ImageReference Pipeline::Course::At(const Digest& digest) const {
  ImageReference reference = release.image;
  reference.digest = digest;
  return reference;
}

TagRecord& Pipeline::Course::Record(std::string_view tag) {
  return *std::find_if(report.tags.begin(), report.tags.end(),
                       [&](const TagRecord& record) { return record.tag == tag; });
}

std::vector<std::string> ExpectedTags(const ReleaseFile& release, std::string_view release_tag,
                                      std::string_view base_tag) {
  std::vector<std::string> tags;
  if (release.base) {
    tags.emplace_back(base_tag);
    tags.emplace_back(kBaseLatest);
  }
  for (const VariantSpec& variant : release.variants) {
    tags.push_back(Concat({release_tag, variant.suffix}));
    tags.push_back(Concat({"latest", variant.suffix}));
  }
  return tags;
}

}  // namespace drydock::publisher
