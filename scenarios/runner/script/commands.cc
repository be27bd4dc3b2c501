#include "scenarios/runner/script/commands.h"

#include <array>
#include <utility>

#include "core/text.h"

namespace drydock::scenarios::script {
namespace {

// Pauses of the push loop after the first and the second failure; later ones repeat the last.
constexpr std::array<std::chrono::seconds, 2> kPauses = {std::chrono::seconds(15),
                                                         std::chrono::seconds(30)};
// How skopeo begins its last line.
constexpr std::string_view kFatal = "level=fatal msg=";
// From this version on the artifact actions refuse every forge but one; v3 works with Gitea.
constexpr int kArtifactsRefusedFrom = 4;
constexpr std::string_view kArtifactsRefused =
    "@actions/artifact v2.0.0+, upload-artifact@v4+ and download-artifact@v4+ are not currently "
    "supported on GHES.";

}  // namespace

std::string LastErrorLine(std::string_view log) {
  std::string last;
  for (const std::string& line : Split(log, '\n')) {
    const std::string_view trimmed = Trim(line);
    const std::size_t fatal = trimmed.find(kFatal);
    if (ToLower(trimmed).rfind("error", 0) == 0) {
      last = std::string(trimmed);
    } else if (fatal != std::string_view::npos) {
      last = std::string(trimmed.substr(fatal + kFatal.size()));
    }
  }
  return last;
}

Machine::Machine(const Surroundings& surroundings, const Constants& constants,
                 const Settings& settings, std::string actor)
    : surroundings_(surroundings),
      constants_(constants),
      settings_(settings),
      actor_(std::move(actor)),
      tools_(surroundings.fresh_machine(actor_)) {}

std::string Machine::Tagged(std::string_view tag) const {
  return Concat({constants_.release.image.Name(), ":", tag});
}

std::string Machine::BaseTag() const { return Tagged(Concat({"base-", constants_.base_hash})); }

void Machine::Print(std::string_view line) { output_ += Concat({line, "\n"}); }

// Keeps what a command printed; true when it succeeded.
bool Machine::Keep(const Tools::Command& command) {
  if (!command) {
    cancelled_ = true;
    last_error_ = "killed";
    return false;
  }
  output_ += command->output;
  output_ += command->log;
  if (command->exit_code != 0) {
    const std::string error = LastErrorLine(command->log);
    last_error_ =
        error.empty() ? Concat({"exit code ", std::to_string(command->exit_code)}) : error;
  }
  return command->exit_code == 0;
}

bool Machine::Probe(const std::string& reference) {
  return !cancelled_ && Keep(tools_.inspect(reference));
}

Versions Machine::ResolveVersions(const std::string& passed) {
  Versions versions;
  for (const publisher::VersionSpec& spec : constants_.release.versions) {
    if (!passed.empty() || !spec.pinned.empty()) {
      versions[spec.argument] = passed.empty() ? spec.pinned : passed;
      continue;
    }
    const auto version = tools_.npm_view(spec.package);
    if (!version) {
      cancelled_ = true;
      return versions;
    }
    versions[spec.argument] = *version;
    Print(Concat({"Resolved ", spec.argument, "=", *version}));
  }
  return versions;
}

std::string Machine::Describe(const Versions& versions) const {
  std::vector<std::string> pieces;
  for (const publisher::VersionSpec& spec : constants_.release.versions) {
    const auto found = versions.find(spec.argument);
    pieces.push_back(Concat({spec.package, " ", found == versions.end() ? "?" : found->second}));
  }
  return Join(pieces, ", ");
}

bool Machine::Push(const std::function<Tools::Command()>& command) {
  for (int attempt = 1; !cancelled_; ++attempt) {
    ++builds_;
    if (Keep(command())) {
      return true;
    }
    if (cancelled_ || attempt >= settings_.attempts) {
      break;
    }
    const auto index = std::min<std::size_t>(static_cast<std::size_t>(attempt) - 1, 1);
    const Duration pause = kPauses[index];
    Print(Concat(
        {"push failed (attempt ", std::to_string(attempt), "), again in ", FormatDuration(pause)}));
    surroundings_.journal.Append(actor_, WaitEvent{pause, "the push loop"});
    if (!surroundings_.clock.SleepFor(pause)) {
      cancelled_ = true;
    }
  }
  return false;
}

bool Machine::BuildBase() {
  simulator::BuildSpec spec;
  spec.context = constants_.folder;
  spec.dockerfile = constants_.release.base->source.dockerfile;
  spec.platforms = constants_.release.platforms;
  spec.build_args = constants_.release.base->build_args;
  spec.tags = {BaseTag()};
  spec.run_time = settings_.times.base;
  if (settings_.cache) {
    const std::string name = settings_.cache_repository.empty() ? constants_.release.image.Name()
                                                                : settings_.cache_repository;
    const std::string reference = Concat({"type=registry,ref=", name, ":base-buildcache"});
    spec.cache_from = {reference};
    spec.cache_to = {Concat({reference, ",mode=max"})};
  }
  return Push([&] { return tools_.build(spec); });
}

bool Machine::BuildVariant(const publisher::VariantSpec& variant, const Versions& versions) {
  const std::string tag = Tagged(constants_.release_tag + variant.suffix);
  const std::string alias = Tagged("latest" + variant.suffix);
  if (constants_.release.builder == publisher::BuilderKind::kLayout) {
    const std::string image = Concat({"docker://", tag});
    const std::string layout = Concat({"oci:", constants_.folder, "/", variant.source.layout});
    bool all = Push([&] { return tools_.copy(layout, image); }) &&
               Keep(tools_.copy(image, Concat({"docker://", alias})));
    for (const ImageReference& also : constants_.release.also) {
      const std::string there = Concat({"docker://", also.Name(), ":"});
      const std::string version = Concat({there, constants_.release_tag, variant.suffix});
      all = all && Push([&] { return tools_.copy(layout, version); }) &&
            Keep(tools_.copy(version, Concat({there, "latest", variant.suffix})));
    }
    return all;
  }
  simulator::BuildSpec spec = SpecOf(variant, versions, BaseTag());
  spec.tags = {tag, alias};
  return Push([&] { return tools_.build(spec); });
}

simulator::BuildSpec Machine::SpecOf(const publisher::VariantSpec& variant,
                                     const Versions& versions, const std::string& base) const {
  simulator::BuildSpec spec;
  spec.context = constants_.folder;
  spec.dockerfile = variant.source.dockerfile;
  spec.platforms = constants_.release.platforms;
  spec.build_args = variant.build_args;
  if (constants_.release.base) {
    spec.build_args["BASE_IMAGE"] = base;
  }
  for (const std::string& argument : variant.versions) {
    const auto version = versions.find(argument);
    spec.build_args[argument] = version == versions.end() ? "" : version->second;
  }
  spec.run_time = settings_.times.variant;
  return spec;
}

bool Machine::BuildLocally(simulator::BuildSpec spec) {
  spec.platforms.resize(1);
  ++builds_;
  return Keep(tools_.build(spec));
}

bool Machine::Smoke(const publisher::VariantSpec& variant, const Versions& versions) {
  return BuildLocally(SpecOf(variant, versions, BaseTag()));
}

bool Machine::Validate(const publisher::VariantSpec& variant, const Versions& versions) {
  const std::string latest = Tagged("base-latest");
  const auto published = tools_.inspect(latest);
  if (!Keep(published) || !BuildLocally(SpecOf(variant, versions, latest))) {
    return false;
  }
  const auto own = tools_.inspect(BaseTag());
  cancelled_ = cancelled_ || !own;
  if (!own || own->exit_code != 0 || own->digest != published->digest) {
    Fail("smoke test failed: base-latest has not the entrypoint of this commit");
    return false;
  }
  return true;
}

bool Machine::PatchPage(const std::string& url) {
  return Keep(tools_.patch_page(
      url, Concat({"# ", constants_.release.image.Name(), "\n\n", constants_.release_tag, "\n"})));
}

bool Machine::Spend(Duration span) {
  if (span > Duration::zero() && !surroundings_.clock.SleepFor(span)) {
    cancelled_ = true;
    last_error_ = "killed";
  }
  return !cancelled_;
}

void Machine::Fail(const std::string& words) {
  last_error_ = words;
  Print(Concat({"ERROR: ", words}));
}

bool Machine::PromoteBase() {
  return !cancelled_ && Keep(tools_.imagetools_create({Tagged("base-latest")}, {BaseTag()}));
}

std::optional<Digest> Machine::PushByDigest(const publisher::VariantSpec& variant,
                                            const Versions& versions, const std::string& platform) {
  simulator::BuildSpec spec = SpecOf(variant, versions, BaseTag());
  spec.platforms = {platform};
  spec.tags = {constants_.release.image.Name()};
  spec.push_by_digest = true;
  std::optional<Digest> digest;
  const bool pushed = Push([&] {
    Tools::Command built = tools_.build(spec);
    digest = built ? built->digest : std::nullopt;
    return built;
  });
  return pushed ? digest : std::nullopt;
}

bool Machine::MergeDigests(const publisher::VariantSpec& variant,
                           const std::set<std::string>& digests) {
  std::vector<std::string> sources;
  sources.reserve(digests.size());
  for (const std::string& digest : digests) {
    sources.push_back(Concat({constants_.release.image.Name(), "@", digest}));
  }
  return Keep(tools_.imagetools_create(
      {Tagged(constants_.release_tag + variant.suffix), Tagged("latest" + variant.suffix)},
      sources));
}

bool Machine::MayUpload(int version) {
  if (version >= kArtifactsRefusedFrom) {
    Print(Concat({"::warning::Artifact upload failed with error: GHESNotSupportedError: ",
                  kArtifactsRefused, "."}));
    Fail(std::string(kArtifactsRefused));
    return false;
  }
  return true;
}

bool Machine::MayDownload(int version) {
  if (version >= kArtifactsRefusedFrom) {
    Fail(Concat({"Unable to download artifact(s): ", kArtifactsRefused}));
    return false;
  }
  return true;
}

void Machine::PrintTags() {
  std::vector<std::string> tags;
  if (constants_.release.base) {
    tags = {BaseTag(), Tagged("base-latest")};
  }
  for (const publisher::VariantSpec& variant : constants_.release.variants) {
    tags.push_back(Tagged(constants_.release_tag + variant.suffix));
    tags.push_back(Tagged("latest" + variant.suffix));
  }
  for (const std::string& tag : tags) {
    if (cancelled_) {
      return;
    }
    const auto inspected = tools_.inspect(tag);
    cancelled_ = !inspected;
    const bool there = inspected && inspected->exit_code == 0;
    Print(Concat(
        {there ? inspected->digest ? inspected->digest->ToString() : "?" : "MISSING", "  ", tag}));
  }
}

}  // namespace drydock::scenarios::script
