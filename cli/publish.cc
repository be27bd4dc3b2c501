// `drydock publish`: the runbook's host-side publish, against a real registry.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/logins.h"
#include "cli/publish_run.h"
#include "core/text.h"
#include "publisher/build/child_process.h"
#include "publisher/release/attempt_log.h"
#include "publisher/release/forge.h"
#include "publisher/release/version_text.h"

namespace drydock::cli {
namespace {

using publisher::PipelineOptions;
using publisher::ReleaseFile;

constexpr char kPublishFooter[] =
    "Works in a clean clone that is checked out at the release tag: checks, settles the versions,\n"
    "hashes the base, asks the registry what is there, builds and pushes what is missing with\n"
    "docker buildx (never with a build cache) or, if the file says so, from OCI layouts, moves "
    "base-latest and the latest tags by manifest\n"
    "reference and reads everything back. Run it again at any time: it sends only what is "
    "missing.\n"
    "Ctrl-C stops after the request under way and says how to go on; a kill is as safe.\n"
    "\n"
    "Examples:\n"
    "  drydock publish release.json --plan       look only, and say what would be done\n"
    "  drydock publish release.json              publish the tag at HEAD\n"
    "  drydock publish release.json --resume     finish a run that was stopped\n"
    "  drydock publish release.json --only omos  recover a single variant\n"
    "  drydock publish release.json --from-ci-log base-decide.log   only on the base that CI uses\n"
    "  drydock publish release.json --dry-run-against-sim   against a fake Hub first, then for "
    "real\n"
    "  drydock publish release.json --registry 127.0.0.1:5000   rehearse against drydock serve\n"
    "\n"
    "Exit codes: 0 published and verified (or a plan with nothing in its way); 2 bad input, "
    "nothing\n"
    "was started; 3 published, not verified; 4 partial; 5 nothing changed; 6 refused; 7 unknown.\n";

// From the flag or NPM_CONFIG_REGISTRY, the release file, or npm itself; "" when nobody says.
std::string FindNpmRegistry(const PublishFlags& flags, const ReleaseFile& release) {
  if (!flags.npm_registry.empty() || !release.npm_registry.empty() || release.versions.empty()) {
    return flags.npm_registry;
  }
  const auto asked = publisher::RunChild({"npm", "config", "get", "registry"}, {});
  return asked && asked->exit_code == 0 ? std::string(Trim(asked->output)) : std::string();
}

Status Override(const PublishFlags& flags, ReleaseFile& release) {
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

// What CI computed, into `flags`.
Status FindExpectedBase(PublishFlags& flags, const ReleaseFile& release) {
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

int RunPublish(PublishFlags flags) {
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
  std::set<std::string> plain_http =
      PlainHttpRegistries(release->image.registry, flags.plain_http, flags.ca_file);
  for (const ImageReference& also : release->also) {
    auto more = FindLogins(flags.docker_config, also.registry, !flags.plan);
    if (!more) {
      return BadInput(more.error().message());
    }
    logins->merge(*more);
    plain_http.merge(PlainHttpRegistries(also.registry, flags.plain_http, flags.ca_file));
  }
  options.context = flags.context;
  options.plan = flags.plan;
  options.resume = flags.resume;
  options.only = flags.only;
  options.latest_last = flags.latest_last;
  options.verify_deep = flags.verify == "deep";
  options.ci_base_hash = flags.base_hash;
  options.base_latest = flags.base_latest;
  options.npm_registry = FindNpmRegistry(flags, *release);
  options.credentials = std::move(*logins);
  options.plain_http = std::move(plain_http);
  return RunPublish(flags, *release, std::move(options));
}

}  // namespace

void AddPublish(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<PublishFlags>();
  CLI::App* publish =
      app.add_subcommand("publish", "Publish a release from this machine, as the runbook does");
  publish->footer(kPublishFooter);
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
  publish->add_flag("--from-base-latest", flags->base_latest,
                    "Stop unless the base hash is that of the base that base-latest names");
  publish->add_flag("--latest-last", flags->latest_last,
                    "All version tags first, then all latest tags");
  publish
      ->add_option("--verify", flags->verify,
                   "At the end: sizes reads manifests and asks for blobs; deep reads every blob")
      ->capture_default_str()
      ->check(CLI::IsMember({"sizes", "deep"}));
  publish->add_flag("--dry-run-against-sim", flags->rehearse,
                    "First the same release against a fake Hub in this process; stop if it fails");
  CLI::Option* json =
      publish->add_flag("--json", flags->json, "Print the report as JSON, and no steps");
  publish
      ->add_flag("--json-lines", flags->json_lines,
                 "One JSON object a line: checks, steps and waits as they come, then the report")
      ->excludes(json);
  publish->callback([flags, &exit_code] { exit_code = RunPublish(*flags); });
}

}  // namespace drydock::cli
