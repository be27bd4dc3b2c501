// Who is measured on a tree, and how: drydock in its several states, what a user would run instead,
// and the marks. Everything that is checked prints the same base hash, or the measurement fails.
// Threads: one. Source: issue 3 section 5.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/trial.h"
#include "core/result.h"
#include "publisher/hash/tree_generator.h"

namespace drydock::bench {

// Names in the tables, and keys to the medians.
namespace who {
inline constexpr char kFloor[] = "floor: openssl speed, SHA-256";
inline constexpr char kHash[] = "drydock hash, cold";
inline constexpr char kHashOneCore[] = "drydock hash, cold, one core";
inline constexpr char kUnchanged[] = "drydock hash, nothing changed";
inline constexpr char kLastChanged[] = "drydock hash, last 1 % changed";
inline constexpr char kHashDropped[] = "drydock hash, page cache dropped";
inline constexpr char kReadOneCore[] = "bare open-read-close, one core";
inline constexpr char kRead[] = "bare open-read-close, parallel";
inline constexpr char kLook[] = "bare lstat, parallel";
inline constexpr char kCatDropped[] = "find | xargs -P 4 cat >/dev/null, page cache dropped";
inline constexpr char kReadDropped[] = "bare open-read-close, 8 threads, page cache dropped";
inline constexpr char kRecipe[] = "shell recipe";
inline constexpr char kTar[] = "tar | openssl dgst -sha256";
inline constexpr char kB3sum[] = "b3sum";
inline constexpr char kGitTree[] = "git add + git write-tree";
inline constexpr char kGitHash[] = "drydock hash --git";
inline constexpr char kGitRecipe[] = "git worktree add + shell recipe";
}  // namespace who

struct Contestant {
  std::string name;
  std::function<Status()> prepare;  // not measured; may be empty
  std::function<Result<Trial>()> run;
};

// What to measure on a tree besides drydock cold and warm, the bare walks and the floor.
struct Entries {
  bool recipe = true;
  bool peers = false;    // tar, b3sum
  bool dropped = false;  // with the page cache dropped before each
  bool git = false;      // git write-tree, and the git source against a worktree
};

struct Place {
  std::string folder;  // holds everything below
  publisher::TreeSpec spec;

  std::string tree() const { return folder + "/tree"; }
  std::string cache() const { return folder + "/cache"; }
  std::string repository() const { return folder + "/repository.git"; }
  std::string worktree() const { return folder + "/worktree"; }
};

// Makes the tree and, for `git`, a repository that holds it; reads everything once.
Status Prepare(const Place& place, const Entries& entries);

// `place` must outlive them.
Result<std::vector<Contestant>> Contestants(const Place& place, const Entries& entries);

// How the page cache is dropped here, for people.
std::string DropWords();

}  // namespace drydock::bench
