// A folder that is gone with the test. Threads: one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace drydock::testing {

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string At(std::string_view name) const { return (path_ / name).string(); }
  // Writes a file, with the folders above it, and gives its path.
  std::string Write(std::string_view name, std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

// "" when it cannot be read.
std::string ReadFile(const std::filesystem::path& path);

}  // namespace drydock::testing
