#include "publisher/hash/base_hash.h"

#include <optional>
#include <utility>

#include "core/clock.h"
#include "core/text.h"
#include "publisher/hash/git_source.h"
#include "publisher/hash/hash_cache.h"
#include "publisher/hash/hash_source.h"
#include "publisher/hash/tar_source.h"
#include "publisher/hash/tree_source.h"

namespace drydock::publisher {
namespace {

Result<BaseHash> HashWithCache(const std::shared_ptr<const Folder>& root, const Recipe& recipe,
                               const HashOptions& options, const HashCache& cache) {
  const std::int64_t started_ns = SystemClock().Now().time_since_epoch().count() * 1000;
  std::vector<std::string> notes;
  const std::optional<Checkpoints> known = cache.Load(notes);
  Checkpoints made;
  TreeSource source(root, recipe, options.compat);
  auto hash = HashSource(source, options, known ? &*known : nullptr, &made);
  if (!hash) {
    return hash;
  }
  if (!known || !(*known == made)) {
    if (Status stored = cache.Store(made, started_ns); !stored) {
      notes.push_back(stored.error().message());
    }
  }
  hash->notes = std::move(notes);
  return hash;
}

}  // namespace

Result<BaseHash> HashTree(const std::string& root, const Recipe& recipe,
                          const HashOptions& options) {
  auto folder = OpenRoot(root);
  if (!folder) {
    return std::move(folder).error();
  }
  TreeSource source(*folder, recipe, options.compat);
  // What is left out depends on who asks, which no time stamp tells.
  if (options.cache_folder.empty() || options.compat) {
    return HashSource(source, options);
  }
  const HashCache cache(options.cache_folder, root, recipe);
  auto hash = HashWithCache(*folder, recipe, options, cache);
  if (!hash || !options.verify_cache) {
    return hash;
  }
  auto again = HashSource(source, options);
  if (again && again->digest != hash->digest) {
    cache.Remove();
    return Error(ErrorCode::kConflict,
                 Concat({"hash: the cache gave ", hash->Short(), ", the content gives ",
                         again->Short(), "; removed: ", cache.file()}));
  }
  return again ? hash : again;
}

Result<BaseHash> HashGitRef(const std::string& repository, const std::string& ref,
                            const Recipe& recipe, const HashOptions& options) {
  auto source = OpenGitSource(repository, ref, recipe, options.compat);
  if (!source) {
    return std::move(source).error();
  }
  return HashSource(**source, options);
}

Result<BaseHash> HashTar(const std::string& archive, const Recipe& recipe,
                         const HashOptions& options) {
  auto source = OpenTarSource(archive, recipe, options.compat);
  if (!source) {
    return std::move(source).error();
  }
  return HashSource(**source, options);
}

}  // namespace drydock::publisher
