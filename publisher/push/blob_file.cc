#include "publisher/push/blob_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kPieceBytes = 256u << 10;

}  // namespace

class BlobFile::Handle {
 public:
  Handle(int file, std::string path) : file_(file), path_(std::move(path)) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { ::close(file_); }

  // Fewer bytes than asked for only at the end of the file.
  Result<std::size_t> Read(std::span<char> into, std::uint64_t offset) const {
    std::size_t filled = 0;
    while (filled < into.size()) {
      const ssize_t size = ::pread(file_, into.data() + filled, into.size() - filled,
                                   static_cast<off_t>(offset + filled));
      if (size < 0 && errno == EINTR) {
        continue;
      }
      if (size < 0) {
        return Error(ErrorCode::kInvalid, Concat({path_, ": cannot be read"}));
      }
      if (size == 0) {
        break;
      }
      filled += static_cast<std::size_t>(size);
    }
    return filled;
  }
  const std::string& path() const { return path_; }

 private:
  int file_;
  std::string path_;
};

class BlobFile::Reader : public BodyReader {
 public:
  Reader(std::shared_ptr<const Handle> handle, std::uint64_t offset, std::uint64_t length)
      : handle_(std::move(handle)), offset_(offset), left_(length) {}

  Result<std::size_t> Read(std::span<char> into) override {
    auto size = handle_->Read(
        into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left_))), offset_);
    if (!size) {
      return size;
    }
    if (*size == 0 && left_ > 0) {
      return Error(ErrorCode::kInvalid, Concat({handle_->path(), ": became shorter"}));
    }
    offset_ += *size;
    left_ -= *size;
    return size;
  }

 private:
  std::shared_ptr<const Handle> handle_;
  std::uint64_t offset_;
  std::uint64_t left_;
};

Result<BlobFile> BlobFile::Open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return Error(ErrorCode::kNotFound, Concat({path, ": cannot be read"}));
  }
  return BlobFile(std::make_shared<const Handle>(file, path));
}

Status BlobFile::Check(const Digest& digest, std::uint64_t size) const {
  Hasher hasher(digest.algorithm());
  std::vector<char> piece(kPieceBytes);
  std::uint64_t offset = 0;
  while (true) {
    const auto read = handle_->Read(piece, offset);
    if (!read) {
      return read.error();
    }
    if (*read == 0) {
      break;
    }
    hasher.Update({piece.data(), *read});
    offset += *read;
  }
  const Digest actual = hasher.Finish();
  if (offset != size || actual != digest) {
    return Error(ErrorCode::kInvalid,
                 Concat({handle_->path(), ": ", std::to_string(offset), " bytes that hash to ",
                         actual.ToString(), ", expected ", std::to_string(size), " and ",
                         digest.ToString()}));
  }
  return Ok{};
}

Body BlobFile::Range(std::uint64_t offset, std::uint64_t length) const {
  return Body::FromReader(std::make_unique<Reader>(handle_, offset, length), length);
}

}  // namespace drydock::publisher
