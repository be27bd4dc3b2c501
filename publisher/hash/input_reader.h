// Reads one input, and notices when it is not what it was a moment ago.
// Threads: pure but for the file system. Source: issue 3 sections 1 and 2.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/result.h"
#include "publisher/hash/input_stream.h"

namespace drydock::publisher {

// What the file system says about a file's content without giving it.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  // since 1970
  std::int64_t changed_ns = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

FileStamp StampOf(const struct stat& found);

// Takes bytes where they are to lie, so that they are copied once.
class ByteSink {
 public:
  virtual ~ByteSink() = default;

  // Where the next bytes go; never empty. kCancelled when nobody wants them any more.
  virtual Result<std::span<char>> Room() = 0;
  // The first `count` bytes of the room are filled.
  virtual void Filled(std::size_t count) = 0;
};

// Gives `input`'s bytes to `sink`. In `compat`, an input the recipe's cat could not read ends as
// nullopt with one line in `skipped`. kNotFound: listed a moment ago, not there now. kDenied:
// unreadable. kConflict: changed while it was read; some of its bytes are in the sink then.
Result<std::optional<FileStamp>> ReadInput(const Input& input, bool compat, ByteSink& sink,
                                           std::vector<std::string>& skipped);

// The stamp alone, without opening; nullopt when there is none (a line, or the file is gone).
std::optional<FileStamp> LookAt(const Input& input);

// Appends what makes `input` with this stamp the same input in another run.
void AppendIdentity(const Input& input, const FileStamp& stamp, std::string& into);

}  // namespace drydock::publisher
