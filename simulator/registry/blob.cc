#include "simulator/registry/blob.h"

#include <sys/mman.h>

#include <algorithm>

#include "core/file.h"
#include "simulator/registry/memory_budget.h"

namespace drydock::simulator {
namespace {

constexpr std::uint64_t kStringBytesMax = std::uint64_t{16} << 20;
constexpr char kMemoryFile[] = "memory";  // in messages

class MemoryContent : public BlobContent {
 public:
  explicit MemoryContent(Bytes bytes) : bytes_(std::move(bytes)) {}

  std::uint64_t size() const override { return bytes_->size(); }
  Body Read(std::uint64_t offset, std::uint64_t length) const override {
    return Body::FromShared(bytes_, offset, length);
  }

 private:
  Bytes bytes_;
};

// Bytes in a file without a name, that is in memory: it grows without being copied, and goes to a
// socket without passing through this process.
class MemoryFileContent : public BlobContent {
 public:
  MemoryFileContent(std::shared_ptr<const OwnedFile> file, std::uint64_t size, MemoryShare share)
      : file_(std::move(file)), size_(size), share_(std::move(share)) {}

  std::uint64_t size() const override { return size_; }
  Body Read(std::uint64_t offset, std::uint64_t length) const override {
    return FileBody(file_, kMemoryFile, offset, length);
  }

 private:
  std::shared_ptr<const OwnedFile> file_;
  std::uint64_t size_;
  MemoryShare share_;
};

class MemoryBlobWriter : public BlobWriter {
 public:
  explicit MemoryBlobWriter(std::shared_ptr<MemoryBudget> budget) : share_(std::move(budget)) {}

  void Reserve(std::uint64_t more) override {
    if (file_ == nullptr) {
      bytes_.reserve(bytes_.size() + std::min(more, kStringBytesMax));
    }
  }
  Status Append(std::string_view piece) override {
    if (file_ == nullptr && bytes_.size() + piece.size() > kStringBytesMax) {
      if (Status moved = MoveToFile(); !moved) {
        return moved;
      }
    }
    Status done = share_.Grow(piece.size());
    if (done && file_ != nullptr) {
      done = WriteAll(*file_, kMemoryFile, piece);
      size_ += done ? piece.size() : 0;
    } else if (done) {
      bytes_.append(piece);
    }
    return done;
  }
  Status Truncate(std::uint64_t size) override {
    if (file_ == nullptr) {
      share_.Shrink(bytes_.size() - size);
      bytes_.resize(size);
      return Ok{};
    }
    Status cut = CutFile(*file_, kMemoryFile, size);
    if (cut) {
      share_.Shrink(size_ - size);
      size_ = size;
    }
    return cut;
  }
  Body Read() const override {
    return file_ == nullptr ? Body::FromString(bytes_) : FileBody(file_, kMemoryFile, 0, size_);
  }
  Result<Blob> Take() override {
    if (Status granted = share_.Grow(MemoryShare::kOverhead); !granted) {
      return std::move(granted).error();
    }
    if (file_ != nullptr) {
      return Blob(
          std::make_shared<const MemoryFileContent>(std::move(file_), size_, std::move(share_)));
    }
    return Blob(HoldBytes(std::exchange(bytes_, {}), std::move(share_)));
  }

 private:
  // Stays in the string where there are no such files.
  Status MoveToFile() {
    OwnedFile file(::memfd_create("drydock blob", MFD_CLOEXEC));
    if (!file.open()) {
      return Ok{};
    }
    if (Status written = WriteAll(file, kMemoryFile, bytes_); !written) {
      return written;
    }
    size_ = bytes_.size();
    bytes_ = {};
    file_ = std::make_shared<const OwnedFile>(std::move(file));
    return Ok{};
  }

  std::string bytes_;
  std::shared_ptr<const OwnedFile> file_;
  std::uint64_t size_ = 0;  // of the file
  MemoryShare share_;
};

}  // namespace

Blob::Blob(Bytes bytes) : content_(std::make_shared<const MemoryContent>(std::move(bytes))) {}

Body Blob::Read(std::uint64_t offset, std::uint64_t length) const {
  const std::uint64_t start = std::min(offset, size());
  const std::uint64_t count = std::min(length, size() - start);
  return count == 0 ? Body() : content_->Read(start, count);
}

std::unique_ptr<BlobWriter> NewMemoryBlob(std::shared_ptr<MemoryBudget> budget) {
  return std::make_unique<MemoryBlobWriter>(std::move(budget));
}

}  // namespace drydock::simulator
