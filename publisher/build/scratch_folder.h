// A folder of a build's own below the system's temporary folder, removed with all that is in it.
// Threads: belongs to one thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace drydock::publisher {

class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  bool made() const { return !path_.empty(); }
  // Of a file in it; "" when the folder could not be made.
  std::string At(std::string_view name) const;

 private:
  std::filesystem::path path_;
};

}  // namespace drydock::publisher
