// Names of images: repository, tag, and the whole "host/repository:tag@digest".
// Threads: values. Source: OCI distribution-spec "Pulling manifests" (grammar of <name> and
// <reference>); distribution/reference for host splitting and Docker Hub's defaults.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/digest.h"
#include "core/result.h"

namespace drydock {

// <name> of the distribution-spec: lower-case path components, at most 255 characters.
bool IsRepositoryName(std::string_view text);
// <reference> as a tag: [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}.
bool IsTag(std::string_view text);

// An image as people write it. "alpine" means registry docker.io, repository library/alpine.
struct ImageReference {
  std::string registry;    // host[:port]; "docker.io" when none was written
  std::string repository;  // always a valid <name>
  std::optional<std::string> tag;
  std::optional<Digest> digest;

  // kInvalid with the offending text. An absent tag stays absent ("latest" is never assumed).
  static Result<ImageReference> Parse(std::string_view text);
  // "joakimp/opencode-devbox:v1" for Docker Hub, "host/repo:tag@digest" otherwise.
  std::string ToString() const;
  // The same with the registry named in any case: "docker.io/joakimp/opencode-devbox:v1".
  std::string Qualified() const;
  // "registry/repository" in the same short form.
  std::string Name() const;

  friend bool operator==(const ImageReference&, const ImageReference&) = default;
};

}  // namespace drydock
