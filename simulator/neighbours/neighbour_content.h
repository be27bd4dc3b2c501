// What the neighbours of a registry hold at first, as data: npm's packages, the forge's
// repositories with their workflow runs. World requests, seeds and scenario files say it in the
// same words. Threads: values. Source: docs/neighbours.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "simulator/neighbours/forge.h"
#include "simulator/neighbours/npm_registry.h"

namespace drydock::simulator {

struct NpmRelease : NpmVersion {
  bool latest = false;
};

struct NpmContent {
  std::string host;  // "npm.test", as IsHostName
  std::vector<NpmRelease> releases;
};

struct ForgeRepository {
  std::map<std::string, std::vector<ForgeCommit>> branches;  // oldest first
  std::map<std::string, std::string> tags;                   // to the id of a commit
  std::vector<ForgeRun> runs;
};

struct ForgeContent {
  std::string host;
  std::string token;                                    // as of Forge
  std::map<std::string, ForgeRepository> repositories;  // by "owner/name"
};

struct NeighbourContent {
  std::optional<NpmContent> npm;
  std::optional<ForgeContent> forge;
};

// A lower-case host name without a port.
bool IsHostName(std::string_view text);

// Each with the errors of what it calls; a part may be there after one.
Status Furnish(const std::vector<NpmRelease>& releases, NpmRegistry& npm);
Status Furnish(const ForgeContent& content, Forge& forge);

// Adds what `more` has. kConflict when both have a neighbour.
Status Merge(NeighbourContent more, NeighbourContent& into);

// {"left-pad": {"latest": "1.3.0", "versions": {"1.3.0": {"dependencies": {…}}}}}
// What is wrong, also in the eyes of npm, fails `source`.
std::vector<NpmRelease> ReadNpmPackages(json::Source& source, const json::Value& packages);
// The members "npm" and "forge" of `reader`; each has a "host".
NeighbourContent ReadNeighbours(json::Source& source, json::ObjectReader& reader);
// The forge alone. `reader` is asked for its members; the caller may have asked for more.
ForgeContent ReadForge(json::Source& source, json::ObjectReader& reader);

}  // namespace drydock::simulator
