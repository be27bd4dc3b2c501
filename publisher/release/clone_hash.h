// The base hash of a developer's clone, which must be the one that CI's clean checkout gives:
// docker builds from the work tree, and files that git ignores or line endings that git changes are
// part of the work tree alone. Threads: a function over the file system. Source: runbook 3C ("If
// method C disagrees with method A, trust A"); scenario ideas 19 and 20.
#pragma once

#include <string>

#include "core/result.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

// 12 hex digits of the work tree in `folder`. kConflict, with both hashes, when the clean checkout
// of `tag` gives another one; a folder without .git is taken as it is. Otherwise as HashTree and
// HashGitRef.
Result<std::string> BaseHashOfClone(const std::string& folder, const std::string& tag,
                                    const Recipe& recipe);

}  // namespace drydock::publisher
