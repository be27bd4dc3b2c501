#include "publisher/build/scratch_folder.h"

#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX

#include <system_error>

namespace drydock::publisher {

ScratchFolder::ScratchFolder() {
  std::error_code error;
  std::string name =
      (std::filesystem::temp_directory_path(error) / "drydock-build-XXXXXX").string();
  if (::mkdtemp(name.data()) != nullptr) {
    path_ = name;
  }
}

ScratchFolder::~ScratchFolder() {
  if (made()) {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
}

std::string ScratchFolder::At(std::string_view name) const {
  return made() ? (path_ / name).string() : std::string();
}

}  // namespace drydock::publisher
