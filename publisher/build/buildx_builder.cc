#include "publisher/build/buildx_builder.h"

#include <unistd.h>

#include <filesystem>
#include <utility>

#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "publisher/build/child_process.h"

namespace drydock::publisher {
namespace {

constexpr char kNotInstalled[] = "docker buildx (not installed)";

// A file of its own that is gone in the end.
class ScratchFile {
 public:
  ScratchFile() {
    std::error_code error;
    path_ = (std::filesystem::temp_directory_path(error) / "drydock-build-XXXXXX").string();
    const int descriptor = ::mkstemp(path_.data());
    if (descriptor < 0) {
      path_.clear();
    } else {
      ::close(descriptor);
    }
  }
  ~ScratchFile() {
    if (!path_.empty()) {
      ::unlink(path_.c_str());
    }
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  const std::string& path() const { return path_; }  // "" when none could be made

 private:
  std::string path_;
};

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
            : std::string(kNotInstalled);
  }
  return description_;
}

Status BuildxBuilder::CheckReady() {
  if (Describe() == kNotInstalled) {
    return Error(ErrorCode::kUnavailable,
                 Concat({options_.program,
                         ": docker with its buildx plugin cannot be run: install docker-ce and "
                         "docker-buildx-plugin (or Docker Desktop, Orbstack) and start it"}));
  }
  return Ok{};
}

Result<BuildOutcome> BuildxBuilder::Build(const BuildRequest& request) {
  if (auto ready = CheckReady(); !ready) {
    return ready.error();
  }
  const ScratchFile metadata;
  std::vector<std::string> argv = {options_.program};
  for (std::string& argument : BuildxArguments(request, options_.builder)) {
    argv.push_back(std::move(argument));
  }
  if (!metadata.path().empty()) {
    argv.insert(argv.end() - 1, {"--metadata-file", metadata.path()});
  }
  auto child = RunChild(argv, options_.on_output);
  if (!child) {
    return Error(ErrorCode::kUnavailable, child.error().message());
  }
  BuildOutcome outcome;
  outcome.exit_code = child->exit_code;
  outcome.log = std::move(child->diagnostics);
  if (outcome.exit_code == 0 && !metadata.path().empty()) {
    outcome.digest = DigestIn(metadata.path());
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
