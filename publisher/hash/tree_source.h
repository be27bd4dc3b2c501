// A project's working tree as the source of a hash.
// A file in a tree whose last change is older than the source did not change while it was read, so
// that one look after reading is enough: a third of what a small file costs is saved. Every other
// file is read between two looks. The clock must not be set back meanwhile.
// Threads: as InputSource. Source: runbook 3C; issue 3 section 1.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "publisher/hash/folder_walk.h"
#include "publisher/hash/input_source.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

class TreeSource : public InputSource {
 public:
  // `compat`: what the recipe would skip is listed, not an error. `recipe` must outlive the source.
  TreeSource(std::shared_ptr<const Folder> root, const Recipe& recipe, bool compat);
  TreeSource(const TreeSource&) = delete;
  TreeSource& operator=(const TreeSource&) = delete;

  Result<bool> Next(Input& input) override;
  std::vector<std::string> TakeSkipped() override;
  Result<std::optional<FileStamp>> Read(const Input& input, ByteSink& sink,
                                        std::vector<std::string>& skipped) override;
  std::optional<FileStamp> LookAt(const Input& input) override;

 private:
  Result<std::optional<FileStamp>> ReadSettled(int file, const Input& input, ByteSink& sink);

  std::shared_ptr<const Folder> root_;
  const Recipe& recipe_;
  const bool compat_;
  const std::int64_t started_ns_;          // since 1970
  const std::optional<dev_t> timed_here_;  // the file system that stamps with this machine's clock
  std::atomic<unsigned> unsettled_ = 0;    // files that one look was not enough for
  std::size_t next_ = 0;
  std::vector<std::string> skipped_;
  FolderWalk walk_;
  bool walking_ = false;
};

// The folder `root`, to start from. kNotFound, kDenied or kInvalid (not a folder), with its name.
Result<std::shared_ptr<const Folder>> OpenRoot(const std::string& root);

}  // namespace drydock::publisher
