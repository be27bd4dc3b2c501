// Blobs whose bytes are files: read on demand, written as they arrive, never held whole.
// Threads: a StoredFile is constant; a writer belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "simulator/registry/blob.h"
#include "simulator/storage/file_changes.h"

namespace drydock::simulator {

// The bytes of the file `path`, which nobody changes. With `changes` the name is this object's own
// and is removed with it: a reader that began keeps its bytes all the same.
class StoredFile : public BlobContent {
 public:
  StoredFile(std::string path, std::uint64_t size,
             std::shared_ptr<const FileChanges> changes = nullptr)
      : path_(std::move(path)), size_(size), changes_(std::move(changes)) {}
  ~StoredFile() override;
  StoredFile(const StoredFile&) = delete;
  StoredFile& operator=(const StoredFile&) = delete;

  const std::string& path() const { return path_; }
  bool own() const { return changes_ != nullptr; }
  std::uint64_t size() const override { return size_; }
  Body Read(std::uint64_t offset, std::uint64_t length) const override;

 private:
  std::string path_;
  std::uint64_t size_;
  std::shared_ptr<const FileChanges> changes_;
};

// Writes to the new file `path`; Take returns once its bytes are on the disk.
std::unique_ptr<BlobWriter> NewFileBlob(std::string path,
                                        std::shared_ptr<const FileChanges> changes);

// All of `bytes` through `writer`.
Result<Blob> CopyBlob(Body bytes, std::unique_ptr<BlobWriter> writer);

}  // namespace drydock::simulator
