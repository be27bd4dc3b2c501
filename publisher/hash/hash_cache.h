// Checkpoints of earlier runs on disk, one small file for each root and recipe. A file that is
// damaged, of another version or of something else is ignored with a note; it never changes a hash.
// Threads: any number, also of other processes: files appear by rename, whole or not at all, and
// carry a checksum. Source: issue 3 section 2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "publisher/hash/part.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

class HashCache {
 public:
  // `folder` is made when it is needed. `root` is taken by its real path.
  HashCache(std::string folder, const std::string& root, const Recipe& recipe);

  const std::string& file() const { return file_; }

  // nullopt when there is nothing to go by; a line in `notes` unless there is simply no file.
  std::optional<Checkpoints> Load(std::vector<std::string>& notes) const;

  // Stores what can be trusted: parts up to the first one with a time stamp so close to
  // `started_ns` (when the run began, since 1970) that a later change might not show in it. Failing
  // leaves an earlier file as it was; the error says why. Another run storing at the same moment
  // wins, which is no error.
  Status Store(const Checkpoints& checkpoints, std::int64_t started_ns) const;

  void Remove() const;

 private:
  std::string folder_;
  std::string key_;  // in the file, in full
  std::string file_;
};

}  // namespace drydock::publisher
