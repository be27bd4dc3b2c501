#include "core/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/text.h"

namespace drydock {
namespace {

class FileReader : public BodyReader {
 public:
  FileReader(Result<std::shared_ptr<const OwnedFile>> file, std::string path, std::uint64_t offset,
             std::uint64_t length)
      : file_(std::move(file)), path_(std::move(path)), offset_(offset), rest_(length) {}

  Result<std::size_t> Read(std::span<char> into) override {
    if (!file_) {
      return file_.error();
    }
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), rest_));
    if (wanted == 0) {
      return std::size_t{0};
    }
    const ssize_t got =
        ::pread((*file_)->descriptor(), into.data(), wanted, static_cast<off_t>(offset_));
    if (got < 0) {
      return FileError(path_, "read");
    }
    if (got == 0) {
      return Error(ErrorCode::kAmbiguous,
                   Concat({path_, ": ends ", std::to_string(rest_), " bytes too early"}));
    }
    offset_ += static_cast<std::uint64_t>(got);
    rest_ -= static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }

  Status WriteTo(BodySink& sink) override {
    while (file_ && rest_ > 0) {
      const Result<std::uint64_t> sent = sink.WriteFile((*file_)->descriptor(), offset_, rest_);
      if (!sent) {
        return sent.error();
      }
      if (*sent == 0) {
        break;  // ends too early, or is no file that can be sent: reading tells
      }
      offset_ += *sent;
      rest_ -= *sent;
    }
    return BodyReader::WriteTo(sink);
  }

 private:
  Result<std::shared_ptr<const OwnedFile>> file_;
  std::string path_;
  std::uint64_t offset_;
  std::uint64_t rest_;
};

}  // namespace

OwnedFile::OwnedFile(OwnedFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

OwnedFile& OwnedFile::operator=(OwnedFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

OwnedFile::~OwnedFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

Error FileError(std::string_view path, std::string_view what) {
  const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable;
  return Error(code, Concat({path, ": cannot ", what, ": ", std::strerror(errno)}));
}

Result<std::string> ReadWholeFile(const std::string& path, std::uint64_t bytes_max) {
  constexpr std::size_t kPieceBytes = 64u << 10;
  const OwnedFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) {
    return FileError(path, "be read");
  }
  std::string text;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + kPieceBytes);
    const ssize_t got = ::read(file.descriptor(), text.data() + before, kPieceBytes);
    if (got < 0 && errno != EINTR) {
      return FileError(path, "be read");
    }
    text.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (text.size() > bytes_max) {
      return Error(ErrorCode::kInvalid,
                   Concat({path, ": too long (expected at most ", HumanBytes(bytes_max), ")"}));
    }
    if (got == 0) {
      return text;
    }
  }
}

Status WriteAll(const OwnedFile& file, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.descriptor(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return FileError(path, "write");
    }
    bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return Ok{};
}

Status CutFile(const OwnedFile& file, const std::string& path, std::uint64_t size) {
  const auto end = static_cast<off_t>(size);
  if (::ftruncate(file.descriptor(), end) != 0 || ::lseek(file.descriptor(), end, SEEK_SET) < 0) {
    return FileError(path, "shorten");
  }
  return Ok{};
}

Body FileBody(Result<std::shared_ptr<const OwnedFile>> file, std::string path, std::uint64_t offset,
              std::uint64_t length) {
  return Body::FromReader(
      std::make_unique<FileReader>(std::move(file), std::move(path), offset, length), length);
}

}  // namespace drydock
