// Walks a folder in the order in which `find -type f -print0 | sort -z` lists its files under
// LC_ALL=C, folder by folder, so that memory does not grow with the number of files: sorting each
// folder's names with a sub-folder compared as "name/" gives the order of whole paths.
// Threads: one walk belongs to one thread at a time; the folders it hands out may be used by any.
// Source: runbook 3C; issue 3 section 1.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

// A file descriptor that is closed with its last user.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

// "where: what: path (the system's words for `number`)", with the code a caller can act on.
Error SystemError(int number, std::string_view what, std::string_view path);

// A folder below the root, held open. Very deep ones are reached from an open ancestor instead, so
// that a deep tree does not use up the descriptors.
struct Folder {
  std::shared_ptr<const Descriptor> at;
  std::string from_at;  // "" or "a/b/": what to put before a name to open it relative to `at`
  std::string path;     // relative to the root, for people: "rootfs/etc"; "" for the root itself
};

struct WalkedFile {
  std::shared_ptr<const Folder> folder;
  std::string name;

  std::string path() const;
};

class FolderWalk {
 public:
  // `skipped` must outlive the walk; nullptr: what the recipe would skip is an error.
  explicit FolderWalk(std::vector<std::string>* skipped) : skipped_(skipped) {}

  // Opens `tree` below `root`. What is wrong with it (missing, a link, unreadable) is an error, or
  // a line in `skipped` and an empty walk. A plain file counts as the one file of its tree.
  Status Open(const std::shared_ptr<const Folder>& root, const TreeInput& tree);

  // The next file, into `file`; false at the end.
  Result<bool> Next(WalkedFile& file);

 private:
  // A name in a folder: its first bytes for fast comparing, and where all of them are.
  struct Entry {
    std::uint64_t head = 0;
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  struct Level {
    std::shared_ptr<const Folder> folder;
    dev_t device = 0;
    ino_t inode = 0;
    std::string names;  // one after the other; a sub-folder's ends in "/"
    std::vector<Entry> entries;
    std::size_t next = 0;
  };

  Status Enter(const std::shared_ptr<const Folder>& parent, std::string_view name);
  Status ReadNames(int folder, Level& level);
  Status AddName(int folder, std::string_view name, unsigned char type, Level& level);
  bool Excluded(std::string_view name) const;
  // Leaves `what` out, or makes it the error.
  Status Skip(Error error);

  std::vector<std::string>* skipped_;
  TreeInput tree_;
  std::vector<Level> levels_;
  std::unique_ptr<WalkedFile> single_;  // the tree is a plain file, not handed out yet
};

}  // namespace drydock::publisher
