// Images on disk for clients to push: OCI layouts whose bytes depend on nothing but the arguments.
// Threads: one. Source: OCI image-spec image-layout.md, manifest.md, image-index.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "tests/support/temp_folder.h"

namespace drydock::testing {

// A layout with one image of one layer for each architecture; with more than one, an index on top.
class OciLayout {
 public:
  // `layer_bytes` of content that does not compress. `name` is a folder in `folder`.
  OciLayout(const TempFolder& folder, std::string_view name,
            const std::vector<std::string>& architectures, std::size_t layer_bytes);

  // "oci:/…/name:v1", for skopeo.
  std::string Reference() const;
  const std::string& name() const { return name_; }
  std::string path() const { return folder_.At(name_); }
  const std::vector<std::string>& architectures() const { return architectures_; }
  // Of the manifest or index that v1 names.
  Digest top() const { return top_; }
  // Of the layer of the first architecture, not compressed.
  std::string DiffId() const;
  // What the layer of that architecture has in its one file, "content".
  std::string Content(std::string_view architecture) const;

 private:
  struct Blob {
    Digest digest;
    std::size_t size;
  };

  Blob Put(const std::string& bytes) const;
  Blob PutImage(const std::string& architecture) const;

  const TempFolder& folder_;
  std::string name_;
  std::vector<std::string> architectures_;
  std::size_t layer_bytes_;
  Digest top_;
};

// A tar archive of one file, in gzip's format and not compressed.
std::string LayerOf(std::string_view file_name, std::string_view content);

// The digest of the same archive, not compressed.
std::string DiffIdOf(std::string_view file_name, std::string_view content);

// Digests of all blobs of a layout folder, sorted, each checked against its bytes.
std::vector<std::string> BlobsOf(const std::string& layout_path);

}  // namespace drydock::testing
