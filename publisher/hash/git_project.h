// What git knows about a project beyond one commit's bytes: which files it tracks, which commits
// there are, and the modes and links of a commit, which the hash does not see.
// Threads: one. Source: issue 3 section 4.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "publisher/hash/recipe.h"
#include "publisher/hash/tree_entries.h"

namespace drydock::publisher {

// Consecutive or not: all commits whose inputs are the same.
struct HistoryEntry {
  std::string commit;             // the newest one's id
  std::string date;               // of that: "2026-05-28"
  std::string subject;            // of that
  std::vector<std::string> tags;  // on any of them, oldest first
  std::size_t commits = 0;
};

struct History {
  std::vector<HistoryEntry> entries;  // newest first
  std::size_t commits = 0;            // looked at
  bool complete = true;               // false: there are more
};

class GitProject {
 public:
  enum class Standing { kTracked, kUntracked, kIgnored };

  // `root` is the project's folder: a repository's working tree or a folder in it. kNotFound when
  // there is no repository around it; kInvalid when it is one that is not supported.
  static Result<GitProject> Open(const std::string& root);
  GitProject(GitProject&&) noexcept;
  ~GitProject();

  // Where the project lies in its repository: "" or "images/devbox".
  const std::string& folder() const;
  // Of a file, by its path in the project, in the index and the ignore files.
  Standing StandingOf(const std::string& path) const;
  // The commits reachable from HEAD, branches, remote branches and tags, `most` at most, grouped
  // by what the recipe reads of them. A commit without any of the inputs is left out.
  Result<History> Commits(const Recipe& recipe, std::size_t most) const;
  // The newest tag on an ancestor of HEAD, HEAD itself left out; "" when there is none.
  Result<std::string> LastTag() const;
  // Whether two commits have the same objects, modes and attributes at the recipe's paths; reads no
  // content. kNotFound: no such commit.
  Result<bool> SameInputs(const std::string& one, const std::string& other,
                          const Recipe& recipe) const;
  // What the commit has at and below the recipe's paths, sorted by path.
  Result<std::vector<TreeEntry>> Entries(const std::string& ref, const Recipe& recipe) const;

 private:
  struct State;
  // What decides whether two commits have the same inputs.
  Result<std::string> KeyOfInputs(const std::string& ref, const Recipe& recipe) const;
  explicit GitProject(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace drydock::publisher
