// Reads an image back whole: the manifest and every child by digest, hashed; then each blob's size
// by HEAD, or all of its bytes. A blob or manifest that was right once is not asked for again.
// Threads: one thread. Source: issue "Tag safety"; incidents.md section 5, rule 5 (a HEAD hit is a
// hint until the manifest has been read back); push-ok-tag-missing, harbor-replicas-blob-404.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "core/json.h"
#include "publisher/registry/client.h"

namespace drydock::publisher {

class ImageCheck {
 public:
  // kSizes: blobs answer HEAD with the size that their manifest names. kBytes: they are read and
  // hashed.
  enum class Depth { kSizes, kBytes };

  // `registry` must outlive it.
  ImageCheck(RegistryClient& registry, Depth depth) : registry_(registry), depth_(depth) {}

  // `image` by digest. The failure names the part that is missing or wrong.
  Outcome<Ok> Run(const ImageReference& image);

  // Of all runs so far.
  std::size_t manifests() const { return manifests_; }
  std::size_t blobs() const { return blobs_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  Outcome<Ok> CheckManifest(const ImageReference& image, int depth);
  Outcome<Ok> CheckChildren(const ImageReference& image, const json::Value& index, int depth);
  Outcome<Ok> CheckBlobOf(const ImageReference& image, const json::Value& descriptor);

  RegistryClient& registry_;
  Depth depth_;
  std::set<Digest> right_;
  std::size_t manifests_ = 0;
  std::size_t blobs_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace drydock::publisher
