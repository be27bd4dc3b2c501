#include "publisher/hash/folder_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <limits>
#include <utility>

#include "core/text.h"

namespace drydock::publisher {
namespace {

// Folders up to here hold a descriptor each; those below are opened from the last of these.
constexpr std::size_t kOpenDepth = 96;
constexpr std::size_t kListingBytes = 64 << 10;

std::string JoinPath(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : Concat({folder, "/", name});
}

std::uint64_t Head(std::string_view name) {
  std::uint64_t head = 0;
  for (std::size_t at = 0; at < sizeof head; ++at) {
    head = head << 8 | (at < name.size() ? static_cast<unsigned char>(name[at]) : 0);
  }
  return head;
}

}  // namespace

Descriptor::~Descriptor() { ::close(number_); }

Error SystemError(int number, std::string_view what, std::string_view path) {
  ErrorCode code = ErrorCode::kUnavailable;
  if (number == ENOENT) {
    code = ErrorCode::kNotFound;
  } else if (number == EACCES || number == EPERM) {
    code = ErrorCode::kDenied;
  } else if (number == ENAMETOOLONG || number == ELOOP || number == ENOTDIR || number == EISDIR) {
    code = ErrorCode::kInvalid;
  }
  return Error(code, Concat({"hash: ", what, ": ", path, " (", std::strerror(number), ")"}));
}

std::string WalkedFile::path() const { return JoinPath(folder->path, name); }

Status FolderWalk::Skip(Error error) {
  if (skipped_ == nullptr) {
    return error;
  }
  skipped_->push_back(error.message());
  return Ok();
}

bool FolderWalk::Excluded(std::string_view name) const {
  return std::any_of(tree_.excluded_files.begin(), tree_.excluded_files.end(),
                     [&](const std::string& glob) { return GlobMatches(glob, name); });
}

Status FolderWalk::Open(const std::shared_ptr<const Folder>& root, const TreeInput& tree) {
  tree_ = tree;
  levels_.clear();
  single_.reset();
  struct stat found {};
  if (::fstatat(root->at->number(), tree.path.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    const int number = errno;
    return Skip(
        SystemError(number, number == ENOENT ? "missing input" : "cannot look at", tree.path));
  }
  if (S_ISLNK(found.st_mode)) {
    return Skip(
        Error(ErrorCode::kInvalid,
              Concat({"hash: the tree is a link, which find does not follow: ", tree.path})));
  }
  if (S_ISREG(found.st_mode)) {
    if (skipped_ == nullptr) {
      return Error(ErrorCode::kInvalid,
                   Concat({"hash: a file where a folder is expected: ", tree.path}));
    }
    // find lists it, and cat reads it: nothing is skipped, it is only not what anyone meant.
    if (!Excluded(tree.path.substr(tree.path.rfind('/') + 1))) {
      single_ = std::make_unique<WalkedFile>(WalkedFile{root, tree.path});
    }
    return Ok();
  }
  if (!S_ISDIR(found.st_mode)) {
    return Skip(Error(ErrorCode::kInvalid, Concat({"hash: not a folder: ", tree.path})));
  }
  return Enter(root, tree.path);
}

Status FolderWalk::Enter(const std::shared_ptr<const Folder>& parent, std::string_view name) {
  Level level;
  Folder folder;
  folder.path = JoinPath(parent->path, name);
  if (folder.path.size() + 2 > PATH_MAX) {  // no file in it has a path that cat could open
    return Skip(SystemError(ENAMETOOLONG, "path too long for the recipe's cat", folder.path));
  }
  const std::string from_at = Concat({parent->from_at, name});
  const int number = ::openat(parent->at->number(), from_at.c_str(),
                              O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (number < 0) {
    const int failure = errno;
    if (failure == EACCES) {
      return Skip(SystemError(failure, "unreadable folder", folder.path));
    }
    return SystemError(
        failure, failure == ENOENT ? "vanished while the tree was read" : "cannot open folder",
        folder.path);
  }
  auto opened = std::make_shared<const Descriptor>(number);
  struct stat found {};
  if (::fstat(number, &found) != 0) {
    return SystemError(errno, "cannot look at", folder.path);
  }
  level.device = found.st_dev;
  level.inode = found.st_ino;
  for (const Level& above : levels_) {
    if (above.device == level.device && above.inode == level.inode) {
      return Skip(Error(ErrorCode::kInvalid,
                        Concat({"hash: file system loop detected: ", folder.path,
                                " is part of the same file system loop as ", above.folder->path})));
    }
  }
  if (Status read = ReadNames(number, level); !read) {
    return read.error().At(folder.path);
  }
  if (levels_.size() < kOpenDepth) {
    folder.at = std::move(opened);
  } else {
    folder.at = parent->at;
    folder.from_at = from_at + "/";
  }
  level.folder = std::make_shared<const Folder>(std::move(folder));
  levels_.push_back(std::move(level));
  return Ok();
}

Status FolderWalk::ReadNames(int folder, Level& level) {
  alignas(dirent64) char listing[kListingBytes];
  for (;;) {
    const ssize_t size = ::getdents64(folder, listing, sizeof listing);
    if (size < 0) {
      return SystemError(errno, "cannot list", "folder");
    }
    if (size == 0) {
      break;
    }
    for (ssize_t at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(listing + at);
      at += entry->d_reclen;
      if (Status added = AddName(folder, entry->d_name, entry->d_type, level); !added) {
        return added;
      }
    }
  }
  std::sort(level.entries.begin(), level.entries.end(), [&](const Entry& a, const Entry& b) {
    return a.head != b.head ? a.head < b.head
                            : std::string_view(level.names).substr(a.offset, a.size) <
                                  std::string_view(level.names).substr(b.offset, b.size);
  });
  return Ok();
}

Status FolderWalk::AddName(int folder, std::string_view name, unsigned char type, Level& level) {
  if (name == "." || name == "..") {
    return Ok();
  }
  if (type == DT_UNKNOWN) {
    struct stat found {};
    if (::fstatat(folder, name.data(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
      return SystemError(errno, "cannot look at", name);
    }
    type = S_ISDIR(found.st_mode) ? DT_DIR : S_ISREG(found.st_mode) ? DT_REG : DT_LNK;
  }
  const bool counts = type == DT_DIR
                          ? std::find(tree_.excluded_folders.begin(), tree_.excluded_folders.end(),
                                      name) == tree_.excluded_folders.end()
                          : type == DT_REG && !Excluded(name);
  if (!counts) {
    return Ok();
  }
  if (level.names.size() > std::numeric_limits<std::uint32_t>::max() - PATH_MAX) {
    return Error(ErrorCode::kInvalid, "hash: more than 4 GiB of names in one folder");
  }
  Entry entry;
  entry.offset = static_cast<std::uint32_t>(level.names.size());
  level.names += name;
  if (type == DT_DIR) {
    level.names += '/';
  }
  entry.size = static_cast<std::uint32_t>(level.names.size() - entry.offset);
  entry.head = Head(std::string_view(level.names).substr(entry.offset));
  level.entries.push_back(entry);
  return Ok();
}

Result<bool> FolderWalk::Next(WalkedFile& file) {
  if (single_) {
    file = std::move(*single_);
    single_.reset();
    return true;
  }
  while (!levels_.empty()) {
    Level& level = levels_.back();
    if (level.next == level.entries.size()) {
      levels_.pop_back();
      continue;
    }
    const Entry& entry = level.entries[level.next++];
    const std::string_view name = std::string_view(level.names).substr(entry.offset, entry.size);
    if (name.back() == '/') {
      // The level moves when a deeper one is added: copy what is needed of it.
      const std::shared_ptr<const Folder> folder = level.folder;
      const std::string sub_folder(name.substr(0, name.size() - 1));
      if (Status entered = Enter(folder, sub_folder); !entered) {
        return entered.error();
      }
      continue;
    }
    if (level.folder->path.size() + 1 + name.size() >= PATH_MAX) {
      if (Status skipped = Skip(SystemError(ENAMETOOLONG, "path too long for the recipe's cat",
                                            JoinPath(level.folder->path, name)));
          !skipped) {
        return skipped.error();
      }
      continue;
    }
    file.folder = level.folder;
    file.name.assign(name);
    return true;
  }
  return false;
}

}  // namespace drydock::publisher
