#include "bench/bare_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/text.h"
#include "publisher/hash/folder_walk.h"

namespace drydock::bench {
namespace {

using publisher::Descriptor;

constexpr std::size_t kFilesAtOnce = 256;
constexpr std::size_t kReadBytes = 128 << 10;

// A folder to list, or files of one to touch.
struct Work {
  std::shared_ptr<const Descriptor> folder;
  std::vector<std::string> names;
};

class Walk {
 public:
  explicit Walk(Touch touch) : touch_(touch) {}

  Result<Walked> Run(const std::string& root, unsigned threads) {
    Push({Open(AT_FDCWD, root.c_str()), {}});
    std::vector<std::thread> others;
    for (unsigned thread = 1; thread < threads; ++thread) {
      others.emplace_back([this] { Serve(); });
    }
    Serve();
    for (std::thread& other : others) {
      other.join();
    }
    if (!failed_.empty()) {
      return Error(ErrorCode::kUnavailable, Concat({"bare walk: cannot read: ", failed_}));
    }
    return total_;
  }

 private:
  std::shared_ptr<const Descriptor> Open(int at, const char* name) {
    const int folder = ::openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (folder < 0) {
      Fail(name);
    }
    return std::make_shared<const Descriptor>(folder);
  }

  void Serve() {
    Walked walked;
    const std::unique_ptr<char[]> room(new char[kReadBytes]);
    Work work;
    while (Pop(work)) {
      if (work.names.empty()) {
        List(work.folder);
      }
      for (const std::string& name : work.names) {
        TouchFile(work.folder->number(), name.c_str(), room.get(), walked);
      }
      Done();
    }
    const std::lock_guard lock(mutex_);
    total_.files += walked.files;
    total_.bytes += walked.bytes;
  }

  void List(const std::shared_ptr<const Descriptor>& folder) {
    alignas(dirent64) char listing[64 << 10];
    Work files{folder, {}};
    for (;;) {
      const ssize_t size = ::getdents64(folder->number(), listing, sizeof listing);
      if (size < 0) {
        Fail("a folder");
      }
      if (size <= 0) {
        break;
      }
      for (ssize_t at = 0; at < size;) {
        const auto* entry = reinterpret_cast<const dirent64*>(listing + at);
        at += entry->d_reclen;
        const std::string_view name = entry->d_name;
        if (entry->d_type == DT_DIR && name != "." && name != "..") {
          Push({Open(folder->number(), entry->d_name), {}});
        } else if (entry->d_type == DT_REG) {
          files.names.emplace_back(name);
          if (files.names.size() == kFilesAtOnce) {
            Push(std::exchange(files, Work{folder, {}}));
          }
        }
      }
    }
    if (!files.names.empty()) {
      Push(std::move(files));
    }
  }

  void TouchFile(int folder, const char* name, char* room, Walked& walked) {
    ++walked.files;
    if (touch_ == Touch::kLook) {
      struct stat found {};
      if (::fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
        Fail(name);
      }
      walked.bytes += static_cast<std::uint64_t>(found.st_size);
      return;
    }
    const int file = ::openat(folder, name, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;
    while (file >= 0 && (got = ::read(file, room, kReadBytes)) > 0) {
      walked.bytes += static_cast<std::uint64_t>(got);
    }
    if (file < 0 || got < 0 || ::close(file) != 0) {
      Fail(name);
    }
  }

  void Push(Work work) {
    const std::lock_guard lock(mutex_);
    ++unfinished_;
    waiting_.push_back(std::move(work));
    changed_.notify_one();
  }

  // False when all is done.
  bool Pop(Work& work) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !waiting_.empty() || unfinished_ == 0; });
    if (waiting_.empty()) {
      return false;
    }
    work = std::move(waiting_.back());
    waiting_.pop_back();
    return true;
  }

  void Done() {
    const std::lock_guard lock(mutex_);
    if (--unfinished_ == 0) {
      changed_.notify_all();
    }
  }

  void Fail(const char* name) {
    const std::lock_guard lock(mutex_);
    failed_ = name;
  }

  const Touch touch_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by `mutex_`:
  std::vector<Work> waiting_;
  std::size_t unfinished_ = 0;  // waiting or in hand
  Walked total_;
  std::string failed_;
};

}  // namespace

Result<Walked> BareWalk(const std::string& root, Touch touch, unsigned threads) {
  return Walk(touch).Run(root, threads);
}

}  // namespace drydock::bench
