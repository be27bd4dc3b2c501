// A first release file for a project, from what lies in its folder: which Dockerfiles there are,
// what the base is made of, which build arguments choose a variant, which take the version of an
// npm package. What cannot be known stands in it as a comment.
// Threads: pure functions over the file system. Source: runbook; docs/examples/*.release.json.
#pragma once

#include <string>

#include "core/reference.h"
#include "core/result.h"

namespace drydock::publisher {

// The text of a release file that ReadReleaseFile takes. `image` is without tag or digest.
// kNotFound when `folder` is none or holds no Dockerfile.
Result<std::string> DraftReleaseFile(const std::string& folder, const ImageReference& image);

// "owner/name" of a git remote's address, lower case, as images are often named after their
// repository; "" when the address has no such end.
std::string ImageNameOfRemote(const std::string& address);

}  // namespace drydock::publisher
