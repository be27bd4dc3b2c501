#include "publisher/hash/input_stream.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "core/text.h"

namespace drydock::publisher {

InputStream::InputStream(std::shared_ptr<const Folder> root, const Recipe& recipe, bool compat)
    : root_(std::move(root)), recipe_(recipe), walk_(compat ? &skipped_ : nullptr) {}

Result<bool> InputStream::Next(Input& input) {
  for (;;) {
    if (walking_) {
      auto more = walk_.Next(input.file);
      if (!more || *more) {
        input.kind = Input::Kind::kTreeFile;
        return more;
      }
      walking_ = false;
    }
    if (next_ == recipe_.inputs.size()) {
      return false;
    }
    const RecipeInput& part = recipe_.inputs[next_++];
    if (const auto* tree = std::get_if<TreeInput>(&part)) {
      if (Status opened = walk_.Open(root_, *tree); !opened) {
        return opened.error();
      }
      walking_ = true;
    } else if (const auto* file = std::get_if<FileInput>(&part)) {
      input.kind = Input::Kind::kFile;
      input.file = WalkedFile{root_, file->path};
      return true;
    } else {
      input.kind = Input::Kind::kLine;
      input.text = std::get<LineInput>(part).text + "\n";
      return true;
    }
  }
}

std::vector<std::string> InputStream::TakeSkipped() { return std::exchange(skipped_, {}); }

Result<std::shared_ptr<const Folder>> OpenRoot(const std::string& root) {
  const int number = ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (number < 0) {
    const int failure = errno;
    return SystemError(failure,
                       failure == ENOENT    ? "no such folder"
                       : failure == ENOTDIR ? "a file where a folder is expected"
                                            : "cannot open folder",
                       root);
  }
  auto folder = std::make_shared<Folder>();
  folder->at = std::make_shared<const Descriptor>(number);
  return std::shared_ptr<const Folder>(std::move(folder));
}

}  // namespace drydock::publisher
