// Walks over a tree that do nothing but what nobody can leave out: the marks that the hash is held
// against where OpenSSL's speed is not the mark. Folders are listed and files touched in whatever
// order the file system gives them.
// Threads: each call starts its own and has joined them when it returns. Source: issue 3 section 5.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"

namespace drydock::bench {

enum class Touch {
  kLook,  // lstat
  kRead,  // open, read to the end, close
};

struct Walked {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

// kUnavailable when something cannot be listed, looked at or read.
Result<Walked> BareWalk(const std::string& root, Touch touch, unsigned threads);

}  // namespace drydock::bench
