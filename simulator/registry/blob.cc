#include "simulator/registry/blob.h"

#include <algorithm>

#include "simulator/registry/memory_budget.h"

namespace drydock::simulator {
namespace {

constexpr std::uint64_t kReserveMax = std::uint64_t{64} << 20;

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

class MemoryBlobWriter : public BlobWriter {
 public:
  explicit MemoryBlobWriter(std::shared_ptr<MemoryBudget> budget) : share_(std::move(budget)) {}

  void Reserve(std::uint64_t more) override {
    bytes_.reserve(bytes_.size() + std::min(more, kReserveMax));
  }
  Status Append(std::string_view piece) override {
    Status granted = share_.Grow(piece.size());
    if (granted) {
      bytes_.append(piece);
    }
    return granted;
  }
  Status Truncate(std::uint64_t size) override {
    share_.Shrink(bytes_.size() - size);
    bytes_.resize(size);
    return Ok{};
  }
  Body Read() const override { return Body::FromString(bytes_); }
  Result<Blob> Take() override {
    if (Status granted = share_.Grow(MemoryShare::kOverhead); !granted) {
      return std::move(granted).error();
    }
    return Blob(HoldBytes(std::exchange(bytes_, {}), std::move(share_)));
  }

 private:
  std::string bytes_;
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
