// The release file: what a project publishes, in JSON with comments, read strictly. Two shapes: a
// split base with variants (opencode-devbox) and one image with one tag pair (pi-devbox).
// Threads: values. Source: runbook; docs/examples/*.release.json; ADR 0005.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/reference.h"
#include "core/result.h"
#include "publisher/hash/recipe.h"
#include "publisher/registry/revision_label.h"

namespace drydock::publisher {

// What an image is made of: a Dockerfile for docker buildx or buildah, or an OCI layout that was
// built before.
enum class BuilderKind { kBuildx, kBuildah, kLayout };
std::string_view Name(BuilderKind kind);  // "buildx", …
struct ImageSource {
  std::string dockerfile;  // "" with BuilderKind::kLayout
  std::string layout;      // folder in the project; "" unless BuilderKind::kLayout
};

struct BaseSpec {
  ImageSource source;
  std::map<std::string, std::string> build_args;
  Recipe hash;  // paths relative to the project
};

// A build argument whose value is the version of an npm package.
struct VersionSpec {
  std::string argument;  // "OMOS_VERSION"
  std::string package;   // "oh-my-opencode-slim"
  std::string pinned;    // "1.0.7"; "" means: whatever the npm registry's `latest` names now
};

struct VariantSpec {
  std::string name;    // "omos"
  std::string suffix;  // "-omos"; "" for the bare tag
  ImageSource source;
  std::map<std::string, std::string> build_args;
  std::vector<std::string> versions;  // arguments of VersionSpec that this variant gets
};

struct ReleaseFile {
  std::string source;    // the file's name, for messages
  ImageReference image;  // without tag or digest
  // Further repositories, of other registries, that get the same images; of prebuilt layouts only.
  std::vector<ImageReference> also;
  std::vector<std::string> platforms;
  BuilderKind builder = BuilderKind::kBuildx;
  RevisionRule revision = RevisionRule::kCheck;  // what images say of their commit
  std::string npm_registry;                      // "" when the file names none
  std::optional<BaseSpec> base;                  // nullopt: variants are built from nothing of ours
  std::vector<VersionSpec> versions;
  std::vector<VariantSpec> variants;  // at least one; a one-image file has one without suffix

  const VariantSpec* FindVariant(std::string_view name) const;
  const VersionSpec* FindVersion(std::string_view argument) const;
};

// kInvalid with "file:line: what: offending piece (expected …)"; kNotFound when `path` cannot be
// read.
Result<ReleaseFile> ReadReleaseFile(const std::string& path);
Result<ReleaseFile> ParseReleaseFile(std::string_view text, std::string_view source);

}  // namespace drydock::publisher
