// A blob as a value: its size and its bytes on demand, wherever they lie. In memory here; in files
// in simulator/storage. Copies share the bytes.
// Threads: a Blob's bytes never change, any number of threads may read them; a writer belongs to
// one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/http.h"
#include "core/result.h"

namespace drydock::simulator {

using Bytes = std::shared_ptr<const std::string>;

// Where the bytes of a blob lie. They are there as long as this is.
class BlobContent {
 public:
  virtual ~BlobContent() = default;
  virtual std::uint64_t size() const = 0;
  // `offset` + `length` is within size(). The body may outlive the content. Bytes that can no
  // longer be had end the body with an error.
  virtual Body Read(std::uint64_t offset, std::uint64_t length) const = 0;
};

class Blob {
 public:
  Blob() = default;  // no blob
  explicit Blob(Bytes bytes);
  explicit Blob(std::shared_ptr<const BlobContent> content) : content_(std::move(content)) {}

  explicit operator bool() const { return content_ != nullptr; }
  std::uint64_t size() const { return content_ == nullptr ? 0 : content_->size(); }
  // From `offset`, `length` bytes, clamped to what is there.
  Body Read(std::uint64_t offset = 0,
            std::uint64_t length = std::numeric_limits<std::uint64_t>::max()) const;
  const std::shared_ptr<const BlobContent>& content() const { return content_; }

  // The same copy of the bytes; equal bytes in two places differ.
  friend bool operator==(const Blob&, const Blob&) = default;
  friend bool operator==(const Blob& blob, std::nullptr_t) { return blob.content_ == nullptr; }

 private:
  std::shared_ptr<const BlobContent> content_;
};

// A blob on its way in. Dropped before Take, it leaves nothing.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  // Sets room aside for `more` bytes, within reason: the number is the peer's word only.
  virtual void Reserve(std::uint64_t more) = 0;
  // An error (no room left) leaves the bytes so far or some of the piece besides; Truncate mends.
  virtual Status Append(std::string_view piece) = 0;
  // Forgets everything from `size` on, which is at most what is there.
  virtual Status Truncate(std::uint64_t size) = 0;
  // What is there so far.
  virtual Body Read() const = 0;
  // The blob, without a copy of its bytes. Nothing is to be called afterwards.
  virtual Result<Blob> Take() = 0;
};

class MemoryBudget;

// With a budget, Append is kDenied when that has no more, and so may Take be.
std::unique_ptr<BlobWriter> NewMemoryBlob(std::shared_ptr<MemoryBudget> budget = nullptr);

}  // namespace drydock::simulator
