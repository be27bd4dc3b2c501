#include "publisher/hash/hash_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <type_traits>

#include "core/digest.h"
#include "core/text.h"
#include "publisher/hash/folder_walk.h"

namespace drydock::publisher {
namespace {

// Names the layout below, and the byte order: another one reads as another version.
constexpr std::uint64_t kMagic = 0x0001'6863'6b64'7264;  // "drdkch", version 1
constexpr std::uint64_t kFileMost = std::uint64_t{1} << 30;
constexpr std::size_t kChecksumBytes = 32;

template <class T>
void Put(const T& value, std::string& into) {
  static_assert(std::is_trivially_copyable_v<T>);
  into.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
bool Take(std::string_view& from, T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (from.size() < sizeof value) {
    return false;
  }
  std::memcpy(&value, from.data(), sizeof value);
  from.remove_prefix(sizeof value);
  return true;
}

std::string Checksum(std::string_view bytes) {
  Sha256 sha256;
  sha256.Update(bytes);
  const auto raw = sha256.Raw();
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

std::string Encode(const Checkpoints& checkpoints, std::size_t count, std::string_view key) {
  std::string bytes;
  Put(kMagic, bytes);
  Put(std::uint64_t{key.size()}, bytes);
  bytes += key;
  Put(std::uint64_t{count}, bytes);
  for (std::size_t at = 0; at < count; ++at) {
    Put(checkpoints.parts[at], bytes);
    Put(checkpoints.states[at], bytes);
  }
  return bytes + Checksum(bytes);
}

// Why the bytes are no checkpoints for `key`; "" when they are, in `into`.
std::string Decode(std::string_view bytes, std::string_view key, Checkpoints& into) {
  if (bytes.size() < kChecksumBytes) {
    return "damaged";
  }
  const std::string_view checksum = bytes.substr(bytes.size() - kChecksumBytes);
  bytes.remove_suffix(kChecksumBytes);
  if (Checksum(bytes) != checksum) {
    return "damaged";
  }
  std::uint64_t magic = 0;
  std::uint64_t key_size = 0;
  if (!Take(bytes, magic) || magic != kMagic || !Take(bytes, key_size)) {
    return "written by another version";
  }
  if (key_size > bytes.size() || bytes.substr(0, key_size) != key) {
    return "made for something else";
  }
  bytes.remove_prefix(key_size);
  std::uint64_t count = 0;
  if (!Take(bytes, count) || bytes.size() != count * (sizeof(Part) + sizeof(Sha256State))) {
    return "damaged";
  }
  std::uint64_t total = 0;
  for (std::uint64_t at = 0; at < count; ++at) {
    Take(bytes, into.parts.emplace_back());
    Take(bytes, into.states.emplace_back());
    total += into.parts.back().bytes;
    if (into.parts.back().inputs == 0 || into.states.back().bytes != total) {
      return "inconsistent";
    }
  }
  return "";
}

// nullopt with errno when it cannot be read.
std::optional<std::string> ReadWhole(const std::string& path) {
  const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (number < 0) {
    return std::nullopt;
  }
  const Descriptor file(number);
  struct stat found {};
  if (::fstat(number, &found) != 0) {
    return std::nullopt;
  }
  // What others may write to is not ours to believe.
  if (!S_ISREG(found.st_mode) || found.st_uid != ::geteuid() ||
      static_cast<std::uint64_t>(found.st_size) > kFileMost) {
    errno = EPERM;
    return std::nullopt;
  }
  std::string bytes(static_cast<std::size_t>(found.st_size), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(number, bytes.data() + filled, bytes.size() - filled);
    if (got < 0) {
      return std::nullopt;
    }
    if (got == 0) {
      break;
    }
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

Error StoreError(int number, std::string_view path) {
  return Error(ErrorCode::kUnavailable,
               Concat({"cache: not written: ", path, " (", std::strerror(number), ")"}));
}

std::string InputKey(const RecipeInput& input) {
  if (const auto* file = std::get_if<FileInput>(&input)) {
    return Concat({"file ", file->path});
  }
  if (const auto* line = std::get_if<LineInput>(&input)) {
    return Concat({"line ", line->text});
  }
  const auto& tree = std::get<TreeInput>(input);
  return Concat({"tree ", tree.path, "\n-", Join(tree.excluded_folders, "\n-"), "\n-",
                 Join(tree.excluded_files, "\n-")});
}

}  // namespace

HashCache::HashCache(std::string folder, const std::string& root, const Recipe& recipe)
    : folder_(std::move(folder)) {
  std::error_code failure;
  const auto real = std::filesystem::canonical(root, failure);
  key_ = failure ? root : real.string();
  for (const RecipeInput& input : recipe.inputs) {
    key_ += Concat({"\n", InputKey(input)});
  }
  file_ = Concat({folder_, "/", Digest::Of(key_).hex().substr(0, 32), ".checkpoints"});
}

std::optional<Checkpoints> HashCache::Load(std::vector<std::string>& notes) const {
  const auto bytes = ReadWhole(file_);
  if (!bytes) {
    if (errno != ENOENT) {
      notes.push_back(
          Concat({"cache: ignored, not readable: ", file_, " (", std::strerror(errno), ")"}));
    }
    return std::nullopt;
  }
  Checkpoints checkpoints;
  if (const std::string why = Decode(*bytes, key_, checkpoints); !why.empty()) {
    notes.push_back(Concat({"cache: ignored, ", why, ": ", file_}));
    return std::nullopt;
  }
  return checkpoints;
}

Status HashCache::Store(const Checkpoints& checkpoints, std::int64_t started_ns) const {
  const auto racy =
      std::find_if(checkpoints.parts.begin(), checkpoints.parts.end(),
                   [&](const Part& part) { return MightHideAChange(part.newest_ns, started_ns); });
  const std::string bytes =
      Encode(checkpoints, static_cast<std::size_t>(racy - checkpoints.parts.begin()), key_);
  std::error_code failure;
  std::filesystem::create_directories(folder_, failure);
  if (failure) {
    return StoreError(failure.value(), folder_);
  }
  const std::string path = file_ + ".new";
  const int number = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (number < 0) {
    return StoreError(errno, path);
  }
  const Descriptor file(number);
  // Whoever holds the lock on the file of that name writes; a file renamed meanwhile has no name.
  struct stat mine {};
  struct stat named {};
  if (::flock(number, LOCK_EX | LOCK_NB) != 0 || ::fstat(number, &mine) != 0 ||
      ::stat(path.c_str(), &named) != 0 || mine.st_ino != named.st_ino) {
    return Ok();
  }
  std::string_view left = bytes;
  bool written = ::ftruncate(number, 0) == 0;
  while (written && !left.empty()) {
    const ssize_t count = ::write(number, left.data(), left.size());
    written = count >= 0;
    left.remove_prefix(written ? static_cast<std::size_t>(count) : 0);
  }
  if (!written || ::rename(path.c_str(), file_.c_str()) != 0) {
    const int number_failed = errno;
    ::unlink(path.c_str());
    return StoreError(number_failed, path);
  }
  return Ok();
}

void HashCache::Remove() const { ::unlink(file_.c_str()); }

}  // namespace drydock::publisher
