#include "simulator/storage/stored_file.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/file.h"

namespace drydock::simulator {
namespace {

constexpr std::size_t kPieceBytes = 262'144;
constexpr std::uint64_t kSyncedAtOnce = std::uint64_t{8} << 20U;

Body OpenedBody(const std::string& path, std::uint64_t offset, std::uint64_t length) {
  Result<OwnedFile> file = OpenToRead(path);
  if (!file) {
    return FileBody(file.error(), path, offset, length);
  }
  return FileBody(std::make_shared<const OwnedFile>(std::move(*file)), path, offset, length);
}

class FileBlobWriter : public BlobWriter {
 public:
  FileBlobWriter(std::string path, std::shared_ptr<const FileChanges> changes)
      : path_(std::move(path)), changes_(std::move(changes)) {}
  ~FileBlobWriter() override {
    if (file_.open()) {
      static_cast<void>(changes_->Remove(path_));  // rubbish for the next start at worst
    }
  }
  FileBlobWriter(const FileBlobWriter&) = delete;
  FileBlobWriter& operator=(const FileBlobWriter&) = delete;

  void Reserve(std::uint64_t /*more*/) override {}

  Status Append(std::string_view piece) override {
    if (Status created = Begin(); !created) {
      return created;
    }
    Status written = changes_->Write(file_, path_, piece);
    size_ += written ? piece.size() : 0;
    if (size_ - syncing_ >= kSyncedAtOnce) {
      FileChanges::BeginSync(file_, syncing_, size_ - syncing_);
      syncing_ = size_;
    }
    return written;
  }

  Status Truncate(std::uint64_t size) override {
    Status cut = file_.open() ? changes_->Cut(file_, path_, size) : Status(Ok{});
    size_ = cut ? size : size_;
    syncing_ = std::min(syncing_, size_);
    return cut;
  }

  Body Read() const override { return size_ == 0 ? Body() : OpenedBody(path_, 0, size_); }

  Result<Blob> Take() override {
    Status kept = Begin();
    if (kept) {
      kept = changes_->Sync(file_, path_);
    }
    if (!kept) {
      return std::move(kept).error();
    }
    file_ = OwnedFile();
    return Blob(std::make_shared<const StoredFile>(path_, size_, changes_));
  }

 private:
  // Most sessions of clients that only ask never get a byte.
  Status Begin() {
    if (file_.open()) {
      return Ok{};
    }
    Result<OwnedFile> created = changes_->Create(path_);
    if (!created) {
      return std::move(created).error();
    }
    file_ = std::move(*created);
    return Ok{};
  }

  std::string path_;
  std::shared_ptr<const FileChanges> changes_;
  OwnedFile file_;
  std::uint64_t size_ = 0;
  std::uint64_t syncing_ = 0;  // up to here the kernel was asked to begin
};

}  // namespace

StoredFile::~StoredFile() {
  if (changes_ != nullptr) {
    static_cast<void>(changes_->Remove(path_));  // rubbish for the next start at worst
  }
}

Body StoredFile::Read(std::uint64_t offset, std::uint64_t length) const {
  return OpenedBody(path_, offset, length);
}

std::unique_ptr<BlobWriter> NewFileBlob(std::string path,
                                        std::shared_ptr<const FileChanges> changes) {
  return std::make_unique<FileBlobWriter>(std::move(path), std::move(changes));
}

Result<Blob> CopyBlob(Body bytes, std::unique_ptr<BlobWriter> writer) {
  std::vector<char> piece(kPieceBytes);
  while (true) {
    const Result<std::size_t> got = bytes.Read(piece);
    if (!got) {
      return got.error();
    }
    if (*got == 0) {
      return writer->Take();
    }
    if (Status written = writer->Append({piece.data(), *got}); !written) {
      return std::move(written).error();
    }
  }
}

}  // namespace drydock::simulator
