// A commit as the source of a hash, read from the object store: what a clean checkout would hold,
// without making one. The one home of libgit2 in the hash.
// Threads: as InputSource; each reader gets a handle of its own on the object store.
// Source: issue 3 section 3; gitattributes(5).
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "publisher/hash/input_source.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

// `repository` is a repository or any folder in its working tree; the recipe's paths are relative
// to that folder. Errors as HashGitRef. `recipe` must outlive the source.
Result<std::unique_ptr<InputSource>> OpenGitSource(const std::string& repository,
                                                   const std::string& ref, const Recipe& recipe,
                                                   bool compat);

}  // namespace drydock::publisher
