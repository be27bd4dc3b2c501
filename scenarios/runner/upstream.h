// The images a project builds FROM that are not its own ("debian:12-slim"), put into the fake Hub
// as small stand-ins: an index with one image a platform, one layer each.
// Threads: pure functions but for the store.
#pragma once

#include <string>
#include <vector>

#include "publisher/release/release_file.h"
#include "simulator/registry/store.h"

namespace drydock::scenarios {

// Paths of the Dockerfiles a release names, each once; none of a release of prebuilt layouts.
std::vector<std::string> Dockerfiles(const std::string& folder,
                                     const publisher::ReleaseFile& release);

// Looks for "FROM NAME" in each of `dockerfiles` (paths); names with a "$" in them and stages of
// the file itself are left out, and so is every name that is not on Docker Hub.
std::vector<std::string> UpstreamImages(const std::vector<std::string>& dockerfiles);

// Puts `image` for every platform. Ignores what is no image reference with a tag.
void PutUpstreamImage(simulator::Store& store, const std::string& image,
                      const std::vector<std::string>& platforms);

}  // namespace drydock::scenarios
