#include "publisher/release/clone_hash.h"

#include <filesystem>

#include "core/text.h"
#include "publisher/hash/base_hash.h"

namespace drydock::publisher {

Result<std::string> BaseHashOfClone(const std::string& folder, const std::string& tag,
                                    const Recipe& recipe) {
  const auto tree = HashTree(folder, recipe);
  if (!tree) {
    return tree.error();
  }
  std::error_code ignored;
  if (std::filesystem::exists(folder + "/.git", ignored)) {
    const auto clean = HashGitRef(folder, tag, recipe);
    if (clean && clean->digest != tree->digest) {
      return Error(
          ErrorCode::kConflict,
          Concat({"the work tree gives ", tree->Short(), ", a clean checkout of ", tag, " gives ",
                  clean->Short(), ": remove what git ignores there (git status ",
                  "--ignored lists it), or check out anew without core.autocrlf"}));
    }
    if (!clean && clean.error().code() != ErrorCode::kInvalid) {
      return clean.error();
    }
  }
  return tree->Short();
}

}  // namespace drydock::publisher
