// In what shape a registry takes the bytes of a blob: in chunks of some size, or in one PUT.
// Learned from its answers while a push runs, and shared by all uploads of the push, so that each
// lesson is paid for once. Every lesson makes the shape narrower; there are finitely many. Threads:
// may be shared. Source: incidents.md section 5, rule 7; incidents
// ghcr-chunk-over-4mib-416-2026-07, proxy-body-limit-413, proxy-blocks-method,
// zot-60s-server-deadline, ecr-frozen-range-2026-06, short-range-ack.
#pragma once

#include <cstdint>
#include <mutex>

namespace drydock::publisher {

inline constexpr std::uint64_t kChunkBytesUsual = std::uint64_t{4} << 20;  // GHCR takes no more
inline constexpr std::uint64_t kChunkBytesMin = std::uint64_t{256} << 10;

// What was wrong with a request that carried bytes.
enum class ShapeFault {
  kTooLarge,  // 413, or it broke off twice at the same place: smaller
  kOffset,    // 416, or a Range that does not follow: no chunks
  kMethod,    // 405, 501: no such request at all
};

class UploadShape {
 public:
  struct Now {
    std::uint64_t chunk_bytes = kChunkBytesUsual;
    bool chunked = true;        // otherwise one PUT for all of a blob
    bool range_counts = true;   // a chunk's answer says how far the session is
    bool status_counts = true;  // the session itself says it
  };

  // 0: one PUT for each blob, to begin with.
  explicit UploadShape(std::uint64_t chunk_bytes);

  Now now() const;
  // A request in the shape `used` failed. False when there is no other shape left to try.
  bool Refuse(const Now& used, ShapeFault fault);
  void DistrustRange();
  void DistrustStatus();

 private:
  bool RefuseChunks(const Now& used, ShapeFault fault);

  mutable std::mutex mutex_;
  Now now_;
  bool chunks_refused_ = false;
  bool single_refused_ = false;
};

}  // namespace drydock::publisher
