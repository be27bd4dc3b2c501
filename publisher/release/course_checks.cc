#include <algorithm>

#include "core/text.h"
#include "publisher/release/course.h"
#include "publisher/release/version_text.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kBaseHashDigits = 12;
constexpr std::size_t kTagsLookedAtMax = 5000;

bool IsBaseHash(std::string_view text) {
  return text.size() == kBaseHashDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string Counted(std::size_t count, std::string_view thing) {
  return Concat({std::to_string(count), " ", thing, count == 1 ? "" : "s"});
}

}  // namespace

Failure FailureOf(const Error& error, std::string advice) {
  Failure failure = LocalFailure(error.message(), std::move(advice));
  failure.cancelled = error.code() == ErrorCode::kCancelled;
  return failure;
}

Outcome<Ok> Pipeline::Course::RecallState(const RepositoryFacts& repository) {
  state.image = release.image.Name();
  state.tag = options.release_tag;
  state.commit = repository.tag_commit;
  const auto loaded = with.states.Load();
  if (!loaded) {
    return FailureOf(loaded.error(), "Move that file away to go by what the registry shows alone.");
  }
  const std::optional<RunState>& earlier = *loaded;
  const bool ours = earlier && earlier->image == state.image && earlier->tag == state.tag;
  if (!ours) {
    if (options.resume) {
      return LocalFailure(Concat({"nothing to resume: no run of ", state.tag, " for ", state.image,
                                  " left its state (", with.states.Describe(), ")"}),
                          "Run without --resume; what is published already is found and kept.");
    }
    return Ok{};
  }
  if (earlier->commit != state.commit && !earlier->begun.empty()) {
    return LocalFailure(Concat({"the git tag moved: ", state.tag, " was commit ",
                                earlier->commit.substr(0, 12), " when its first image was built, ",
                                "and is ", state.commit.substr(0, 12), " now"}),
                        "Tag this commit with the next letter and publish that.");
  }
  if (earlier->commit == state.commit) {
    state = *earlier;
    recalled = true;
  }
  return Ok{};
}

bool Pipeline::Course::IsShipped(const std::string& argument) const {
  return std::all_of(
      release.variants.begin(), release.variants.end(), [&](const VariantSpec& variant) {
        const auto& used = variant.versions;
        return !Wants(variant) || std::find(used.begin(), used.end(), argument) == used.end() ||
               state.published.count(VersionTag(variant)) != 0;
      });
}

Outcome<StepEnd> Pipeline::Course::SettleVersions() {
  std::set<std::string> wanted;
  for (const VariantSpec& variant : release.variants) {
    if (Wants(variant)) {
      wanted.insert(variant.versions.begin(), variant.versions.end());
    }
  }
  // A build that began fixed the versions: the other variants of the release get the same ones.
  const std::map<std::string, std::string> kept =
      state.begun.empty() ? std::map<std::string, std::string>() : state.versions;
  state.versions = kept;
  bool asked = false;
  std::vector<std::string> told;
  for (const VersionSpec& spec : release.versions) {
    if (wanted.count(spec.argument) == 0) {
      continue;
    }
    const auto before = kept.find(spec.argument);
    if (before == kept.end() || !IsShipped(spec.argument)) {
      asked = true;
      const auto settled = SettleVersion(spec);
      if (!settled.ok()) {
        return settled.failure();
      }
      state.versions[spec.argument] = settled.value();
    }
    const std::string& version = state.versions[spec.argument];
    report.versions.emplace_back(spec.argument, version);
    told.push_back(Concat({spec.package, " ", version, before == kept.end() ? "" : " (kept)"}));
  }
  if (told.empty()) {
    return StepEnd{StepOutcome::kSkipped, "no build argument takes a version"};
  }
  return StepEnd{asked ? StepOutcome::kRan : StepOutcome::kSkipped, Join(told, ", ")};
}

Outcome<std::string> Pipeline::Course::SettleVersion(const VersionSpec& spec) {
  const auto kept = state.versions.find(spec.argument);
  if (kept != state.versions.end() && !spec.pinned.empty() && kept->second != spec.pinned) {
    return LocalFailure(Concat({spec.argument, ": the release began with ", kept->second,
                                ", but the release file pins ", spec.pinned}),
                        "Publish the new version under the next letter.");
  }
  if (!npm) {
    const std::string& address =
        options.npm_registry.empty() ? release.npm_registry : options.npm_registry;
    const auto url = Url::Parse(address);
    if (!url) {
      return LocalFailure(
          Concat({"no npm registry to ask for ", spec.package, ": ",
                  address.empty() ? std::string("none is named") : url.error().message()}),
          "Name it in the release file (\"npm-registry\") or with --npm-registry.");
    }
    npm.emplace(with.transport, with.clock, with.rng.Fork("npm"), with.journal, *url,
                options.request_budget, options.actor);
  }
  const auto version =
      npm->Resolve(spec.package, kept == state.versions.end() ? spec.pinned : kept->second);
  if (!version.ok()) {
    return version.failure();
  }
  if (!IsConcreteVersion(version.value().version)) {
    return LocalFailure(Concat({spec.argument, ": expected a concrete version, found: \"",
                                version.value().version, "\""}));
  }
  if (auto installable = npm->CheckInstallable(version.value()); !installable.ok()) {
    return installable.failure();
  }
  return version.value().version;
}

Outcome<StepEnd> Pipeline::Course::FindBaseHash() {
  const auto hash = local.base_hash();
  if (!hash) {
    return FailureOf(hash.error());
  }
  if (!IsBaseHash(*hash)) {
    return LocalFailure(
        Concat({"base hash: expected 12 lower-case hex digits, found: \"", *hash, "\""}));
  }
  if (!options.ci_base_hash.empty() && options.ci_base_hash != *hash) {
    return ExplainBaseHashes(*hash);
  }
  std::string told = options.ci_base_hash.empty() ? "" : " (CI computed the same)";
  if (options.plan || options.base_latest) {
    const auto latest = HashOfBaseLatest();
    if (!latest && (options.base_latest || latest.failure().cancelled)) {
      return latest.failure();
    }
    const std::string named = !latest                  ? "not known"
                              : latest.value().empty() ? "none of the base tags"
                                                       : Concat({"base-", latest.value()});
    if (options.base_latest && latest.value() != *hash) {
      return LocalFailure(Concat({"base-latest is ", named, ", the tree gives base-", *hash}),
                          "Something under the base has changed since; publish without "
                          "--from-base-latest to build a new base.");
    }
    told += Concat({"; base-latest is ", named});
  }
  base_tag = Concat({"base-", *hash});
  if (!state.begun.empty() && state.base_tag != base_tag) {
    return LocalFailure(Concat({"the release began on ", state.base_tag, ", but the base is ",
                                base_tag, " now: its variants would differ in their base"}),
                        "Find what changed under the base (drydock hash), or publish under the "
                        "next letter.");
  }
  state.base_tag = base_tag;
  return StepEnd{StepOutcome::kRan, Concat({base_tag, told})};
}

Outcome<std::string> Pipeline::Course::HashOfBaseLatest() {
  constexpr std::string_view kPrefix = "base-";
  const ProbeAnswer latest = registry.Probe(At(kBaseLatest));
  if (const auto* unknown = std::get_if<Unknown>(&latest)) {
    return unknown->why;
  }
  const auto* there = std::get_if<Exists>(&latest);
  if (there == nullptr) {
    return std::string();
  }
  auto tags = registry.ListTags(At(kBaseLatest), kPrefix, kTagsLookedAtMax);
  if (!tags) {
    return tags.failure();
  }
  std::erase_if(tags.value(), [&](const std::string& tag) {
    return !IsBaseHash(std::string_view(tag).substr(kPrefix.size()));
  });
  for (const std::string& tag : tags.value()) {
    const ProbeAnswer named = registry.Probe(At(tag));
    if (const auto* unknown = std::get_if<Unknown>(&named)) {
      return unknown->why;
    }
    const auto* one = std::get_if<Exists>(&named);
    if (one != nullptr && one->digest == there->digest) {
      return tag.substr(kPrefix.size());
    }
  }
  return std::string();
}

Failure Pipeline::Course::ExplainBaseHashes(const std::string& tree) {
  const std::string& ci = options.ci_base_hash;
  const auto latest = HashOfBaseLatest();
  if (!latest && latest.failure().cancelled) {
    return latest.failure();
  }
  std::string third = "; base-latest could not be asked";
  if (latest) {
    const std::string& hash = latest.value();
    third = hash.empty() ? "; base-latest is none of the base tags"
            : hash == ci ? Concat({"; base-latest is base-", hash, ", as CI says"})
            : hash == tree
                ? Concat({"; base-latest is base-", hash, ", of an earlier release: something ",
                          "under the base has changed since, and this tree does not have it"})
                : Concat({"; base-latest is base-", hash, ", of an earlier release"});
  }
  return LocalFailure(
      Concat({"CI computed ", ci, ", this tree gives ", tree, third,
              ": CI's base is on the registry and variants start from it, so CI's counts"}),
      Concat({"Find out what differs, in the clone: drydock hash --expect ", ci, " --explain"}));
}

Outcome<Ok> Pipeline::Course::Look(const std::string& tag) {
  TagRecord& record = Record(tag);
  const ProbeAnswer answer = registry.Probe(At(tag));
  if (const auto* unknown = std::get_if<Unknown>(&answer)) {
    record.state = TagState::kUnknown;
    return unknown->why;
  }
  if (const auto* exists = std::get_if<Exists>(&answer)) {
    present.insert_or_assign(tag, exists->digest);
    record.digest = exists->digest.ToString();
  } else {
    present.erase(tag);
    record.digest.clear();
  }
  record.state = StateOf(tag);
  return Ok{};
}

Outcome<StepEnd> Pipeline::Course::Survey() {
  for (const VariantSpec& variant : release.variants) {
    alias_of[Alias(variant)] = VersionTag(variant);
  }
  if (release.base) {
    alias_of[std::string(kBaseLatest)] = base_tag;
  }
  for (const std::string& tag : ExpectedTags(release, options.release_tag, base_tag)) {
    report.tags.push_back({tag, TagState::kUnknown, "", ""});
  }
  for (const ImageReference& also : release.also) {
    for (const VariantSpec& variant : release.variants) {
      for (const std::string& tag : {VersionTag(variant), Alias(variant)}) {
        report.tags.push_back({TagIn(also, tag), TagState::kUnknown, "", ""});
        alias_of[report.tags.back().tag] = VersionTag(variant);
      }
    }
  }
  for (TagRecord& record : report.tags) {
    if (auto looked = Look(record.tag); !looked.ok()) {
      Failure why = looked.failure();
      why.words = Concat({"whether ", record.tag, " is there is not known, and what is not known ",
                          "is not built", why.words.empty() ? "" : ": ", why.words});
      return why;
    }
    record.before = record.digest;
  }
  if (auto judged = JudgePresence(); !judged.ok()) {
    return judged.failure();
  }
  for (TagRecord& record : report.tags) {
    record.state = StateOf(record.tag);
  }
  if (auto sources = CheckSources(); !sources.ok()) {
    return sources.failure();
  }
  if (auto looked = options.plan ? FindLeftovers() : Outcome<Ok>(Ok{}); !looked.ok()) {
    return looked.failure();
  }
  std::size_t wanted = 0;
  std::size_t there = 0;
  for (const VariantSpec& variant : release.variants) {
    wanted += Wants(variant) ? 1 : 0;
    there += Wants(variant) && in_place.count(VersionTag(variant)) != 0 ? 1 : 0;
  }
  const bool base_there = !release.base || in_place.count(base_tag) != 0;
  if (!base_there || there < wanted) {
    if (const auto ready = with.builder.CheckReady(release.platforms); !ready) {
      Failure failure = FailureOf(ready.error());
      failure.answerer = Answerer::kBuilder;
      return failure;
    }
  }
  std::string found;
  if (release.base) {
    found = Concat({base_tag, base_there ? " exists; " : " is missing; "});
  }
  return StepEnd{StepOutcome::kRan, Concat({found, std::to_string(there), " of ",
                                            Counted(wanted, "variant"), " in place"})};
}

Outcome<Ok> Pipeline::Course::CheckSources() const {
  const auto check = [&](const std::string& tag, const ImageSource& source) -> Outcome<Ok> {
    const bool prebuilt = !source.layout.empty();
    const std::string file = prebuilt ? source.layout + "/index.json" : source.dockerfile;
    if (in_place.count(tag) != 0 || local.has_file(file)) {
      return Ok{};
    }
    return prebuilt
               ? LocalFailure(Concat({source.layout, ", which ", tag, " is pushed from, is no ",
                                      "image layout: it has no index.json"}),
                              "Build the layout first.")
               : LocalFailure(Concat({source.dockerfile, ", which ", tag, " is built from, is ",
                                      "not in the project (", options.context, ")"}),
                              "Mend its name in the release file, or --context.");
  };
  Outcome<Ok> found = Ok{};
  if (local.has_file && release.base) {
    found = check(base_tag, release.base->source);
  }
  for (const VariantSpec& variant : release.variants) {
    if (local.has_file && found.ok() && Wants(variant)) {
      found = check(VersionTag(variant), variant.source);
    }
  }
  return found;
}

Outcome<Ok> Pipeline::Course::FindLeftovers() {
  constexpr std::string_view kAlias = "latest";
  auto tags = registry.ListTags(At(kAlias), kAlias, kTagsLookedAtMax);
  if (!tags) {
    // Worth knowing, and no reason to stop.
    return tags.failure().cancelled ? Outcome<Ok>(tags.failure()) : Outcome<Ok>(Ok{});
  }
  for (std::string& tag : tags.value()) {
    const bool own = tag == kAlias || tag.starts_with("latest-");
    if (own && alias_of.count(tag) == 0) {
      leftovers.push_back(std::move(tag));
    }
  }
  return Ok{};
}

// Which tags need no build, and whether somebody pushed over what this clone published.
Outcome<Ok> Pipeline::Course::JudgePresence() {
  std::vector<std::string> built;
  if (release.base) {
    built.push_back(base_tag);
  }
  for (const VariantSpec& variant : release.variants) {
    if (Wants(variant)) {
      built.push_back(VersionTag(variant));
    }
  }
  for (const std::string& tag : built) {
    const auto found = present.find(tag);
    if (found == present.end()) {
      continue;
    }
    const auto published = state.published.find(tag);
    if (tag != base_tag && published != state.published.end() &&
        published->second != found->second.ToString()) {
      return LocalFailure(Concat({tag, " was published as ", published->second, " and names ",
                                  found->second.ToString(), " now: somebody pushed over it"}),
                          "Find out who did; publish this commit under the next letter.");
    }
    const auto whole = IsComplete(found->second);
    if (!whole.ok()) {
      return whole.failure();
    }
    if (whole.value()) {
      in_place.insert(tag);
    }
  }
  return Ok{};
}

Outcome<bool> Pipeline::Course::IsComplete(const Digest& digest) {
  if (complete.count(digest) != 0) {
    return true;
  }
  const auto platforms = registry.PlatformsOf(At(digest));
  if (!platforms.ok()) {
    return platforms.failure();
  }
  const Platforms& found = platforms.value();
  const bool whole = std::all_of(
      release.platforms.begin(), release.platforms.end(), [&](const std::string& platform) {
        return std::find(found.begin(), found.end(), platform) != found.end();
      });
  if (whole) {
    complete.insert(digest);
  }
  return whole;
}

TagState Pipeline::Course::StateOf(const std::string& tag) const {
  const auto found = present.find(tag);
  if (found == present.end()) {
    return TagState::kMissing;
  }
  const auto alias = alias_of.find(tag);
  if (alias != alias_of.end()) {
    const auto source = present.find(alias->second);
    if (source == present.end() || source->second != found->second) {
      return TagState::kOther;
    }
  }
  return complete.count(found->second) != 0 ? TagState::kVerified : TagState::kOther;
}

}  // namespace drydock::publisher
