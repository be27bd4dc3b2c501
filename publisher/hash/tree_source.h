// A project's working tree as the source of a hash.
// Threads: as InputSource. Source: runbook 3C; issue 3 section 1.
#pragma once

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
  std::shared_ptr<const Folder> root_;
  const Recipe& recipe_;
  const bool compat_;
  std::size_t next_ = 0;
  std::vector<std::string> skipped_;
  FolderWalk walk_;
  bool walking_ = false;
};

// The folder `root`, to start from. kNotFound, kDenied or kInvalid (not a folder), with its name.
Result<std::shared_ptr<const Folder>> OpenRoot(const std::string& root);

}  // namespace drydock::publisher
