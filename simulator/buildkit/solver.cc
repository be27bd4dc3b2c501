#include "simulator/buildkit/solver.h"

#include <algorithm>
#include <set>

#include "core/media_type.h"
#include "core/text.h"
#include "simulator/buildkit/fetcher.h"
#include "simulator/buildkit/stage_state.h"

namespace drydock::simulator::buildkit {
namespace {

constexpr std::string_view kScratch = "scratch";

}  // namespace

CopyArguments ParseCopy(const std::string& arguments) {
  CopyArguments copy;
  for (std::string& word : SplitWords(arguments)) {
    if (word.rfind("--from=", 0) == 0) {
      copy.from = word.substr(7);
    } else if (word.rfind("--", 0) == 0) {
      copy.flags += Concat({word, " "});
    } else {
      copy.words.push_back(std::move(word));
    }
  }
  return copy;
}

Solver::Solver(Tools tools, const BuildSpec& spec, Dockerfile file)
    : tools_(tools), spec_(spec), file_(std::move(file)) {
  for (const std::string& platform : spec.platforms) {
    platforms_.push_back(Platform::Parse(platform));
  }
  if (platforms_.empty()) {
    platforms_.push_back(Platform::Parse("linux/amd64"));
  }
}

Solver::~Solver() = default;

void Solver::Import(std::map<Digest, Layer> layers) { imported_.merge(layers); }

Error Solver::FailAt(std::size_t line, Error error) {
  if (error.code() != ErrorCode::kCancelled) {
    failed_line_ = line;
  }
  return error;
}

Variables Solver::GlobalVariables(const Platform& platform) const {
  Variables variables = {{"TARGETPLATFORM", platform.ToString()},
                         {"TARGETOS", platform.os},
                         {"TARGETARCH", platform.architecture},
                         {"TARGETVARIANT", platform.variant},
                         {"BUILDPLATFORM", "linux/amd64"},
                         {"BUILDOS", "linux"},
                         {"BUILDARCH", "amd64"}};
  for (const Instruction& argument : file_.arguments) {
    for (const Assignment& assignment : ParseAssignments(argument.arguments)) {
      const auto given = spec_.build_args.find(assignment.name);
      variables[assignment.name] =
          given == spec_.build_args.end() ? Expand(assignment.value, variables) : given->second;
    }
  }
  return variables;
}

std::optional<std::size_t> Solver::FindStage(const std::string& name, std::size_t before) const {
  const auto number = ParseUnsigned(name);
  if (number && *number < before) {
    return static_cast<std::size_t>(*number);
  }
  for (std::size_t i = before; i > 0; --i) {
    if (!file_.stages[i - 1].name.empty() && file_.stages[i - 1].name == ToLower(name)) {
      return i - 1;
    }
  }
  return std::nullopt;
}

// The last stage and those it takes from, in the order of the file.
std::vector<std::size_t> Solver::NeededStages() const {
  std::set<std::size_t> needed = {file_.stages.size() - 1};
  for (std::size_t i = file_.stages.size(); i > 0; --i) {
    const Stage& stage = file_.stages[i - 1];
    if (needed.count(i - 1) == 0) {
      continue;
    }
    if (const auto parent = FindStage(stage.base, i - 1)) {
      needed.insert(*parent);
    }
    for (const Instruction& instruction : stage.instructions) {
      const auto source = instruction.keyword == "COPY"
                              ? FindStage(ParseCopy(instruction.arguments).from, i - 1)
                              : std::nullopt;
      if (source) {
        needed.insert(*source);
      }
    }
  }
  return {needed.begin(), needed.end()};
}

Status Solver::LoadBases() {
  for (const bool pull : {false, true}) {  // every HEAD comes before the first GET, as captured
    for (const std::size_t index : NeededStages()) {
      for (const Platform& platform : platforms_) {
        if (Status loaded = LoadBase(index, platform, pull); !loaded) {
          return FailAt(file_.stages[index].line, loaded.error());
        }
      }
    }
  }
  return Ok{};
}

Status Solver::LoadBase(std::size_t stage, const Platform& platform, bool pull) {
  const std::string name = Expand(file_.stages[stage].base, GlobalVariables(platform));
  if (name == kScratch || FindStage(file_.stages[stage].base, stage)) {
    return Ok{};
  }
  std::unique_ptr<Base>& base = bases_[{name, platform.ToString()}];
  if (base == nullptr) {
    const Result<ImageReference> reference = ImageReference::Parse(name);
    if (!reference) {
      return Error(
          ErrorCode::kInvalid,
          name.empty()
              ? Concat({"base name (", file_.stages[stage].base, ") should not be blank"})
              : Concat({"failed to parse stage name \"", name, "\": invalid reference format"}));
    }
    base = std::make_unique<Base>();
    base->reference = *reference;
    base->vertex =
        tools_.progress.Begin(Concat({"[", platforms_.size() > 1 ? platform.ToString() + " " : "",
                                      "internal] load metadata for ", FullName(*reference)}));
  } else if (base->pulled == pull) {
    return Ok{};
  }
  const Status loaded = pull ? PullBase(*base, platform) : ResolveBase(*base);
  if (!loaded) {
    tools_.progress.Fail(base->vertex, loaded.error().message());
    return loaded.error().At(
        Concat({name, ": failed to resolve source metadata for ", FullName(base->reference)}));
  }
  base->pulled = pull;
  if (pull) {
    tools_.progress.Done(base->vertex);
  }
  return Ok{};
}

Status Solver::ResolveBase(Base& base) {
  Fetcher fetcher(tools_.registries.At(base.reference.registry), base.reference.repository);
  Result<Descriptor> top = fetcher.Resolve(base.reference);
  if (!top) {
    return top.error();
  }
  base.top = std::move(*top);
  return Ok{};
}

Result<std::string> Solver::Stored(RegistryHost& host, const std::string& repository,
                                   const Descriptor& descriptor, bool manifest) {
  if (const BuilderStore::Bytes held = tools_.store.Find(descriptor.digest)) {
    return *held;
  }
  Fetcher fetcher(host, repository);
  Result<std::string> text =
      manifest ? fetcher.Manifest(descriptor) : fetcher.SmallBlob(descriptor);
  if (!text) {
    return text.error().At("failed to copy");
  }
  tools_.store.Put(descriptor.digest, std::make_shared<const std::string>(*text));
  return text;
}

Status Solver::PullBase(Base& base, const Platform& platform) {
  RegistryHost& host = tools_.registries.At(base.reference.registry);
  const std::string& repository = base.reference.repository;
  Descriptor manifest = base.top;
  if (media_type::IsIndex(manifest.media_type)) {
    const Result<std::string> index = Stored(host, repository, manifest, true);
    if (!index) {
      return index.error();
    }
    const Children children = ReadChildren(*index);
    const auto match = std::find_if(
        children.entries.begin(), children.entries.end(),
        [&](const Descriptor& entry) { return entry.platform && platform.Fits(*entry.platform); });
    if (match == children.entries.end()) {
      return Error(ErrorCode::kNotFound, "no match for platform in manifest: not found");
    }
    manifest = *match;
  }
  const Result<std::string> text = Stored(host, repository, manifest, true);
  if (!text) {
    return text.error();
  }
  const Children children = ReadChildren(*text);
  if (!children.config) {
    return Error(ErrorCode::kInvalid, "manifest without a config");
  }
  const Result<std::string> config = Stored(host, repository, *children.config, false);
  if (!config) {
    return config.error();
  }
  Result<ImageConfig> parsed = ImageConfig::Parse(*config);
  if (!parsed) {
    return parsed.error();
  }
  const std::vector<Digest> diff_ids = parsed->DiffIds();
  if (diff_ids.size() != children.entries.size()) {
    return Error(ErrorCode::kInvalid, "mismatched image rootfs and manifest layers");
  }
  base.manifest = manifest.digest;
  base.config = std::move(*parsed);
  for (std::size_t i = 0; i < diff_ids.size(); ++i) {
    const Descriptor& entry = children.entries[i];
    base.layers.push_back({entry.digest, diff_ids[i], entry.size, TimePoint(),
                           FullRepository(base.reference), entry.media_type, ""});
  }
  return Ok{};
}

}  // namespace drydock::simulator::buildkit
