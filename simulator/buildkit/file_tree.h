// Files by path, as a stage sees them and as COPY takes them from the build context.
// Threads: values. Source: the Dockerfile reference, "COPY".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/result.h"

namespace drydock::simulator::buildkit {

struct FileNode {
  enum class Kind { kFile, kDirectory, kSymlink };
  Kind kind = Kind::kFile;
  bool executable = false;
  std::shared_ptr<const std::string> content;  // of a file; the target of a symlink
};

// Paths without a leading slash. Parent directories need not be listed.
using FileTree = std::map<std::string, FileNode, std::less<>>;

// What lies at `path` below `root` ("rootfs/", "a.txt", "."): one node for a file, everything below
// for a folder, with paths relative to `root`. kNotFound with BuildKit's words when there is
// nothing; permissions other than the owner's execute bit are not looked at.
Result<FileTree> ReadContext(const std::string& root, std::string_view path);

// The part of `tree` at `path`, as ReadContext gives it for a folder.
Result<FileTree> Subtree(const FileTree& tree, std::string_view path);

// COPY: `from` holds what ReadContext or Subtree gave for `source`. A folder's contents go into
// `destination`; a file goes there under its own name when `destination` ends in "/".
FileTree Relocate(const FileTree& from, std::string_view source, std::string_view destination);

// A digest over paths, kinds and contents.
Digest ContentDigest(const FileTree& tree);

}  // namespace drydock::simulator::buildkit
