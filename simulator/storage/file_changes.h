// Every change to the files of a store on disk: one function an operation, so that a test can stand
// between any two of them and let the next one fail, as a full disk or a killed process does.
// Threads: any. Source: docs/adr/0021-store-on-disk.md.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/file.h"
#include "core/result.h"

namespace drydock::simulator {

// For reading; the error says so.
Result<OwnedFile> OpenToRead(const std::string& path);
// A file small enough to be held.
Result<std::string> ReadWholeFile(const std::string& path, std::uint64_t bytes_max);

class FileChanges {
 public:
  // Asked before each operation ("write", "sync", "link", …) on a path; an error is given instead
  // of doing it.
  using Before = std::function<Status(std::string_view operation, const std::string& path)>;

  explicit FileChanges(Before before = {}) : before_(std::move(before)) {}

  // A new, empty file, for reading and writing.
  Result<OwnedFile> Create(const std::string& path) const;
  Status Write(const OwnedFile& file, const std::string& path, std::string_view bytes) const;
  Status Cut(const OwnedFile& file, const std::string& path, std::uint64_t size) const;
  // Asks the kernel to begin with what Sync will wait for. A hint: it never fails.
  static void BeginSync(const OwnedFile& file, std::uint64_t offset, std::uint64_t length);
  // The content reaches the disk.
  Status Sync(const OwnedFile& file, const std::string& path) const;
  // The names in a folder reach the disk.
  Status SyncFolder(const std::string& path) const;
  // True when it was not there before.
  Result<bool> MakeFolder(const std::string& path) const;
  // One that is there already is left alone.
  Status Link(const std::string& from, const std::string& to) const;
  Status Rename(const std::string& from, const std::string& to) const;
  // One that is gone already is as good.
  Status Remove(const std::string& path) const;

 private:
  Status Ask(std::string_view operation, const std::string& path) const;

  Before before_;
};

}  // namespace drydock::simulator
