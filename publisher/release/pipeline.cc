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
  client.on_wait = options.on_wait;
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
      retrier(with.clock, with.journal, with.rng.Fork("pipeline"), options.actor, options.on_wait) {
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
  if (go && BuildVariants() && CopyEverywhere() && MoveAliases()) {
    Step("verify", [&] { return Verify(); });
  }
  Judge();
  Advise();
  return std::move(report);
}

bool Pipeline::Course::BuildVariants() {
  for (const VariantSpec& variant : release.variants) {
    if (Wants(variant) && !Step("variant:" + variant.name, [&] { return BuildVariant(variant); })) {
      return false;
    }
    if (Wants(variant) && !AliasesLast(release, options.latest_last) &&
        !Step("alias:" + variant.name,
              [&] { return MoveTag(VersionTag(variant), Alias(variant)); })) {
      return false;
    }
  }
  return true;
}

// Those that wait until every version is everywhere.
bool Pipeline::Course::MoveAliases() {
  if (!AliasesLast(release, options.latest_last)) {
    return true;
  }
  for (const VariantSpec& variant : release.variants) {
    if (Wants(variant) && !Step("alias:" + variant.name,
                                [&] { return MoveTag(VersionTag(variant), Alias(variant)); })) {
      return false;
    }
  }
  for (const ImageReference& also : release.also) {
    for (const VariantSpec& variant : release.variants) {
      if (Wants(variant) && !Step(Concat({"alias:", variant.name, "@", also.Name()}), [&] {
            return MoveTag(TagIn(also, VersionTag(variant)), TagIn(also, Alias(variant)));
          })) {
        return false;
      }
    }
  }
  return true;
}

void Pipeline::Course::ListSteps() {
  for (const std::string& name : StepNames(release, options.latest_last)) {
    const std::size_t colon = name.find(':');
    const VariantSpec* variant =
        colon == std::string::npos
            ? nullptr
            : release.FindVariant(name.substr(colon + 1, name.find('@') - colon - 1));
    const bool wanted = variant == nullptr || Wants(*variant);
    report.steps.push_back({name,
                            wanted ? StepOutcome::kNotReached : StepOutcome::kSkipped,
                            wanted ? "" : Concat({"only ", options.only, " was asked for"}),
                            {}});
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
  // A tag has no colon.
  const auto elsewhere = tag.find(':') == std::string_view::npos
                             ? Result<ImageReference>(release.image)
                             : ImageReference::Parse(tag);
  ImageReference reference = elsewhere ? *elsewhere : release.image;
  reference.tag = reference.tag.value_or(std::string(tag));
  return reference;
}

std::string Pipeline::Course::TagIn(const ImageReference& also, std::string_view tag) {
  return Concat({also.Name(), ":", tag});
}

ImageReference Pipeline::Course::At(const Digest& digest, std::string_view tag) const {
  ImageReference reference = At(tag);
  reference.tag.reset();
  reference.digest = digest;
  return reference;
}

TagRecord& Pipeline::Course::Record(std::string_view tag) {
  return *std::find_if(report.tags.begin(), report.tags.end(),
                       [&](const TagRecord& record) { return record.tag == tag; });
}

bool AliasesLast(const ReleaseFile& release, bool latest_last) {
  return latest_last || !release.also.empty();
}

std::vector<std::string> StepNames(const ReleaseFile& release, bool latest_last) {
  std::vector<std::string> names = {"preflight", "versions"};
  if (release.base) {
    names.emplace_back("base-hash");
  }
  names.emplace_back("probe");
  if (release.base) {
    names.insert(names.end(), {"base-build", "promote-base-latest"});
  }
  std::vector<std::string> last;
  for (const VariantSpec& variant : release.variants) {
    names.push_back("variant:" + variant.name);
    (AliasesLast(release, latest_last) ? last : names).push_back("alias:" + variant.name);
  }
  for (const ImageReference& also : release.also) {
    for (const VariantSpec& variant : release.variants) {
      names.push_back(Concat({"copy:", variant.name, "@", also.Name()}));
      last.push_back(Concat({"alias:", variant.name, "@", also.Name()}));
    }
  }
  names.insert(names.end(), last.begin(), last.end());
  names.emplace_back("verify");
  return names;
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
