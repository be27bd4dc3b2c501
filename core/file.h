// Open files, and bodies that are read from them.
// Threads: an OwnedFile that nobody writes to may be read from any number of threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/http.h"
#include "core/result.h"

namespace drydock {

// A file descriptor that is closed with its owner. Negative: none.
class OwnedFile {
 public:
  OwnedFile() = default;
  explicit OwnedFile(int descriptor) : descriptor_(descriptor) {}
  OwnedFile(OwnedFile&& other) noexcept;
  OwnedFile& operator=(OwnedFile&& other) noexcept;
  ~OwnedFile();

  bool open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// "PATH: cannot WHAT: No such file or directory", from errno; kNotFound if that is why.
Error FileError(std::string_view path, std::string_view what);
// All that is in the file. FileError when it cannot be read (a folder cannot); kInvalid when it is
// longer than `bytes_max`.
Result<std::string> ReadWholeFile(const std::string& path,
                                  std::uint64_t bytes_max = std::uint64_t{1} << 30);
// All of `bytes` at the file's position. An error leaves some of them behind.
Status WriteAll(const OwnedFile& file, const std::string& path, std::string_view bytes);
// Shortens the file to `size` and goes on from there.
Status CutFile(const OwnedFile& file, const std::string& path, std::uint64_t size);

// `length` bytes of `file` from `offset` on, which nobody may change meanwhile. kAmbiguous when it
// ends before; an error in place of a file ends the body at once. `path` is for messages.
Body FileBody(Result<std::shared_ptr<const OwnedFile>> file, std::string path, std::uint64_t offset,
              std::uint64_t length);

}  // namespace drydock
