// Lists the members of a tar archive: POSIX ustar and pax, and GNU's long names. What would be
// misread is an error that names the member: sparse files, damaged headers, a truncated end.
// Threads: one reader belongs to one thread. Source: POSIX.1-2017 pax, "ustar Interchange Format";
// GNU tar manual, "Basic Tar Format"; OCI image-spec layer.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/result.h"

namespace drydock {

struct TarMember {
  enum class Kind { kFile, kFolder, kLink, kHardLink, kOther };

  Kind kind = Kind::kFile;
  std::string path;          // without "./" at its start and "/" at its end; "" is the root itself
  std::string target;        // of links; of hard links, normalised as `path`
  std::uint64_t offset = 0;  // of the content, in the archive
  std::uint64_t size = 0;
};

class TarReader {
 public:
  // `file` must be seekable and outlive the reader; `name` is for messages.
  TarReader(int file, std::string name) : file_(file), name_(std::move(name)) {}

  // The next member; false at the end of the archive. kInvalid: no tar archive, or damaged.
  Result<bool> Next(TarMember& member);

 private:
  using Records = std::map<std::string, std::string, std::less<>>;

  Result<bool> ReadHeader(std::string& header);
  Result<std::string> ReadContent(std::uint64_t size);
  Status ReadRecords(std::uint64_t size, Records& into);
  // A pax header ('x', 'g') or a GNU long name ('L', 'K'): what it says about members to come.
  Status ReadExtension(char type, std::uint64_t size, Records& records);
  Error Damaged(std::string_view what) const;

  int file_;
  std::string name_;
  std::uint64_t position_ = 0;  // of the next header
  Records global_;              // pax records for all that follows
};

}  // namespace drydock
