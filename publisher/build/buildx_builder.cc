#include "publisher/build/buildx_builder.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "publisher/build/child_process.h"
#include "publisher/build/scratch_folder.h"

namespace drydock::publisher {
namespace {

constexpr char kNoBuildx[] = "docker buildx (not installed)";
constexpr char kInstallDocker[] =
    ": docker with its buildx plugin cannot be run: install docker-ce and docker-buildx-plugin (or "
    "Docker Desktop, Orbstack) and start it";
constexpr std::string_view kEngineDriver = "docker";
constexpr std::string_view kContainerDriver = "docker-container";

// The digest that buildx writes into its metadata file; nullopt when there is none to be read.
std::optional<Digest> DigestIn(const std::string& path) {
  const auto text = ReadWholeFile(path);
  if (!text) {
    return std::nullopt;
  }
  const auto metadata = json::Parse(*text, path);
  const auto digest = metadata ? Digest::Parse(metadata->Text("containerimage.digest"))
                               : Result<Digest>(metadata.error());
  return digest ? std::optional(*digest) : std::nullopt;
}

std::string FirstLine(std::string_view text) {
  return std::string(Trim(text.substr(0, text.find('\n'))));
}

}  // namespace

BuildxBuilder::BuildxBuilder(Options options) : options_(std::move(options)) {}

std::string BuildxBuilder::Describe() {
  if (description_.empty()) {
    const auto asked = RunChild({options_.program, "buildx", "version"}, {});
    // "github.com/docker/buildx v0.13.1 788433953af10f2a698f5c07611dddce2e08c7a0"
    const auto words =
        Split(asked && asked->exit_code == 0 ? FirstLine(asked->output) : std::string(), ' ');
    description_ =
        words.size() >= 2
            ? Concat({"docker buildx ", words[1].starts_with('v') ? words[1].substr(1) : words[1]})
            : std::string(kNoBuildx);
  }
  return description_;
}

Result<std::string> BuildxBuilder::CheckReady(const std::vector<std::string>& platforms) {
  auto choice = Choose(platforms);
  if (!choice) {
    return choice.error();
  }
  return std::move(choice->words);
}

Result<BuildxBuilder::Choice> BuildxBuilder::Choose(const std::vector<std::string>& platforms) {
  if (Describe() == kNoBuildx) {
    return Error(ErrorCode::kUnavailable, Concat({options_.program, kInstallDocker}));
  }
  Choice choice;
  choice.name = options_.builder;
  auto seen = Inspect(choice.name);
  if (!seen) {
    return seen.error();
  }
  const bool engine = *seen && (*seen)->driver == kEngineDriver;
  if (options_.builder.empty() && engine && platforms.size() > 1) {
    choice.name = kOwnBuilder;
    seen = Inspect(choice.name);
    if (!seen) {
      return seen.error();
    }
  }
  choice.missing = !*seen;
  choice.words = Describe();
  if (choice.missing) {
    choice.words += Concat({", builder ", choice.name, " (made when it is needed)"});
    return choice;
  }
  choice.words += Concat({", builder ", (*seen)->name, " (", (*seen)->driver, ")"});
  for (const std::string& platform : platforms) {
    const auto& able = (*seen)->platforms;
    if (!able.empty() && std::find(able.begin(), able.end(), platform) == able.end()) {
      choice.words +=
          Concat({"; it lists no ", platform, ": RUN lines for it need QEMU's handlers ",
                  "(docker run --privileged --rm tonistiigi/binfmt --install all)"});
    }
  }
  return choice;
}

Result<std::optional<BuildxInspection>> BuildxBuilder::Inspect(const std::string& name) {
  std::vector<std::string> argv = {options_.program, "buildx", "inspect"};
  if (!name.empty()) {
    argv.push_back(name);
  }
  const auto asked = RunChild(argv, {});
  if (!asked) {
    return Error(ErrorCode::kUnavailable, asked.error().message());
  }
  if (asked->exit_code == 0) {
    return std::optional(ReadBuildxInspection(asked->output));
  }
  if (Contains(asked->diagnostics, "no builder ")) {
    return std::optional<BuildxInspection>();
  }
  return Error(ErrorCode::kUnavailable,
               Concat({"docker buildx inspect: ", FirstLine(asked->diagnostics)}));
}

Status BuildxBuilder::Make(const std::string& name) {
  if (options_.on_output) {
    options_.on_output(Concat({"drydock: making the buildx builder ", name, " (docker buildx rm ",
                               name, " removes it)\n"}));
  }
  const auto made = RunChild({options_.program, "buildx", "create", "--name", name, "--driver",
                              std::string(kContainerDriver)},
                             options_.on_output);
  if (!made) {
    return Error(ErrorCode::kUnavailable, made.error().message());
  }
  if (made->exit_code != 0) {
    return Error(ErrorCode::kUnavailable,
                 Concat({"docker buildx create: ", FirstLine(made->diagnostics)}));
  }
  return Ok{};
}

Result<BuildOutcome> BuildxBuilder::Build(const BuildRequest& request) {
  const auto choice = Choose(request.platforms);
  if (!choice) {
    return choice.error();
  }
  if (choice->missing) {
    if (Status made = Make(choice->name); !made) {
      return made.error();
    }
  }
  const ScratchFolder scratch;
  const std::string metadata = scratch.At("metadata.json");
  std::vector<std::string> argv = {options_.program};
  for (std::string& argument : BuildxArguments(request, choice->name)) {
    argv.push_back(std::move(argument));
  }
  if (scratch.made()) {
    argv.insert(argv.end() - 1, {"--metadata-file", metadata});
  }
  auto child = RunChild(argv, options_.on_output);
  if (!child) {
    return Error(ErrorCode::kUnavailable, child.error().message());
  }
  BuildOutcome outcome;
  outcome.exit_code = child->exit_code;
  outcome.log = std::move(child->diagnostics);
  if (outcome.exit_code == 0 && scratch.made()) {
    outcome.digest = DigestIn(metadata);
  }
  return outcome;
}

std::vector<std::string> BuildxArguments(const BuildRequest& request, std::string_view builder) {
  std::vector<std::string> arguments = {"buildx", "build", "--push", "--progress=plain"};
  const auto add = [&arguments](std::string_view option, std::string_view value) {
    arguments.emplace_back(option);
    arguments.emplace_back(value);
  };
  if (!builder.empty()) {
    add("--builder", builder);
  }
  add("--platform", Join(request.platforms, ","));
  add("--file", (std::filesystem::path(request.context) / request.dockerfile).string());
  for (const auto& [name, value] : request.build_args) {
    add("--build-arg", Concat({name, "=", value}));
  }
  for (const auto& [name, value] : request.labels) {
    add("--label", Concat({name, "=", value}));
  }
  for (const ImageReference& tag : request.tags) {
    add("--tag", tag.ToString());
  }
  for (const std::string& source : request.cache_from) {
    add("--cache-from", source);
  }
  for (const std::string& target : request.cache_to) {
    add("--cache-to", target);
  }
  arguments.emplace_back(request.provenance ? "--provenance=mode=min" : "--provenance=false");
  if (request.no_cache) {
    arguments.emplace_back("--no-cache");
  }
  arguments.push_back(request.context);
  return arguments;
}

}  // namespace drydock::publisher
