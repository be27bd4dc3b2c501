// What a version and a release tag look like.
// Threads: plain functions. Source: the runbook's tag scheme; semver.org 2.0.0.
#pragma once

#include <string_view>

#include "core/result.h"

namespace drydock::publisher {

// "v1.15.12", "v1.15.13b": a release tag of the scheme vX.Y.Z with an optional letter from b on.
Status CheckReleaseTag(std::string_view tag);
// True for a concrete version such as "1.0.7" or "2.0.0-rc.1"; "latest", "^1.0", "", "null" are
// not.
bool IsConcreteVersion(std::string_view version);

}  // namespace drydock::publisher
