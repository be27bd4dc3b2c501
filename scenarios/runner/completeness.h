// Whether a release is really out: what the registry holds when a publish has ended, whatever
// anybody said about it. Threads: pure functions.
// Source: runbook "What the script does", verify; publisher/release/pipeline.h (ExpectedTags).
#pragma once

#include <cstdint>
#include <string>

#include "publisher/release/release_file.h"
#include "simulator/registry/store.h"

namespace drydock::scenarios {

// The first thing that `store` lacks for the release, in one line: a tag, a version or alias that
// names another image than it should, a manifest or blob behind a tag. "" when everything is there.
// `base_tag` is "base-…"; "" without a base. `folder` is the project's, for the images of prebuilt
// layouts; one that is not there to be read is not asked about.
std::string WhatIsIncomplete(const publisher::ReleaseFile& release, const std::string& release_tag,
                             const std::string& base_tag, const std::string& folder,
                             const simulator::Store& store);

// How many manifests of the repository no tag leads to, itself or through an index.
std::uint64_t CountUntagged(const simulator::Store& store, const std::string& repository);

}  // namespace drydock::scenarios
