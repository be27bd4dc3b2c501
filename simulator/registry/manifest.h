// What a manifest says, read from its bytes, and whether it may be stored.
// Threads: pure functions. Source: OCI image-spec manifest.md, image-index.md, descriptor.md;
// CVE-2021-41190 (a document that is manifest and index at once).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/digest.h"
#include "simulator/registry/error_code.h"

namespace drydock::simulator {

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;
  // Its bytes live elsewhere (a URL, a non-distributable layer): nobody need push it.
  bool foreign = false;
  bool has_platform = false;
};

struct ManifestContent {
  std::string media_type;
  std::vector<Descriptor> blobs;      // config first, then layers
  std::vector<Descriptor> manifests;  // an index's entries, whatever their types
  std::optional<Digest> subject;
  std::string artifact_type;  // what the referrers list shows: artifactType, else the config's type
};

// `content_type` is the request's header without parameters; "" when there was none, then the
// document's own mediaType counts. Types that are neither OCI nor Docker schema 2 need only be a
// JSON object. The problem is kManifestInvalid or kDigestInvalid and says what and where.
std::variant<ManifestContent, Problem> ReadManifest(std::string_view bytes,
                                                    std::string_view content_type);

// Whether a type that is itself a manifest stands behind a descriptor (otherwise a blob does).
bool IsManifestType(std::string_view media_type);

// "application/x; charset=utf-8" without its parameters, in lower case.
std::string MediaTypeOf(std::string_view content_type);

// Whether any of the Accept headers (none: everything) takes `media_type`. Weights are ignored
// except q=0.
bool Accepts(const std::vector<std::string>& accept, std::string_view media_type);

}  // namespace drydock::simulator
