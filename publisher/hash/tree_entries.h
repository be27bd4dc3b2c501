// What lies at a recipe's paths, as an image build sees it and a hash of contents does not: kinds,
// modes, where links lead, what is empty, and what the recipe filters out.
// Threads: values. Source: issue 3 section 4; opencode-devbox.md section 2.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

struct TreeEntry {
  enum class Kind { kFile, kLink, kSubmodule, kOther };

  std::string path;  // relative to the project's folder
  Kind kind = Kind::kFile;
  bool executable = false;
  std::string target;  // where a link leads
  bool empty = false;
  bool filtered = false;  // the recipe leaves it out by name
};

std::string_view Name(TreeEntry::Kind kind);  // "file", "link", "submodule", "special file"

// Does the recipe leave this path out by name, in the tree it lies in?
bool IsFiltered(const Recipe& recipe, const std::string& path);

// Of the folder `root`, sorted by path. Unreadable folders are left out. kNotFound: no such folder.
Result<std::vector<TreeEntry>> EntriesOfFolder(const std::string& root, const Recipe& recipe);

}  // namespace drydock::publisher
