#include "publisher/hash/floor.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/digest.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kPiece = 256 << 10;

double Seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

}  // namespace

Duration MeasureFloor(std::uint64_t bytes, Clock& clock) {
  const std::string piece(kPiece, 'x');
  Hasher hasher;
  const Duration start = clock.Elapsed();
  for (std::uint64_t left = bytes; left > 0;) {
    const std::size_t count = std::min<std::uint64_t>(left, piece.size());
    hasher.Update(std::string_view(piece).substr(0, count));
    left -= count;
  }
  static_cast<void>(hasher.Finish());
  return clock.Elapsed() - start;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Result<Throughput> MeasureThroughput(const std::string& root, const Recipe& recipe, int rounds,
                                     Clock& clock, const HashOptions& options) {
  auto warmed = HashTree(root, recipe, options);
  if (!warmed) {
    return std::move(warmed).error();
  }
  std::vector<double> hashes;
  std::vector<double> floors;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    floors.push_back(Seconds(MeasureFloor(warmed->bytes, clock)));
    const Duration start = clock.Elapsed();
    auto hash = HashTree(root, recipe, options);
    hashes.push_back(Seconds(clock.Elapsed() - start));
    if (!hash) {
      return std::move(hash).error();
    }
    if (hash->digest != warmed->digest) {
      return Error(ErrorCode::kConflict,
                   Concat({"hash: two rounds disagree: ", warmed->digest.Short(), " and ",
                           hash->digest.Short()}));
    }
    ratios.push_back(floors.back() / std::max(hashes.back(), 1e-9));
  }
  Throughput measured;
  measured.hash = std::move(*warmed);
  measured.hash_seconds = Median(hashes);
  measured.floor_seconds = Median(floors);
  measured.ratio = Median(ratios);
  measured.bytes_per_second =
      static_cast<double>(measured.hash.bytes) / std::max(measured.hash_seconds, 1e-9);
  return measured;
}

}  // namespace drydock::publisher
