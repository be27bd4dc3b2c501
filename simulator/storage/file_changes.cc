#include "simulator/storage/file_changes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/text.h"

namespace drydock::simulator {

Result<OwnedFile> OpenToRead(const std::string& path) {
  OwnedFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file.open() ? Result<OwnedFile>(std::move(file))
                     : Result<OwnedFile>(FileError(path, "read"));
}

Result<std::string> ReadWholeFile(const std::string& path, std::uint64_t bytes_max) {
  const Result<OwnedFile> file = OpenToRead(path);
  if (!file) {
    return file.error();
  }
  std::string text;
  std::array<char, 16384> piece{};
  while (true) {
    const ssize_t got = ::read(file->descriptor(), piece.data(), piece.size());
    if (got < 0 && errno != EINTR) {
      return FileError(path, "read");
    }
    if (got == 0) {
      return text;
    }
    text.append(piece.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    if (text.size() > bytes_max) {
      return Error(ErrorCode::kInvalid, Concat({path, ": longer than the ",
                                                std::to_string(bytes_max), " bytes expected"}));
    }
  }
}

Status FileChanges::Ask(std::string_view operation, const std::string& path) const {
  return before_ ? before_(operation, path) : Status(Ok{});
}

Result<OwnedFile> FileChanges::Create(const std::string& path) const {
  if (Status may = Ask("create", path); !may) {
    return std::move(may).error();
  }
  OwnedFile file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  return file.open() ? Result<OwnedFile>(std::move(file))
                     : Result<OwnedFile>(FileError(path, "create"));
}

Status FileChanges::Write(const OwnedFile& file, const std::string& path,
                          std::string_view bytes) const {
  if (Status may = Ask("write", path); !may) {
    return may;
  }
  return WriteAll(file, path, bytes);
}

Status FileChanges::Cut(const OwnedFile& file, const std::string& path, std::uint64_t size) const {
  if (Status may = Ask("cut", path); !may) {
    return may;
  }
  return CutFile(file, path, size);
}

void FileChanges::BeginSync(const OwnedFile& file, std::uint64_t offset, std::uint64_t length) {
  ::sync_file_range(file.descriptor(), static_cast<off_t>(offset), static_cast<off_t>(length),
                    SYNC_FILE_RANGE_WRITE);
}

Status FileChanges::Sync(const OwnedFile& file, const std::string& path) const {
  if (Status may = Ask("sync", path); !may) {
    return may;
  }
  return ::fdatasync(file.descriptor()) == 0 ? Status(Ok{}) : FileError(path, "sync");
}

Status FileChanges::SyncFolder(const std::string& path) const {
  if (Status may = Ask("sync-folder", path); !may) {
    return may;
  }
  const OwnedFile folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const bool synced = folder.open() && ::fsync(folder.descriptor()) == 0;
  return synced ? Status(Ok{}) : FileError(path, "sync");
}

Result<bool> FileChanges::MakeFolder(const std::string& path) const {
  if (Status may = Ask("make-folder", path); !may) {
    return std::move(may).error();
  }
  if (::mkdir(path.c_str(), 0755) == 0) {
    return true;
  }
  return errno == EEXIST ? Result<bool>(false) : FileError(path, "make");
}

Status FileChanges::Link(const std::string& from, const std::string& to) const {
  if (Status may = Ask("link", to); !may) {
    return may;
  }
  return ::link(from.c_str(), to.c_str()) == 0 || errno == EEXIST ? Status(Ok{})
                                                                  : FileError(to, "link");
}

Status FileChanges::Rename(const std::string& from, const std::string& to) const {
  if (Status may = Ask("rename", to); !may) {
    return may;
  }
  return std::rename(from.c_str(), to.c_str()) == 0 ? Status(Ok{}) : FileError(to, "replace");
}

Status FileChanges::Remove(const std::string& path) const {
  if (Status may = Ask("remove", path); !may) {
    return may;
  }
  return ::unlink(path.c_str()) == 0 || errno == ENOENT ? Status(Ok{}) : FileError(path, "remove");
}

}  // namespace drydock::simulator
