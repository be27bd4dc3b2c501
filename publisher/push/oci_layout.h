// Reads an image out of an OCI image layout on disk: its manifests, children before what names
// them, and the blobs they name. Manifests are checked against their digests; blobs stay where they
// are. Threads: values and pure functions. Source: OCI image-spec image-layout.md, image-index.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/json.h"
#include "core/result.h"
#include "publisher/registry/client.h"

namespace drydock::publisher {

// A blob as its descriptor has it: the truth about digest and size.
struct LayoutBlob {
  Digest digest;
  std::uint64_t size = 0;
  std::string path;
  // Repositories that may have it, as "containerd.io/distribution.source.<host>" annotations say:
  // "host/repository".
  std::vector<std::string> sources;
};

struct LayoutImage {
  std::vector<LayoutBlob> blobs;    // each digest once; those with URLs of their own left out
  std::vector<Manifest> manifests;  // each digest once, children first; the last one is the image
  // Which blobs a manifest names, by the manifest's digest.
  std::vector<std::pair<Digest, std::vector<Digest>>> parts;

  const Manifest& top() const { return manifests.back(); }
  // Whether the index lists it as an attestation, and not as an image.
  bool IsAttestation(const Digest& digest) const;
  const LayoutBlob* FindBlob(const Digest& digest) const;
  const Manifest* FindManifest(const Digest& digest) const;
  std::uint64_t blob_bytes() const;
};

// The image that `name` names in the layout's index.json: by its
// "org.opencontainers.image.ref.name" annotation or by its digest; "" takes the only one. kNotFound
// and kInvalid say where and what.
Result<LayoutImage> ReadLayoutImage(const std::string& folder, std::string_view name);

}  // namespace drydock::publisher
