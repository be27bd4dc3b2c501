#include "core/gzip.h"

#include <zlib.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>

#include "core/digest.h"

namespace drydock {
namespace {

// What was packed, by what it was packed from. No entry is ever taken out: it fills, and that is
// it.
class Packed {
 public:
  static constexpr std::size_t kBytesEach = std::size_t{64} << 10;

  std::shared_ptr<const std::string> Get(std::string_view bytes, int level) {
    const std::pair key(Digest::Of(bytes), level);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto found = packed_.find(key);
      if (found != packed_.end()) {
        return found->second;
      }
    }
    auto packed = std::make_shared<const std::string>(Gzip(bytes, level));
    const std::lock_guard<std::mutex> lock(mutex_);
    if (held_ + packed->size() <= kBytesInAll) {
      held_ += packed->size();
      packed_.emplace(key, packed);
    }
    return packed;
  }

 private:
  static constexpr std::size_t kBytesInAll = std::size_t{8} << 20;

  std::mutex mutex_;
  std::map<std::pair<Digest, int>, std::shared_ptr<const std::string>> packed_;
  std::size_t held_ = 0;
};

}  // namespace

std::string Gzip(std::string_view bytes, int level) {
  constexpr int kGzipWindow = 15 + 16;
  constexpr int kMemoryLevel = 8;
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    std::abort();  // out of memory: nothing sensible is left to do
  }
  std::string packed(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::shared_ptr<const std::string> GzipOnce(std::string_view bytes, int level) {
  static Packed packed;
  return bytes.size() <= Packed::kBytesEach
             ? packed.Get(bytes, level)
             : std::make_shared<const std::string>(Gzip(bytes, level));
}

}  // namespace drydock
