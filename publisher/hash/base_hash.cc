#include "publisher/hash/base_hash.h"

#include <utility>

#include "publisher/hash/git_source.h"
#include "publisher/hash/hash_source.h"
#include "publisher/hash/tree_source.h"

namespace drydock::publisher {

Result<BaseHash> HashTree(const std::string& root, const Recipe& recipe,
                          const HashOptions& options) {
  auto folder = OpenRoot(root);
  if (!folder) {
    return std::move(folder).error();
  }
  TreeSource source(*folder, recipe, options.compat);
  return HashSource(source, options);
}

Result<BaseHash> HashGitRef(const std::string& repository, const std::string& ref,
                            const Recipe& recipe, const HashOptions& options) {
  auto source = OpenGitSource(repository, ref, recipe, options.compat);
  if (!source) {
    return std::move(source).error();
  }
  return HashSource(**source, options);
}

}  // namespace drydock::publisher
