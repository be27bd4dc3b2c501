// Makes project trees to hash: one seed, one tree, byte for byte, on every machine. Used by
// `drydock tree`, by the scenario step "hash" and by the benchmark.
// Threads: pure but for the files it writes. Source: issue 3 section 5.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace drydock::publisher {

enum class TreeShape {
  kRootfs,       // a few hundred folders like an image's file system; many small files, few large
  kNodeModules,  // many packages of small files, nested
  kFlat,         // one folder
  kDeep,         // a chain of folders with some files each
  kBig,          // as kFlat, with nearly all bytes in one file
};

std::string_view Name(TreeShape shape);  // "rootfs", "node_modules", "flat", "deep", "big"
std::vector<std::string> TreeShapeNames();
Result<TreeShape> ParseTreeShape(std::string_view text);

struct TreeSpec {
  std::uint64_t files = 1000;        // below rootfs/, exactly
  std::uint64_t bytes = 10'000'000;  // in these files together, exactly
  std::uint64_t seed = 1;
  TreeShape shape = TreeShape::kRootfs;
};

// Writes Dockerfile.base, entrypoint.sh, entrypoint-user.sh and rootfs/ into the folder `root`,
// which is made when missing and must be empty. kConflict when it is not; kUnavailable when
// writing fails, with what was written so far left behind.
Status GenerateTree(const std::string& root, const TreeSpec& spec);

}  // namespace drydock::publisher
