#include "scenarios/runner/premises.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "core/text.h"
#include "publisher/hash/base_hash.h"
#include "publisher/release/forge.h"
#include "scenarios/runner/script/script.h"
#include "scenarios/runner/upstream.h"
#include "scenarios/runner/workbench.h"

namespace drydock::scenarios {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kReleaseFile = "release.json";
// The earlier release went out under the same seed and on the same day for every scenario, so that
// all that publish one project start from one content.
constexpr std::uint64_t kEarlierSeed = 1;
constexpr TimePoint kEarlier{std::chrono::seconds(1'777'593'600)};  // 2026-05-01T00:00:00Z

// As CI checks it out.
ProjectSpec Clean(ProjectSpec spec) {
  spec.dirty = false;
  spec.head_at_tag = true;
  spec.untracked.clear();
  spec.crlf = false;
  return spec;
}

// The project as it was at the release before: the same, but for a line in each Dockerfile whose
// images must differ from the present ones.
ProjectSpec EarlierProject(const Scenario& scenario, const publisher::ReleaseFile& release) {
  ProjectSpec spec = Clean(scenario.world.project);
  spec.tag = scenario.world.hub.previous_release;
  for (const std::string& path : Dockerfiles(spec.folder, release)) {
    const std::string name = fs::path(path).filename().string();
    const bool base = release.base && release.base->source.dockerfile == name;
    if (base && scenario.world.hub.base_present) {
      continue;
    }
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    const auto given = spec.files.find(name);
    spec.files[name] = Concat({given == spec.files.end() ? text.str() : given->second,
                               "\nLABEL release=", spec.tag, "\n"});
  }
  return spec;
}

// Everything that the content at the start depends on.
std::string ContentKey(const Scenario& scenario, const ProjectSpec& earlier) {
  std::string key = Concat({KeyOf(earlier), "\n", scenario.world.hub.previous_release, "\n",
                            scenario.world.builder.parallel_export ? "parallel" : "image-first",
                            "\n", scenario.world.builder.version, "\n"});
  for (const simulator::NpmRelease& release : scenario.world.npm) {
    key += Concat({release.package, "@", release.version, release.latest ? " latest" : "", "\n"});
    for (const auto& [package, range] : release.dependencies) {
      key += Concat({"  ", package, " ", range, "\n"});
    }
  }
  return key;
}

// Publishes the earlier release into a world of its own, by the script and without any fault.
Result<simulator::Store> PublishEarlier(const Scenario& scenario, const Premises& premises,
                                        const std::string& folder,
                                        const simulator::Store& upstream) {
  const auto hash = BaseHashOf(folder, premises.release);
  if (!hash) {
    return hash.error();
  }
  StageSpec spec;
  spec.seed = kEarlierSeed;
  spec.start = kEarlier;
  spec.npm = scenario.world.npm;
  spec.tarballs_late = false;
  spec.npm_registry = premises.release.npm_registry;
  spec.owner = premises.Owner();
  spec.content = &upstream;
  Stage stage(std::move(spec));
  const Status published = stage.Furnish();
  if (!published) {
    return published.error();
  }
  KillSwitch kill(stage);
  Workbench bench(stage, kill, premises.release, scenario.world.builder, "host", "198.51.100.7",
                  "earlier");
  script::Surroundings surroundings{stage.clock(),
                                    stage.journal(),
                                    "host",
                                    [&](const std::string&) { return ToolsOf(bench); },
                                    {},
                                    {}};
  const script::Constants constants{premises.release, folder, scenario.world.hub.previous_release,
                                    *hash};
  script::Outcome outcome;
  stage.world().Spawn("host", [&] {
    outcome = script::RunShellScript(surroundings, constants, script::Settings{});
  });
  const Status ran = stage.world().Run();
  if (!ran) {
    return ran.error();
  }
  if (!outcome.green) {
    return Error(
        ErrorCode::kInvalid,
        Concat({scenario.file, ": the earlier release cannot be published: ", outcome.reason}));
  }
  return simulator::Store(stage.store());
}

// What the Hub holds before the first step.
Result<simulator::Store> ContentAtStart(const Scenario& scenario, const Premises& premises,
                                        Shelf& shelf) {
  simulator::Store upstream;
  for (const std::string& image :
       UpstreamImages(Dockerfiles(premises.project->folder(), premises.release))) {
    PutUpstreamImage(upstream, image, premises.release.platforms);
  }
  if (scenario.world.hub.previous_release.empty()) {
    return upstream;
  }
  if (premises.release.builder == publisher::BuilderKind::kLayout) {
    return Error(ErrorCode::kInvalid,
                 Concat({scenario.file, ": hub: \"previous-release\": the project brings prebuilt ",
                         "images and has no earlier ones: ", scenario.world.hub.previous_release}));
  }
  const ProjectSpec earlier = EarlierProject(scenario, premises.release);
  const auto project = shelf.Clone(earlier);
  if (!project) {
    return project.error();
  }
  return shelf.Content(ContentKey(scenario, earlier), [&] {
    return PublishEarlier(scenario, premises, (*project)->folder(), upstream);
  });
}
// Whether the release has the variant of "variant:omos" or "build:omos:linux/arm64", and its
// platform; other parts name neither.
Status CheckPart(const std::string& part, const publisher::ReleaseFile& release) {
  const std::vector<std::string> pieces = Split(part, ':');
  if (pieces.size() > 1 && release.FindVariant(pieces[1]) == nullptr) {
    return Error(ErrorCode::kInvalid,
                 Concat({"the release file has no such variant: \"", pieces[1], "\""}));
  }
  const auto& platforms = release.platforms;
  if (pieces.size() > 2 &&
      std::find(platforms.begin(), platforms.end(), pieces[2]) == platforms.end()) {
    return Error(ErrorCode::kInvalid,
                 Concat({"the release file has no such platform: \"", pieces[2], "\""}));
  }
  return Ok{};
}

Status CheckParts(const Scenario& scenario, const std::vector<Expectation>& expectations,
                  const publisher::ReleaseFile& release) {
  for (const Expectation& expectation : expectations) {
    const auto* part = std::get_if<PartIs>(&expectation.kind);
    if (const Status known = part == nullptr ? Ok{} : CheckPart(part->part, release); !known) {
      return known.error().At(
          Concat({scenario.file, ":", std::to_string(expectation.line), ": parts"}));
    }
  }
  return Ok{};
}

// What a job of this kind works on and the release does not have; "" when it has all.
std::string_view LacksFor(script::JobKind kind, const publisher::ReleaseFile& release) {
  using script::JobKind;
  const bool base = kind == JobKind::kBaseDecide || kind == JobKind::kBuildBase ||
                    kind == JobKind::kPromoteBaseLatest || kind == JobKind::kValidate;
  const bool builds =
      kind == JobKind::kSmoke || kind == JobKind::kPushDigest || kind == JobKind::kMergeDigests;
  const bool prebuilt = release.builder == publisher::BuilderKind::kLayout;
  return base && !release.base ? "base" : builds && prebuilt ? "Dockerfile" : "";
}

Status CheckWorkflow(const Scenario& scenario, const PublishStep& publish,
                     const publisher::ReleaseFile& release) {
  if (publish.workflow.empty()) {
    return Ok{};
  }
  for (const script::Job& job : scenario.world.ci.at(publish.workflow).jobs) {
    if (const std::string_view lack = LacksFor(job.kind, release); !lack.empty()) {
      return Error(ErrorCode::kInvalid, Concat({"\"workflow\": job \"", job.name, "\" is about a ",
                                                lack, ", and this release has none"}));
    }
  }
  return Ok{};
}

// What a step may name in the release file that stands then.
Status CheckNames(const Scenario& scenario, const Step& step,
                  const publisher::ReleaseFile& release) {
  const auto* publish = std::get_if<PublishStep>(&step.action);
  if (publish == nullptr) {
    return Ok{};
  }
  std::vector<std::string> names = publish->jobs;
  if (!publish->only.empty()) {
    names.push_back(publish->only);
  }
  for (const std::string& name : names) {
    if (release.FindVariant(name) == nullptr) {
      return Error(ErrorCode::kInvalid,
                   Concat({scenario.file, ":", std::to_string(step.line), ": ", step.name,
                           ": the release file has no such variant: \"", name, "\""}));
    }
  }
  if (!publish->jobs.empty() && publish->jobs.size() != release.variants.size()) {
    return Error(ErrorCode::kInvalid,
                 Concat({scenario.file, ":", std::to_string(step.line), ": ", step.name,
                         ": \"jobs\": expected every variant once"}));
  }
  const std::string where =
      Concat({scenario.file, ":", std::to_string(step.line), ": ", step.name});
  if (const Status fits = CheckWorkflow(scenario, *publish, release); !fits) {
    return fits.error().At(where);
  }
  for (const auto& [part, trouble] : publish->trouble) {
    if (const Status known = CheckPart(part, release); !known) {
      return known.error().At(Concat({where, ": \"trouble\""}));
    }
  }
  return CheckParts(scenario, step.expect, release);
}

Status CheckNames(const Scenario& scenario, const Premises& premises) {
  const Clone* now = &premises;
  auto next = premises.later.begin();
  for (const Step& step : scenario.steps) {
    if (std::holds_alternative<ProjectStep>(step.action)) {
      now = &*next++;
    }
    if (Status status = CheckNames(scenario, step, now->release); !status) {
      return status;
    }
  }
  return CheckParts(scenario, scenario.second, now->release);
}

Result<publisher::ReleaseFile> ReadRelease(const Scenario& scenario, const ProjectSpec& spec) {
  const auto own = spec.files.find(std::string(kReleaseFile));
  auto release = own == spec.files.end()
                     ? publisher::ReadReleaseFile((fs::path(spec.folder) / kReleaseFile).string())
                     : publisher::ParseReleaseFile(
                           own->second, Concat({scenario.file, ": \"", kReleaseFile, "\""}));
  if (release && release->builder == publisher::BuilderKind::kBuildah) {
    return Error(ErrorCode::kInvalid,
                 Concat({release->source, ": builder: a replay models docker buildx, or pushes ",
                         "prebuilt layouts: found \"buildah\""}));
  }
  return release;
}

// Which release comes before which: the one before a tag is the one that was published when the tag
// was first seen. So going back to a release gives its commit again, a tag that moves keeps its
// parent, and another tag for the same content is one of the same commit.
class Releases {
 public:
  explicit Releases(const ProjectSpec& first) { known_[first.tag] = nullptr; }

  // Of `next`, which the project becomes from `now`.
  std::shared_ptr<const ProjectSpec> Before(const ProjectSpec& now, const ProjectSpec& next) {
    const auto [known, fresh] = known_.try_emplace(next.tag, nullptr);
    if (fresh) {
      ProjectSpec retagged = Clean(next);
      retagged.tag = now.tag;
      retagged.before = now.before;
      const bool same = KeyOf(retagged) == KeyOf(Clean(now));
      known->second = same ? now.before : std::make_shared<const ProjectSpec>(Clean(now));
    }
    return known->second;
  }

 private:
  std::map<std::string, std::shared_ptr<const ProjectSpec>> known_;  // by tag
};

Result<Clone> MakeClone(const Scenario& scenario, const ProjectSpec& spec, Shelf& shelf) {
  auto project = shelf.Clone(spec);
  if (!project) {
    return project.error();
  }
  auto release = ReadRelease(scenario, spec);
  if (!release) {
    return release.error();
  }
  Clone clone{spec, std::move(*project), nullptr, std::move(*release), "", ""};
  const ProjectSpec clean = Clean(spec);
  if (KeyOf(clean) != KeyOf(spec)) {
    auto checkout = shelf.Clone(clean);
    if (!checkout) {
      return checkout.error();
    }
    clone.checkout = std::move(*checkout);
  }
  auto hash = BaseHashOf(clone.ci_folder(), clone.release);
  if (!hash) {
    return hash.error();
  }
  clone.base_hash = std::move(*hash);
  const auto facts = publisher::ReadRepositoryFacts(clone.ci_folder(), spec.tag);
  if (!facts) {
    return facts.error();
  }
  clone.commit = facts->tag_commit;
  return clone;
}

// The project after `step`.
ProjectSpec Changed(ProjectSpec spec, const ProjectStep& step) {
  if (!step.folder.empty()) {
    spec.folder = step.folder;
    spec.files.clear();
    spec.modes.clear();
    spec.links.clear();
  }
  spec.tag = step.tag.empty() ? spec.tag : step.tag;
  for (const auto& [name, text] : step.files) {
    spec.files[name] = text;
    spec.links.erase(name);
  }
  for (const auto& [name, target] : step.links) {
    spec.links[name] = target;
    spec.files.erase(name);
    spec.modes.erase(name);
  }
  for (const auto& [name, mode] : step.modes) {
    spec.modes[name] = mode;
  }
  spec.dirty = step.dirty;
  spec.head_at_tag = step.head_at_tag;
  spec.untracked = step.untracked;
  spec.crlf = step.crlf;
  return spec;
}

}  // namespace

std::string Clone::BaseTag() const { return base_hash.empty() ? "" : Concat({"base-", base_hash}); }

std::string Clone::Owner() const {
  return release.image.repository.substr(0, release.image.repository.find('/'));
}

Result<std::string> BaseHashOf(const std::string& folder, const publisher::ReleaseFile& release) {
  if (!release.base) {
    return std::string();
  }
  const auto hash = publisher::HashTree(folder, release.base->hash);
  if (!hash) {
    return hash.error();
  }
  return hash->Short();
}

Result<Premises> MakePremises(const Scenario& scenario, Shelf& shelf) {
  ProjectSpec spec = scenario.world.project;
  auto first = MakeClone(scenario, spec, shelf);
  if (!first) {
    return first.error();
  }
  Premises premises{std::move(*first), {}, {}};
  Releases releases(spec);
  for (const Step& step : scenario.steps) {
    if (const auto* change = std::get_if<ProjectStep>(&step.action)) {
      ProjectSpec next = Changed(spec, *change);
      next.before = releases.Before(spec, next);
      spec = std::move(next);
      auto clone = MakeClone(scenario, spec, shelf);
      if (!clone) {
        return clone.error();
      }
      premises.later.push_back(std::move(*clone));
    }
  }
  if (const Status names = CheckNames(scenario, premises); !names) {
    return names.error();
  }
  auto content = ContentAtStart(scenario, premises, shelf);
  if (!content) {
    return content.error();
  }
  premises.content = *content;
  return premises;
}

}  // namespace drydock::scenarios
