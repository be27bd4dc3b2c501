// `drydock publish`: the runbook's host-side publish, against a real registry.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "cli/colour.h"
#include "cli/commands.h"
#include "cli/logins.h"
#include "core/clock.h"
#include "core/journal.h"
#include "core/rng.h"
#include "core/text.h"
#include "publisher/build/buildah_builder.h"
#include "publisher/build/buildx_builder.h"
#include "publisher/build/child_process.h"
#include "publisher/build/layout_builder.h"
#include "publisher/hash/base_hash.h"
#include "publisher/registry/http_transport.h"
#include "publisher/release/attempt_log.h"
#include "publisher/release/pipeline.h"

namespace drydock::cli {
namespace {

using publisher::PipelineOptions;
using publisher::PublishReport;
using publisher::ReleaseFile;
using publisher::StepOutcome;
using publisher::StepRecord;

constexpr char kFooter[] =
    "Works in a clean clone that is checked out at the release tag: checks, settles the versions,\n"
    "hashes the base, asks the registry what is there, builds and pushes what is missing with\n"
    "docker buildx (never with a build cache) or, if the file says so, from OCI layouts, moves "
    "base-latest and the latest tags by manifest\n"
    "reference and reads everything back. Run it again at any time: it sends only what is "
    "missing.\n"
    "\n"
    "Examples:\n"
    "  drydock publish release.json --plan       look only, and say what would be done\n"
    "  drydock publish release.json              publish the tag at HEAD\n"
    "  drydock publish release.json --resume     finish a run that was stopped\n"
    "  drydock publish release.json --only omos  recover a single variant\n"
    "  drydock publish release.json --from-ci-log base-decide.log   only on the base that CI uses\n"
    "  drydock publish release.json --registry 127.0.0.1:5000   rehearse against drydock serve\n"
    "\n"
    "Exit codes: 0 published and verified (or a plan with nothing in its way); 2 bad input, "
    "nothing\n"
    "was started; 3 published, not verified; 4 partial; 5 nothing changed; 6 refused; 7 unknown.\n";

constexpr std::string_view kBuildah = "buildah";

struct Flags {
  std::string file;
  bool plan = false;
  bool resume = false;
  bool json = false;
  bool plain_http = false;
  std::string only;
  std::string tag;
  std::string context = ".";
  std::string registry;
  std::string npm_registry;
  std::string docker_config;
  std::string ca_file;
  std::string builder;
  std::string base_hash;  // what CI computed, from its log or as given
  std::string ci_log;
};

// One line, and nothing was started.
int BadInput(std::string_view message) {
  std::cerr << "drydock: " << message << '\n';
  return kExitUsage;
}

// Prints each step as it begins and as it ends.
class StepPrinter {
 public:
  StepPrinter() : colour_(MayColour(STDOUT_FILENO)) {}

  void Print(const StepRecord& step) const {
    if (step.outcome == StepOutcome::kNotReached && step.detail.empty()) {
      std::cout << "-> " << step.name << std::endl;
      return;
    }
    const bool planned = step.outcome == StepOutcome::kNotReached;
    const std::string_view word = planned ? "planned" : publisher::Name(step.outcome);
    std::cout << "   " << Paint(word, ColourOf(step.outcome)) << ' ' << step.detail;
    if (step.span >= std::chrono::milliseconds(100)) {
      std::cout << " (" << FormatDuration(step.span) << ')';
    }
    std::cout << std::endl;
  }

  std::string Paint(std::string_view text, std::string_view colour) const {
    return colour_ ? Concat({"\x1b[", colour, "m", text, "\x1b[0m"}) : std::string(text);
  }

 private:
  static std::string_view ColourOf(StepOutcome outcome) {
    switch (outcome) {
      case StepOutcome::kRan:
        return "32";
      case StepOutcome::kFailed:
        return "31";
      case StepOutcome::kSkipped:
      case StepOutcome::kNotReached:
        return "36";
    }
    return "0";
  }

  bool colour_;
};

// From the flag or NPM_CONFIG_REGISTRY, the release file, or npm itself; "" when nobody says.
std::string FindNpmRegistry(const Flags& flags, const ReleaseFile& release) {
  if (!flags.npm_registry.empty() || !release.npm_registry.empty() || release.versions.empty()) {
    return flags.npm_registry;
  }
  const auto asked = publisher::RunChild({"npm", "config", "get", "registry"}, {});
  return asked && asked->exit_code == 0 ? std::string(Trim(asked->output)) : std::string();
}

Status Override(const Flags& flags, ReleaseFile& release) {
  if (!flags.only.empty() && release.FindVariant(flags.only) == nullptr) {
    std::vector<std::string> names;
    for (const auto& variant : release.variants) {
      names.push_back(variant.name);
    }
    return Error(ErrorCode::kInvalid,
                 Concat({"--only: no variant of ", flags.file, " has this name: ", flags.only,
                         " (expected one of: ", Join(names, ", "), ")"}));
  }
  if (!flags.registry.empty()) {
    const auto image =
        ImageReference::Parse(Concat({flags.registry, "/", release.image.repository}));
    if (!image || image->repository != release.image.repository) {
      return Error(ErrorCode::kInvalid,
                   Concat({"--registry: expected host or host:port, found: ", flags.registry}));
    }
    release.image = *image;
  }
  if (!flags.builder.empty() && release.builder == publisher::BuilderKind::kLayout) {
    return Error(ErrorCode::kInvalid,
                 Concat({"--builder: ", flags.file, " brings prebuilt layouts, ",
                         "which nothing builds: ", flags.builder}));
  }
  if (flags.builder == kBuildah) {
    release.builder = publisher::BuilderKind::kBuildah;
  }
  if (!flags.npm_registry.empty()) {
    if (const auto url = Url::Parse(flags.npm_registry); !url) {
      return url.error().At("--npm-registry");
    }
  }
  return Ok{};
}

// What CI's clean checkout would hash, held against the work tree that docker builds from: files
// that git ignores are part of the latter alone.
Result<std::string> BaseHashOf(const Flags& flags, const ReleaseFile& release,
                               const std::string& tag) {
  const publisher::Recipe& recipe = release.base->hash;
  const auto tree = publisher::HashTree(flags.context, recipe);
  if (!tree) {
    return tree.error();
  }
  std::error_code ignored;
  if (std::filesystem::exists(flags.context + "/.git", ignored)) {
    const auto clean = publisher::HashGitRef(flags.context, tag, recipe);
    if (clean && clean->digest != tree->digest) {
      return Error(ErrorCode::kConflict,
                   Concat({"the work tree gives ", tree->Short(), ", a clean checkout ", "of ", tag,
                           " gives ", clean->Short(),
                           ": remove what git ignores there (git status --ignored lists it)"}));
    }
    if (!clean && clean.error().code() != ErrorCode::kInvalid) {
      return clean.error();
    }
  }
  if (!flags.base_hash.empty() && flags.base_hash != tree->Short()) {
    constexpr std::string_view kTrustCi =
        ": CI's base is on the registry and variants start from it; find out what differs with: ";
    return Error(ErrorCode::kConflict,
                 Concat({"CI computed ", flags.base_hash, ", ", flags.context, " gives ",
                         tree->Short(), kTrustCi, "drydock hash ", flags.context, " --expect ",
                         flags.base_hash, " --explain"}));
  }
  return tree->Short();
}

// Below .git, apart for each image and release: what one run leaves, no other one finds.
std::string StatePath(const Result<publisher::RepositoryFacts>& facts, const ReleaseFile& release,
                      const std::string& tag) {
  const std::string image = ReplaceAll(ReplaceAll(release.image.Name(), "/", "_"), ":", "_");
  return Concat(
      {facts ? facts->git_folder : std::string("."), "/drydock/", image, "/", tag, ".json"});
}

// docker buildx or buildah, or the pusher for layouts that were built before.
std::unique_ptr<publisher::Builder> MakeBuilder(const Flags& flags, const ReleaseFile& release,
                                                const PipelineOptions& options, Clock& clock,
                                                Journal& journal, publisher::RunJournal& run) {
  const auto print = [](std::string_view piece) { std::cerr << piece << std::flush; };
  if (release.builder == publisher::BuilderKind::kBuildah) {
    const std::string& login = flags.docker_config;
    return std::make_unique<publisher::BuildahBuilder>(publisher::BuildahBuilder::Options{
        .program = std::string(kBuildah),
        .auth_file = login.empty() ? "" : Concat({login, "/config.json"}),
        .ca_file = flags.ca_file,
        .plain_http = options.plain_http,
        .on_output = print});
  }
  if (release.builder == publisher::BuilderKind::kBuildx) {
    return std::make_unique<publisher::BuildxBuilder>(publisher::BuildxBuilder::Options{
        .program = "docker", .builder = flags.builder, .on_output = print});
  }
  publisher::PushOptions push;
  push.credentials = options.credentials;
  push.plain_http = options.plain_http;
  push.on_event = [print](std::string_view line) { print(Concat({line, "\n"})); };
  const Rng rng(static_cast<std::uint64_t>(clock.Now().time_since_epoch().count()));
  return std::make_unique<publisher::LayoutBuilder>(
      publisher::LayoutBuilder::Surroundings{
          clock, rng.Fork("layouts"), journal,
          publisher::ThreadLanes(publisher::kLanesUsual,
                                 [&flags, &clock] {
                                   return std::make_unique<publisher::HttpTransport>(
                                       clock,
                                       publisher::HttpTransport::Options{.ca_file = flags.ca_file});
                                 }),
          run},
      std::move(push));
}

PublishReport Publish(const Flags& flags, const ReleaseFile& release, PipelineOptions options) {
  SystemClock clock;
  Journal journal(clock);
  const Rng rng(static_cast<std::uint64_t>(clock.Now().time_since_epoch().count()));
  publisher::HttpTransport transport(clock, {.ca_file = flags.ca_file});
  const std::string tag = options.release_tag;
  const auto facts = publisher::ReadRepositoryFacts(flags.context, tag);
  const std::string state_path = StatePath(facts, release, tag);
  auto run = std::make_unique<publisher::RunJournal>(clock);
  if (release.builder == publisher::BuilderKind::kLayout && !options.plan) {
    if (auto opened = publisher::RunJournal::Open(clock, Concat({state_path, ".run.jsonl"}))) {
      run = std::move(*opened);
    } else {
      std::cerr << "drydock: note: uploads cannot be resumed: " << opened.error().message() << '\n';
    }
  }
  const auto builder = MakeBuilder(flags, release, options, clock, journal, *run);
  publisher::FileRunStateStore states(state_path);
  publisher::Pipeline pipeline({transport, *builder, clock, rng, journal, states}, release,
                               std::move(options));
  return pipeline.Run({[&] { return publisher::ReadRepositoryFacts(flags.context, tag); },
                       [&] { return BaseHashOf(flags, release, tag); }});
}

// What CI computed, into `flags`.
Status FindExpectedBase(Flags& flags, const ReleaseFile& release) {
  if (flags.ci_log.empty() && flags.base_hash.empty()) {
    return Ok{};
  }
  if (!release.base) {
    return Error(ErrorCode::kInvalid,
                 Concat({flags.file, ": has no base whose hash could differ"}));
  }
  if (!flags.ci_log.empty()) {
    auto found = publisher::BaseHashInLog(flags.ci_log);
    if (!found) {
      return std::move(found).error();
    }
    flags.base_hash = std::move(*found);
    return Ok{};
  }
  if (flags.base_hash.starts_with("base-")) {
    flags.base_hash.erase(0, std::string_view("base-").size());
  }
  const bool fits = flags.base_hash.size() == 12 &&
                    flags.base_hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  return fits ? Status(Ok{})
              : Status(Error(ErrorCode::kInvalid,
                             Concat({"--base-hash: expected 12 lower-case hex digits, found: ",
                                     flags.base_hash})));
}

int Run(Flags flags) {
  auto release = publisher::ReadReleaseFile(flags.file);
  if (!release) {
    return BadInput(release.error().message());
  }
  if (const Status known = FindExpectedBase(flags, *release); !known) {
    return BadInput(known.error().message());
  }
  if (const Status overridden = Override(flags, *release); !overridden) {
    return BadInput(overridden.error().message());
  }
  PipelineOptions options;
  options.release_tag = flags.tag;
  if (flags.tag.empty()) {
    const auto at_head = publisher::ReleaseTagAtHead(flags.context);
    if (!at_head) {
      return BadInput(Concat({at_head.error().message(), "; name it with --tag"}));
    }
    options.release_tag = *at_head;
  } else if (const Status tag = publisher::CheckReleaseTag(flags.tag); !tag) {
    return BadInput(Concat({"--tag: ", tag.error().message()}));
  }
  auto logins = FindLogins(flags.docker_config, release->image.registry, !flags.plan);
  if (!logins) {
    return BadInput(logins.error().message());
  }
  options.context = flags.context;
  options.plan = flags.plan;
  options.resume = flags.resume;
  options.only = flags.only;
  options.npm_registry = FindNpmRegistry(flags, *release);
  options.credentials = std::move(*logins);
  options.plain_http =
      PlainHttpRegistries(release->image.registry, flags.plain_http, flags.ca_file);
  const StepPrinter printer;
  if (!flags.json) {
    std::cout << (flags.plan ? "plan for " : "publishing ") << release->image.Name() << ' '
              << options.release_tag << '\n';
    options.on_step = [&printer](const StepRecord& step) { printer.Print(step); };
  }
  const PublishReport report = Publish(flags, *release, std::move(options));
  std::cout << (flags.json ? publisher::ToJson(report) : publisher::EndingText(report));
  return publisher::ExitCode(report);
}

}  // namespace

void AddPublish(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<Flags>();
  CLI::App* publish =
      app.add_subcommand("publish", "Publish a release from this machine, as the runbook does");
  publish->footer(kFooter);
  publish->add_option("RELEASE", flags->file, "The release file; see docs/examples")->required();
  publish->add_flag("--plan", flags->plan, "Look, say what would be done, write nothing");
  publish->add_flag("--resume", flags->resume, "Finish an earlier run; refuse if there was none");
  publish->add_option("--only", flags->only, "Publish this variant alone");
  publish->add_option("--tag", flags->tag, "The release tag; default: the one that names HEAD");
  publish->add_option("--context", flags->context, "The project's folder")
      ->capture_default_str()
      ->check(CLI::ExistingDirectory);
  publish->add_option("--registry", flags->registry,
                      "Publish to this registry (host or host:port) instead of the file's");
  publish->add_flag("--plain-http", flags->plain_http,
                    "Speak http with the registry; loopback ones without --ca-file need no flag");
  publish->add_option("--npm-registry", flags->npm_registry, "Base URL of the npm registry to ask")
      ->envname("NPM_CONFIG_REGISTRY");
  publish
      ->add_option("--docker-config", flags->docker_config,
                   "Folder with docker's config.json; default: ~/.docker")
      ->envname("DOCKER_CONFIG");
  publish->add_option("--ca-file", flags->ca_file, "PEM file of authorities to trust")
      ->check(CLI::ExistingFile);
  publish->add_option("--builder", flags->builder,
                      "buildah, or the name of a buildx builder (made if there is none); default: "
                      "as the release file says, the present buildx builder");
  CLI::Option* log = publish->add_option("--from-ci-log", flags->ci_log,
                                         "Stop unless the base hash is the one in this log of CI");
  publish->add_option("--base-hash", flags->base_hash, "Stop unless the base hash is this one")
      ->excludes(log);
  publish->add_flag("--json", flags->json, "Print the report as JSON, and no steps");
  publish->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace drydock::cli
