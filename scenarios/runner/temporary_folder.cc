#include "scenarios/runner/temporary_folder.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "core/text.h"

namespace drydock::scenarios {

namespace fs = std::filesystem;

Result<TemporaryFolder> TemporaryFolder::Make(std::string_view name) {
  std::error_code failure;
  const fs::path root = fs::temp_directory_path(failure);
  std::string path = (root / Concat({name, "-XXXXXX"})).string();
  if (failure || mkdtemp(path.data()) == nullptr) {
    return Error(ErrorCode::kUnavailable, Concat({name, ": no temporary folder can be made"}));
  }
  return TemporaryFolder(std::move(path));
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryFolder& TemporaryFolder::operator=(TemporaryFolder&& other) noexcept {
  if (this != &other) {
    Remove();
    path_ = std::exchange(other.path_, {});
  }
  return *this;
}

TemporaryFolder::~TemporaryFolder() { Remove(); }

void TemporaryFolder::Remove() {
  if (!path_.empty()) {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
}

}  // namespace drydock::scenarios
