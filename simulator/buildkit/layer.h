// Layers: tar archives of a file tree, gzip-compressed, without any date or owner, so that equal
// files give equal bytes. Threads: values.
// Source: OCI image-spec layer.md; POSIX ustar, with GNU long names for what does not fit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/digest.h"
#include "simulator/buildkit/file_tree.h"

namespace drydock::simulator::buildkit {

// A layer as a builder knows it. Its bytes may be in the content store or still in a registry.
struct Layer {
  Digest digest;   // of the compressed bytes
  Digest diff_id;  // of the tar archive
  std::uint64_t size = 0;
  TimePoint created{};        // when a builder made it; goes into cache manifests only
  std::string source;         // "registry/repository" it can be read from; "" when made here
  std::string source_type;    // its media type there
  std::string imported_from;  // cache reference it came with; "" when none
};

struct PackedLayer {
  Layer layer;
  std::shared_ptr<const std::string> bytes;
};

// The tree as one uncompressed tar archive; parent directories are added.
std::string MakeTar(const FileTree& tree);
PackedLayer PackLayer(const FileTree& tree, TimePoint created);

}  // namespace drydock::simulator::buildkit
