// What the tree must keep to. Every rule takes files as data and gives findings as text, so that
// the rules can be tested on a few lines. Threads: pure functions. Source: the design's "Layout",
// "Style" and "Bad input" sections; docs/architecture.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace drydock::architecture {

struct File {
  std::string path;  // relative to the root of the repository, with "/"
  std::string text;
  std::string code;  // CodeOnly(text) for C++, else empty
};

// "path: what: replacement", or "path:line: …".
using Findings = std::vector<std::string>;

// A file with its `code` filled in when the path says C++.
File MakeFile(std::string path, std::string text);

bool IsHeader(std::string_view path);
bool IsSource(std::string_view path);

// Arrows run core -> simulator | publisher -> scenarios -> cli; tests and bench see everything.
// Quoted includes start at the root of the repository; heavy headers stay out of ours; the pure
// folders of the simulator include neither threads nor sockets.
Findings CheckIncludes(const std::vector<File>& files);

// A line "path | token | reason" of homes.txt; a path that ends in "/" is a folder.
// Tokens outside their homes, homes that hold no such token, tokens that nobody bans.
Findings CheckBannedTokens(const std::vector<File>& files, std::string_view homes);

struct SizeLimits {
  std::size_t header = 150;
  std::size_t source = 400;
  std::size_t function = 60;
};
// A line "path | file | limit | reason" or "path | function Name | limit | reason" of sizes.txt
// raises one limit. An entry that nothing needs is a finding.
Findings CheckSizes(const std::vector<File>& files, std::string_view exceptions,
                    SizeLimits limits = {});

// Scenario files that no test names, neither themselves nor by their folder.
Findings CheckScenariosAreRun(const std::vector<File>& files);

// C++ sources that no CMakeLists.txt names.
Findings CheckOwners(const std::vector<File>& files);
// Headers that nothing includes.
Findings CheckHeadersAreIncluded(const std::vector<File>& files);

// Paths of somebody's machine and addresses of package registries.
Findings CheckForeignAddresses(const std::vector<File>& files);

// Manager, Helper, Util and Impl, as file or as type; work left for later.
Findings CheckNames(const std::vector<File>& files);

}  // namespace drydock::architecture
