// Where the bytes of a recipe come from: a working tree, a commit, a tar stream. A source lists the
// inputs in the recipe's order and reads any of them; everything else (reading ahead, hashing,
// remembering) is the same for all.
// Threads: Next and TakeSkipped belong to one thread at a time; Read and LookAt to any number.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "publisher/hash/folder_walk.h"

namespace drydock::publisher {

struct Input {
  enum class Kind {
    kTreeFile,  // found in a tree: a plain file, links do not count
    kFile,      // named by the recipe: links are followed
    kLine,      // `text` itself
    kObject,    // `text` names an object of the source, `path` what it is for people
  };

  Kind kind = Kind::kTreeFile;
  WalkedFile file;        // kTreeFile, kFile
  std::string text;       // kLine, with its newline; kObject
  std::string path;       // kObject
  std::uint64_t tag = 0;  // kObject: the source's own, as is
  std::uint64_t size = 0;
};

// What the file system says about a file's content without giving it. `size` is what was read.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  // since 1970
  std::int64_t changed_ns = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// True when a change made at `since_ns` or later might leave this time stamp: clocks of file
// systems tick, some in seconds only. Times since 1970; git calls such stamps racy.
bool MightHideAChange(std::int64_t stamp_ns, std::int64_t since_ns);

// Takes bytes where they are to lie, so that they are copied once.
class ByteSink {
 public:
  virtual ~ByteSink() = default;

  // Where the next bytes go; never empty. kCancelled when nobody wants them any more.
  virtual Result<std::span<char>> Room() = 0;
  // The first `count` bytes of the room are filled.
  virtual void Filled(std::size_t count) = 0;
};

// Copies all of `bytes` into `sink`.
Status Pour(std::string_view bytes, ByteSink& sink);

class InputSource {
 public:
  virtual ~InputSource() = default;

  // The next input, into `input`; false at the end.
  virtual Result<bool> Next(Input& input) = 0;
  // What was left out since the last call, and why.
  virtual std::vector<std::string> TakeSkipped() = 0;

  // Gives the input's bytes to `sink`. nullopt: the recipe's cat could not read it, and it was left
  // out with a line in `skipped`. kNotFound: listed a moment ago, not there now. kDenied:
  // unreadable. kConflict: changed while it was read; some of its bytes are in the sink then.
  virtual Result<std::optional<FileStamp>> Read(const Input& input, ByteSink& sink,
                                                std::vector<std::string>& skipped) = 0;
  // The stamp alone, without reading; nullopt when there is none.
  virtual std::optional<FileStamp> LookAt(const Input& input) = 0;
  // True when coming by the bytes (unpacking them) takes longer than hashing them: worth a reader
  // on each processor.
  virtual bool IsCostly() const { return false; }
};

}  // namespace drydock::publisher
