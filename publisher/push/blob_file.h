// A blob on disk, read in pieces: as a request's body from any offset, and once to hash it.
// Threads: a BlobFile may be read from several threads; each body belongs to one. Source:
// incidents.md section 5, rule 8 (digests and sizes come from local bytes).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/digest.h"
#include "core/http.h"
#include "core/result.h"

namespace drydock::publisher {

class BlobFile {
 public:
  // kNotFound when it cannot be opened.
  static Result<BlobFile> Open(const std::string& path);

  // kInvalid unless the file has exactly `size` bytes that hash to `digest`.
  Status Check(const Digest& digest, std::uint64_t size) const;
  // `length` bytes from `offset` on. Reading fails when the file turns out shorter.
  Body Range(std::uint64_t offset, std::uint64_t length) const;

 private:
  class Handle;
  class Reader;
  explicit BlobFile(std::shared_ptr<const Handle> handle) : handle_(std::move(handle)) {}

  std::shared_ptr<const Handle> handle_;
};

}  // namespace drydock::publisher
