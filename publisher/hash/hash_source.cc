#include "publisher/hash/hash_source.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "publisher/hash/read_ahead.h"
#include "publisher/hash/sha256_state.h"

namespace drydock::publisher {
namespace {

unsigned Readers(const HashOptions& options) {
  if (options.readers > 0) {
    return options.readers;
  }
  const unsigned processors = std::thread::hardware_concurrency();  // knows of taskset
  return processors <= 1 ? 1 : std::min(processors, 8U);
}

}  // namespace

Result<BaseHash> HashSource(InputSource& source, const HashOptions& options) {
  ReadAhead reading(source, {.readers = Readers(options), .known = nullptr});
  ReadAhead::Delivery delivery;
  Sha256 sha256;
  BaseHash hash;
  for (;;) {
    auto more = reading.Next(delivery);
    if (!more) {
      return std::move(more).error();
    }
    if (!*more) {
      break;
    }
    sha256.Update(delivery.bytes);
    hash.bytes += delivery.bytes.size();
    if (delivery.part_ends) {
      hash.files += delivery.part.inputs - delivery.part.lines;
      if (options.on_progress) {
        options.on_progress({hash.files, hash.bytes});
      }
    }
  }
  hash.digest = sha256.Finish();
  hash.skipped = std::move(reading.skipped());
  return hash;
}

}  // namespace drydock::publisher
