// A registry's content as a small JSON file: repositories, their tags, and images that are made up
// on the spot; and what its neighbours, npm and the git forge, hold. The same file gives the same
// digests everywhere. Threads: values. Source: docs/seed-format.md; docs/seed.schema.json.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/result.h"
#include "simulator/neighbours/neighbour_content.h"
#include "simulator/registry/store.h"

namespace drydock::simulator {

// An image that unpacks and runs nothing. More than one platform makes an index.
struct GeneratedImage {
  std::vector<std::string> platforms = {"linux/amd64"};  // "os/architecture[/variant]"
  std::vector<std::uint64_t> layers = {1024};            // bytes of the file in each
};

struct SeedTag {
  GeneratedImage image;
  std::string same_as;  // another tag of the repository; "" for an image of its own
};

struct Seed {
  std::map<std::string, std::map<std::string, SeedTag>> repositories;  // repository, tag
  NeighbourContent neighbours;
};

// kInvalid with "file:line: what: the offending piece".
Result<Seed> ReadSeedFile(const std::string& path);
Result<Seed> ParseSeed(std::string_view text, const std::string& source);

// The registry's part of it.
void Plant(const Seed& seed, Store& store);

// Puts an image in place and gives the digest of its manifest or index. Its bytes follow from
// `name` and the arguments.
Digest PutGeneratedImage(Store& store, std::string_view repository, std::string_view name,
                         const GeneratedImage& image, bool index);

}  // namespace drydock::simulator
