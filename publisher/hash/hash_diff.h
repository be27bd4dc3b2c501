// Where the streams of two hashes part: the first byte that differs, in which file and line, and
// which inputs differ at all.
// Threads: one. Source: issue 3 section 4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/result.h"
#include "publisher/hash/input_list.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

// A byte of a stream, for people.
struct StreamPlace {
  std::string path;          // "" behind the last byte
  std::uint64_t offset = 0;  // in the file
  std::uint64_t line = 0;    // in the file, from 1
  std::string text;          // the line, shortened, with what is not printable escaped
};

struct HashDiff {
  struct Side {
    std::string name;
    Digest digest = Digest::Of("");
    std::uint64_t inputs = 0;
    std::uint64_t bytes = 0;
    std::vector<std::string> skipped;  // what the recipe silently leaves out
  };
  struct Change {
    enum class Kind { kOnlyInA, kOnlyInB, kDiffers };
    Kind kind = Kind::kDiffers;
    std::string path;
  };
  struct Divergence {
    std::uint64_t offset = 0;  // of the first byte that differs, in both streams
    StreamPlace in_a;
    StreamPlace in_b;
  };

  Side a;
  Side b;
  std::optional<Divergence> first;  // nullopt: the same bytes
  // By path, in byte order. There may be some when the bytes are the same: text that moved from
  // one file to the next, renames that keep the order.
  std::vector<Change> changes;

  bool same() const { return !first.has_value(); }
};

// Errors as HashTree and HashGitRef with `compat`.
Result<HashDiff> DiffHashes(const HashSubject& a, const HashSubject& b, const Recipe& recipe);

}  // namespace drydock::publisher
