#include "publisher/push/upload_shape.h"

#include <algorithm>

namespace drydock::publisher {

UploadShape::UploadShape(std::uint64_t chunk_bytes) {
  now_.chunked = chunk_bytes > 0;
  now_.chunk_bytes = now_.chunked ? chunk_bytes : kChunkBytesUsual;
}

UploadShape::Now UploadShape::now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

bool UploadShape::Refuse(const Now& used, ShapeFault fault) {
  const std::lock_guard lock(mutex_);
  if (used.chunked != now_.chunked || (used.chunked && used.chunk_bytes > now_.chunk_bytes)) {
    return true;  // another upload has learned it meanwhile
  }
  if (used.chunked) {
    return RefuseChunks(used, fault);
  }
  single_refused_ = true;
  now_.chunked = !chunks_refused_;
  now_.chunk_bytes = std::min(now_.chunk_bytes, kChunkBytesUsual);
  return now_.chunked;
}

bool UploadShape::RefuseChunks(const Now& used, ShapeFault fault) {
  if (fault != ShapeFault::kMethod && used.chunk_bytes > kChunkBytesUsual) {
    now_.chunk_bytes = kChunkBytesUsual;
    return true;
  }
  if (fault == ShapeFault::kTooLarge) {
    now_.chunk_bytes = std::max(used.chunk_bytes / 2, kChunkBytesMin);
    return now_.chunk_bytes < used.chunk_bytes;
  }
  chunks_refused_ = true;
  now_.chunked = single_refused_;
  return !single_refused_;
}

void UploadShape::DistrustRange() {
  const std::lock_guard lock(mutex_);
  now_.range_counts = false;
}

void UploadShape::DistrustStatus() {
  const std::lock_guard lock(mutex_);
  now_.range_counts = false;
  now_.status_counts = false;
}

}  // namespace drydock::publisher
