#include "publisher/hash/tree_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/clock.h"
#include "core/text.h"

namespace drydock::publisher {

namespace {

std::int64_t Nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileStamp StampOf(const struct stat& found) {
  FileStamp stamp;
  stamp.device = found.st_dev;
  stamp.inode = found.st_ino;
  stamp.size = static_cast<std::uint64_t>(found.st_size);
  stamp.modified_ns = Nanoseconds(found.st_mtim);
  stamp.changed_ns = Nanoseconds(found.st_ctim);
  return stamp;
}

// A name to open relative to the folder's descriptor, without a copy where there is no prefix.
class NameAt {
 public:
  explicit NameAt(const WalkedFile& file)
      : number_(file.folder->at->number()),
        joined_(file.folder->from_at.empty() ? std::string() : file.folder->from_at + file.name),
        name_(joined_.empty() ? file.name.c_str() : joined_.c_str()) {}
  NameAt(const NameAt&) = delete;
  NameAt& operator=(const NameAt&) = delete;

  int folder() const { return number_; }
  const char* name() const { return name_; }

 private:
  int number_;
  std::string joined_;
  const char* name_;
};

// True when the recipe's cat fails on this without stopping the recipe.
bool CatSkips(const Input& input, int failure) {
  if (input.kind == Input::Kind::kTreeFile) {
    return failure == EACCES;
  }
  return failure == ENOENT || failure == EACCES || failure == ENOTDIR || failure == ELOOP ||
         failure == ENAMETOOLONG || failure == EISDIR;
}

Error OpenError(const Input& input, int failure) {
  const std::string path = input.file.path();
  if (failure == EACCES || failure == EPERM) {
    return SystemError(failure, "unreadable file", path);
  }
  if (input.kind == Input::Kind::kTreeFile && failure == ENOENT) {
    return SystemError(failure, "vanished while the tree was read", path);
  }
  if (input.kind == Input::Kind::kTreeFile && failure == ELOOP) {
    return Error(ErrorCode::kConflict,
                 Concat({"hash: became a link while the tree was read: ", path}));
  }
  return SystemError(failure, failure == ENOENT ? "missing input" : "cannot open", path);
}

Error Changed(const Input& input) {
  return Error(ErrorCode::kConflict,
               Concat({"hash: changed while it was read: ", input.file.path()}));
}

Error ReadError(const Input& input) { return SystemError(errno, "cannot read", input.file.path()); }

Error LookError(const Input& input) {
  return SystemError(errno, "cannot look at", input.file.path());
}

// Reads up to `size` bytes, or to the end when `size` is 0 (files without a size, as in /proc);
// `poured` of them went before. What it returns includes them.
Result<std::uint64_t> PourFile(int file, std::uint64_t poured, std::uint64_t size,
                               const Input& input, ByteSink& sink) {
  while (size == 0 || poured < size) {
    auto room = sink.Room();
    if (!room) {
      return std::move(room).error();
    }
    std::size_t most = room->size();
    if (size != 0) {
      most = std::min<std::uint64_t>(most, size - poured);
    }
    const ssize_t got = ::read(file, room->data(), most);
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      return ReadError(input);
    }
    if (got == 0) {
      break;
    }
    sink.Filled(static_cast<std::size_t>(got));
    poured += static_cast<std::uint64_t>(got);
  }
  return poured;
}

// The file from after its first `poured` bytes on, which lie in the sink.
Result<FileStamp> ReadBetweenLooks(int file, std::uint64_t poured, const FileStamp& before,
                                   const Input& input, ByteSink& sink) {
  auto all = PourFile(file, poured, before.size, input, sink);
  if (!all) {
    return std::move(all).error();
  }
  struct stat after {};
  if (::fstat(file, &after) != 0) {
    return LookError(input);
  }
  if ((before.size != 0 && *all != before.size) || StampOf(after) != before) {
    return Changed(input);
  }
  return before;
}

// The file system of `folder`, unless another machine or a program gives the time stamps there.
std::optional<dev_t> TimedHere(int folder) {
  struct statfs system {};
  struct stat found {};
  if (::fstatfs(folder, &system) != 0 || ::fstat(folder, &found) != 0) {
    return std::nullopt;
  }
  constexpr std::array<std::uint32_t, 7> kElsewhere = {
      0x6969,      // NFS
      0x517B,      // SMB
      0xFF534D42,  // CIFS
      0xFE534D42,  // SMB 2
      0x65735546,  // FUSE
      0x01021997,  // 9P
      0x00C36400,  // Ceph
  };
  const auto type = static_cast<std::uint32_t>(system.f_type);
  return std::find(kElsewhere.begin(), kElsewhere.end(), type) == kElsewhere.end()
             ? std::optional(found.st_dev)
             : std::nullopt;
}

// When so many files changed as the source was made or later, more will have.
constexpr unsigned kUnsettledMost = 64;

}  // namespace

TreeSource::TreeSource(std::shared_ptr<const Folder> root, const Recipe& recipe, bool compat)
    : root_(std::move(root)),
      recipe_(recipe),
      compat_(compat),
      started_ns_(SystemClock().Now().time_since_epoch().count() * 1000),
      timed_here_(TimedHere(root_->at->number())),
      walk_(compat ? &skipped_ : nullptr) {}

Result<bool> TreeSource::Next(Input& input) {
  for (;;) {
    if (walking_) {
      auto more = walk_.Next(input.file);
      if (!more || *more) {
        input.kind = Input::Kind::kTreeFile;
        return more;
      }
      walking_ = false;
    }
    if (next_ == recipe_.inputs.size()) {
      return false;
    }
    const RecipeInput& part = recipe_.inputs[next_++];
    if (const auto* tree = std::get_if<TreeInput>(&part)) {
      if (Status opened = walk_.Open(root_, *tree); !opened) {
        return opened.error();
      }
      walking_ = true;
    } else if (const auto* file = std::get_if<FileInput>(&part)) {
      input.kind = Input::Kind::kFile;
      input.file = WalkedFile{root_, file->path};
      return true;
    } else {
      input.kind = Input::Kind::kLine;
      input.text = std::get<LineInput>(part).text + "\n";
      return true;
    }
  }
}

std::vector<std::string> TreeSource::TakeSkipped() { return std::exchange(skipped_, {}); }

Result<std::optional<FileStamp>> TreeSource::Read(const Input& input, ByteSink& sink,
                                                  std::vector<std::string>& skipped) {
  if (input.kind == Input::Kind::kLine) {
    if (Status poured = Pour(input.text, sink); !poured) {
      return std::move(poured).error();
    }
    FileStamp stamp;
    stamp.size = input.text.size();
    return std::optional(stamp);
  }
  const auto failed = [&](Error error, int failure) -> Result<std::optional<FileStamp>> {
    if (!compat_ || !CatSkips(input, failure)) {
      return error;
    }
    skipped.push_back(error.message());
    return std::optional<FileStamp>();
  };
  const NameAt at(input.file);
  const int follow = input.kind == Input::Kind::kTreeFile ? O_NOFOLLOW : 0;
  const int number =
      ::openat(at.folder(), at.name(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | follow);
  if (number < 0) {
    const int failure = errno;
    return failed(OpenError(input, failure), failure);
  }
  const Descriptor file(number);
  if (input.kind == Input::Kind::kTreeFile && timed_here_ && unsettled_ < kUnsettledMost) {
    auto stamp = ReadSettled(number, input, sink);
    if (!stamp || *stamp) {
      return stamp;
    }
    ++unsettled_;
    ::lseek(number, 0, SEEK_SET);
  }
  struct stat found {};
  if (::fstat(number, &found) != 0) {
    return LookError(input);
  }
  if (S_ISDIR(found.st_mode)) {
    return failed(Error(ErrorCode::kInvalid,
                        Concat({"hash: a folder where a file is expected: ", input.file.path()})),
                  EISDIR);
  }
  if (!S_ISREG(found.st_mode)) {
    return Error(ErrorCode::kInvalid, Concat({"hash: not a plain file: ", input.file.path()}));
  }
  auto stamp = ReadBetweenLooks(number, 0, StampOf(found), input, sink);
  if (!stamp) {
    return std::move(stamp).error();
  }
  return std::optional(*stamp);
}

// nullopt, with nothing in the sink, when one look does not tell that the file is settled.
Result<std::optional<FileStamp>> TreeSource::ReadSettled(int file, const Input& input,
                                                         ByteSink& sink) {
  auto room = sink.Room();
  if (!room) {
    return std::move(room).error();
  }
  const ssize_t got = ::read(file, room->data(), room->size());
  struct stat found {};
  if (got < 0 || ::fstat(file, &found) != 0 || !S_ISREG(found.st_mode)) {
    return std::optional<FileStamp>();
  }
  const FileStamp stamp = StampOf(found);
  const auto count = static_cast<std::size_t>(got);
  const bool all = count == stamp.size;
  if (stamp.device != *timed_here_ || MightHideAChange(stamp.changed_ns, started_ns_) ||
      count > stamp.size || (!all && count < room->size())) {
    return std::optional<FileStamp>();
  }
  if (count > 0) {
    sink.Filled(count);
  }
  if (all) {
    return std::optional(stamp);
  }
  auto rest = ReadBetweenLooks(file, count, stamp, input, sink);
  if (!rest) {
    return std::move(rest).error();
  }
  return std::optional(*rest);
}

std::optional<FileStamp> TreeSource::LookAt(const Input& input) {
  if (input.kind == Input::Kind::kLine) {
    FileStamp stamp;
    stamp.size = input.text.size();
    return stamp;
  }
  const NameAt at(input.file);
  struct stat found {};
  const int follow = input.kind == Input::Kind::kTreeFile ? AT_SYMLINK_NOFOLLOW : 0;
  if (::fstatat(at.folder(), at.name(), &found, follow) != 0 || !S_ISREG(found.st_mode)) {
    return std::nullopt;
  }
  return StampOf(found);
}

Result<std::shared_ptr<const Folder>> OpenRoot(const std::string& root) {
  const int number = ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (number < 0) {
    const int failure = errno;
    return SystemError(failure,
                       failure == ENOENT    ? "no such folder"
                       : failure == ENOTDIR ? "a file where a folder is expected"
                                            : "cannot open folder",
                       root);
  }
  auto folder = std::make_shared<Folder>();
  folder->at = std::make_shared<const Descriptor>(number);
  return std::shared_ptr<const Folder>(std::move(folder));
}

}  // namespace drydock::publisher
