#include "publisher/hash/tree_entries.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/text.h"

namespace drydock::publisher {
namespace {

namespace fs = std::filesystem;

// False when there is nothing at the path, or a folder.
bool LookAtEntry(const fs::path& path, TreeEntry& entry) {
  std::error_code failure;
  const fs::file_status found = fs::symlink_status(path, failure);
  if (failure || !fs::exists(found) || fs::is_directory(found)) {
    return false;
  }
  if (fs::is_symlink(found)) {
    entry.kind = TreeEntry::Kind::kLink;
    entry.target = fs::read_symlink(path, failure).string();
  } else if (fs::is_regular_file(found)) {
    entry.executable = (found.permissions() & fs::perms::owner_exec) != fs::perms::none;
    entry.empty = fs::file_size(path, failure) == 0;
  } else {
    entry.kind = TreeEntry::Kind::kOther;
  }
  return true;
}

void AddBelow(const fs::path& root, const std::string& path, const Recipe& recipe,
              std::vector<TreeEntry>& entries) {
  TreeEntry entry;
  entry.path = path;
  if (LookAtEntry(root / path, entry)) {
    entry.filtered = IsFiltered(recipe, path);
    entries.push_back(std::move(entry));
    return;
  }
  std::error_code failure;
  for (fs::directory_iterator at(root / path, failure); !failure && at != fs::directory_iterator();
       at.increment(failure)) {
    const std::string name = at->path().filename().string();
    if (path != "." || name != ".git") {
      AddBelow(root, path == "." ? name : Concat({path, "/", name}), recipe, entries);
    }
  }
}

}  // namespace

std::string_view Name(TreeEntry::Kind kind) {
  switch (kind) {
    case TreeEntry::Kind::kFile:
      return "file";
    case TreeEntry::Kind::kLink:
      return "link";
    case TreeEntry::Kind::kSubmodule:
      return "submodule";
    case TreeEntry::Kind::kOther:
      return "special file";
  }
  return "";
}

bool IsFiltered(const Recipe& recipe, const std::string& path) {
  for (const RecipeInput& input : recipe.inputs) {
    const auto* tree = std::get_if<TreeInput>(&input);
    if (tree == nullptr || (tree->path != "." && !path.starts_with(tree->path + "/"))) {
      continue;
    }
    std::vector<std::string> names =
        Split(tree->path == "." ? path : path.substr(tree->path.size() + 1), '/');
    const std::string last = std::move(names.back());
    names.pop_back();
    const auto& folders = tree->excluded_folders;
    const auto& globs = tree->excluded_files;
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) {
                         return std::find(folders.begin(), folders.end(), name) != folders.end();
                       }) ||
           std::any_of(globs.begin(), globs.end(),
                       [&](const std::string& glob) { return GlobMatches(glob, last); });
  }
  return false;
}

Result<std::vector<TreeEntry>> EntriesOfFolder(const std::string& root, const Recipe& recipe) {
  std::error_code failure;
  if (!fs::is_directory(root, failure)) {
    return Error(ErrorCode::kNotFound, Concat({"hash: no such folder: ", root}));
  }
  std::vector<TreeEntry> entries;
  for (const RecipeInput& input : recipe.inputs) {
    if (const auto* file = std::get_if<FileInput>(&input)) {
      AddBelow(root, file->path, recipe, entries);
    } else if (const auto* tree = std::get_if<TreeInput>(&input)) {
      AddBelow(root, tree->path, recipe, entries);
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const TreeEntry& a, const TreeEntry& b) { return a.path < b.path; });
  return entries;
}

}  // namespace drydock::publisher
