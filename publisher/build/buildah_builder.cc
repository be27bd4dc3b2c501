#include "publisher/build/buildah_builder.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/text.h"
#include "publisher/build/child_process.h"
#include "publisher/build/scratch_folder.h"

namespace drydock::publisher {
namespace {

constexpr char kNoBuildah[] = "buildah (not installed)";

// A name for the images of one tag in buildah's storage, until they are pushed.
std::string ListFor(const ImageReference& tag) {
  return Concat({"localhost/drydock/", tag.repository, ":", tag.tag.value_or("untagged")});
}

void Append(std::vector<std::string>& to, std::vector<std::string> more) {
  std::move(more.begin(), more.end(), std::back_inserter(to));
}

}  // namespace

BuildahBuilder::BuildahBuilder(Options options) : options_(std::move(options)) {}

BuildahBuilder::~BuildahBuilder() {
  if (built_) {
    Forget(ListFor(built_->tags.front()));
  }
}

std::string BuildahBuilder::Describe() {
  if (description_.empty()) {
    const auto asked = RunChild({options_.program, "--version"}, {});
    // "buildah version 1.28.2 (image-spec 1.1.0-rc2, runtime-spec 1.0.2-dev)"
    const auto words = Split(asked && asked->exit_code == 0 ? asked->output : std::string(), ' ');
    description_ = words.size() >= 3 ? Concat({"buildah ", Trim(words[2])}) : kNoBuildah;
  }
  return description_;
}

Result<std::string> BuildahBuilder::CheckReady(const std::vector<std::string>& /*platforms*/) {
  if (Describe() == kNoBuildah) {
    return Error(ErrorCode::kUnavailable,
                 Concat({options_.program,
                         ": cannot be run: install buildah (and qemu-user-static for RUN lines of "
                         "foreign platforms)"}));
  }
  return Describe();
}

Result<BuildOutcome> BuildahBuilder::Build(const BuildRequest& request) {
  if (auto ready = CheckReady(request.platforms); !ready) {
    return ready.error();
  }
  if (!request.cache_from.empty() || !request.cache_to.empty()) {
    return Error(ErrorCode::kInvalid,
                 "buildah: a build cache of BuildKit's form cannot be imported or exported");
  }
  const ScratchFolder scratch;
  if (!scratch.made()) {
    return Error(ErrorCode::kUnavailable, "buildah: no temporary folder can be made");
  }
  if (!options_.ca_file.empty()) {
    std::error_code error;
    std::filesystem::create_symlink(std::filesystem::absolute(options_.ca_file, error),
                                    scratch.At("ca.crt"), error);
  }
  const std::vector<std::string> access =
      Access(request, options_.ca_file.empty() ? "" : scratch.At(""));
  if (built_ != request) {
    auto built = BuildList(request, access);
    if (!built || built->exit_code != 0) {
      return built;
    }
    built_ = request;
  }
  auto pushed = PushList(request, access);
  if (pushed && pushed->exit_code == 0) {
    built_.reset();
    Forget(ListFor(request.tags.front()));
  }
  return pushed;
}

Result<BuildOutcome> BuildahBuilder::BuildList(const BuildRequest& request,
                                               const std::vector<std::string>& access) {
  // What an earlier one left, or a run that was killed: `build` would add to it.
  const std::string list = ListFor(request.tags.front());
  if (built_) {
    Forget(ListFor(built_->tags.front()));
    built_.reset();
  }
  Forget(list);
  Result<BuildOutcome> outcome = BuildOutcome();
  std::string log;
  for (const std::string& platform : request.platforms) {
    std::vector<std::string> build = BuildahArguments(request, platform, list);
    build.insert(build.end() - 1, access.begin(), access.end());
    outcome = Run("build", std::move(build));
    if (!outcome || outcome->exit_code != 0) {
      break;
    }
    log += outcome->log;
    outcome->log = log;
  }
  return outcome;
}

Result<BuildOutcome> BuildahBuilder::PushList(const BuildRequest& request,
                                              const std::vector<std::string>& access) {
  Result<BuildOutcome> outcome = BuildOutcome();
  for (const ImageReference& tag : request.tags) {
    std::vector<std::string> push = {"push", "--all"};
    Append(push, access);
    Append(push, {ListFor(request.tags.front()), Concat({"docker://", tag.ToString()})});
    outcome = Run("manifest", std::move(push));
    if (!outcome || outcome->exit_code != 0) {
      break;
    }
  }
  return outcome;
}

void BuildahBuilder::Forget(const std::string& list) {
  static_cast<void>(RunChild({options_.program, "manifest", "rm", list}, {}));
}

std::vector<std::string> BuildahBuilder::Access(const BuildRequest& request,
                                                const std::string& trusted) const {
  std::vector<std::string> access;
  const bool plain = std::any_of(
      request.tags.begin(), request.tags.end(),
      [this](const ImageReference& tag) { return options_.plain_http.count(tag.registry) != 0; });
  if (plain) {
    access.emplace_back("--tls-verify=false");
  }
  if (!options_.auth_file.empty()) {
    Append(access, {"--authfile", options_.auth_file});
  }
  if (!trusted.empty()) {
    Append(access, {"--cert-dir", trusted});
  }
  return access;
}

Result<BuildOutcome> BuildahBuilder::Run(std::string_view command,
                                         std::vector<std::string> arguments) {
  // Its steps go to standard output, its troubles to standard error: one log has both, in order.
  std::vector<std::string> argv = {"sh", "-c", "exec \"$@\" >&2", "sh", options_.program};
  argv.emplace_back(command);
  Append(argv, std::move(arguments));
  auto child = RunChild(argv, options_.on_output);
  if (!child) {
    return Error(ErrorCode::kUnavailable, child.error().message());
  }
  BuildOutcome outcome;
  outcome.exit_code = child->exit_code;
  outcome.log = std::move(child->diagnostics);
  return outcome;
}

std::vector<std::string> BuildahArguments(const BuildRequest& request, std::string_view platform,
                                          std::string_view list) {
  std::vector<std::string> arguments = {
      "--pull=always",
      "--platform",
      std::string(platform),
      "--manifest",
      std::string(list),
      "--file",
      (std::filesystem::path(request.context) / request.dockerfile).string()};
  for (const auto& [name, value] : request.build_args) {
    Append(arguments, {"--build-arg", Concat({name, "=", value})});
  }
  for (const auto& [name, value] : request.labels) {
    Append(arguments, {"--label", Concat({name, "=", value})});
  }
  if (request.no_cache) {
    arguments.emplace_back("--no-cache");
  }
  arguments.push_back(request.context);
  return arguments;
}

}  // namespace drydock::publisher
