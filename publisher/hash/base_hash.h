// The base hash of a project: of its working tree, or of a commit straight from the object store.
// Equal, bit for bit, to the runbook's shell recipe under LC_ALL=C on every tree; where that recipe
// would leave something out without a word, this one refuses and names it, unless told otherwise.
// Threads: each call starts readers of its own and has joined them when it returns, error or not.
// Memory does not grow with the bytes hashed; it grows with the largest single folder.
// Source: runbook 3C; opencode-devbox.md section 2; docs/adr/0010-one-hasher-many-readers.md.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/result.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

struct BaseHash {
  Digest digest = Digest::Of("");
  std::uint64_t files = 0;           // that went in
  std::uint64_t bytes = 0;           // that went in, lines included
  std::uint64_t bytes_reused = 0;    // of these, taken from remembered states, not read again
  std::vector<std::string> skipped;  // `compat` only: what the recipe leaves out, and why
  std::vector<std::string> notes;    // about the cache: ignored, and why; not written, and why

  // The first 12 hex digits: what follows "base-" in the tag.
  std::string Short() const { return digest.Short(); }
};

struct HashProgress {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

struct HashOptions {
  // Follow the recipe where it skips silently: unreadable files and folders, missing inputs, a tree
  // that is a link, paths too long for cat, a folder mounted inside itself. `skipped` names them.
  bool compat = false;
  // Threads that read ahead of the one that hashes; 0 starts with one, and adds more while files
  // are small (one a processor) or come from a disk (up to 8).
  unsigned readers = 0;
  // Where HashTree remembers checkpoints, so that a second run reads only from the first changed
  // file on; "" remembers nothing. Not used with `compat`.
  std::string cache_folder = {};
  // Hash once more without the cache and compare: kConflict when it was wrong, and it is removed.
  bool verify_cache = false;
  // Called by the hashing thread, now and then (not for every file); may be empty.
  std::function<void(const HashProgress&)> on_progress = {};
};

// Hashes the working tree below `root`.
// kNotFound: the root, an input or a file that was listed is not there (any more). kDenied: not
// readable. kConflict: changed while it was read. kInvalid: not what the recipe expects (a folder
// where a file belongs, a link for a tree, a loop of mounts). Each names the piece; nothing is left
// behind.
Result<BaseHash> HashTree(const std::string& root, const Recipe& recipe,
                          const HashOptions& options = {});

// Hashes what a clean checkout of `ref` (a tag, branch or commit id) would hold, without making
// one. kNotFound: no repository at `repository`, no such ref, an input absent from the commit.
// kInvalid: content that a checkout would change in a way that is not reproduced here (named).
Result<BaseHash> HashGitRef(const std::string& repository, const std::string& ref,
                            const Recipe& recipe, const HashOptions& options = {});

// Hashes what unpacking a tar archive would give, gzip or not; `archive` is a file, or "-" for
// standard input. kNotFound and kDenied: of the archive, or an input is not in it. kInvalid: no tar
// archive, damaged, truncated, or with members that are not supported (named).
Result<BaseHash> HashTar(const std::string& archive, const Recipe& recipe,
                         const HashOptions& options = {});

}  // namespace drydock::publisher
