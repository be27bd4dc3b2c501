// What the local clone says about a release tag. Threads: pure function over the file system.
// Source: runbook sections "Prerequisites" and 1.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace drydock::publisher {

struct RepositoryFacts {
  std::string tag_commit;   // hex id of the commit the tag names; "" when there is no such tag
  std::string head_commit;  // hex id of HEAD
  std::vector<std::string> dirty;  // changed or untracked paths, the first few of them
  std::string git_folder;          // absolute path of .git; run state lives beneath it
};

inline constexpr std::size_t kDirtyPathsMax = 10;

// Reads the repository that holds `folder`. An annotated tag is followed to its commit. kNotFound
// when `folder` is in no repository, kInvalid when HEAD names no commit yet.
Result<RepositoryFacts> ReadRepositoryFacts(const std::string& folder, std::string_view tag);

// The release tag (see CheckReleaseTag) whose commit is HEAD. kNotFound when there is none,
// kConflict when there are several, naming them; otherwise as ReadRepositoryFacts.
Result<std::string> ReleaseTagAtHead(const std::string& folder);

}  // namespace drydock::publisher
