// The inputs of a recipe in order, one by one, with trees taken apart into their files.
// Threads: one stream belongs to one thread at a time; what it hands out may be used by any.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "publisher/hash/folder_walk.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

struct Input {
  enum class Kind {
    kTreeFile,  // found by a walk: must be a plain file, links are not followed
    kFile,      // named by the recipe: links are followed
    kLine,      // `text` itself
  };

  Kind kind = Kind::kTreeFile;
  WalkedFile file;   // kTreeFile, kFile
  std::string text;  // kLine, with its newline
};

class InputStream {
 public:
  // `compat`: what the recipe would skip is listed in `skipped`, not an error. `recipe` must
  // outlive the stream.
  InputStream(std::shared_ptr<const Folder> root, const Recipe& recipe, bool compat);
  InputStream(const InputStream&) = delete;
  InputStream& operator=(const InputStream&) = delete;

  // The next input, into `input`; false at the end.
  Result<bool> Next(Input& input);
  // What was left out since the last call, and why.
  std::vector<std::string> TakeSkipped();

 private:
  std::shared_ptr<const Folder> root_;
  const Recipe& recipe_;
  std::size_t next_ = 0;
  std::vector<std::string> skipped_;
  FolderWalk walk_;
  bool walking_ = false;
};

// The folder `root`, to start from. kNotFound, kDenied or kInvalid (not a folder), with its name.
Result<std::shared_ptr<const Folder>> OpenRoot(const std::string& root);

}  // namespace drydock::publisher
