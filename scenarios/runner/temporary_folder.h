// A folder of our own under the system's temporary folder, gone with everything in it when the
// value goes. Threads: one TemporaryFolder belongs to one thread.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace drydock::scenarios {

class TemporaryFolder {
 public:
  // kUnavailable when none can be made. `name` tells people whose it is: "drydock-project".
  static Result<TemporaryFolder> Make(std::string_view name);

  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept;
  ~TemporaryFolder();

  const std::string& path() const { return path_; }  // absolute; never enters a journal

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  void Remove();

  std::string path_;
};

}  // namespace drydock::scenarios
