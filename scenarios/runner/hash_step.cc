#include "scenarios/runner/hash_step.h"

#include "core/clock.h"
#include "core/text.h"
#include "publisher/hash/floor.h"
#include "publisher/hash/recipe.h"
#include "publisher/hash/tree_generator.h"
#include "scenarios/runner/temporary_folder.h"

namespace drydock::scenarios {
namespace {

std::string Ratio(double ratio) { return std::to_string(ratio).substr(0, 4); }

// The digest counts in every build, a ratio only in optimised ones without sanitizers.
bool AssertsSpeed() {
#if !defined(NDEBUG) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#else
  return true;
#endif
}

}  // namespace

Result<HashMeasured> MeasureHash(const HashStep& step, std::uint64_t seed) {
  const auto folder = TemporaryFolder::Make("drydock-tree");
  if (!folder) {
    return folder.error();
  }
  publisher::TreeSpec spec;
  spec.files = step.files;
  spec.bytes = step.bytes;
  spec.seed = seed;
  const Status made = publisher::GenerateTree(folder->path(), spec);
  if (!made) {
    return made.error();
  }
  SystemClock clock;
  const auto throughput =
      publisher::MeasureThroughput(folder->path(), publisher::RunbookRecipe(), step.rounds, clock);
  if (!throughput) {
    return throughput.error();
  }
  HashMeasured measured;
  const std::string found = throughput->hash.Short();
  measured.summary =
      Concat({std::to_string(step.files), " files, ", HumanBytes(step.bytes), ": base-", found});
  measured.rate = {"base hash", throughput->bytes_per_second,
                   throughput->floor_seconds > 0
                       ? static_cast<double>(throughput->hash.bytes) / throughput->floor_seconds
                       : 0,
                   throughput->ratio, step.ratio_least};
  if (found != step.base_hash) {
    measured.complaints.emplace_back(Concat({"base hash ", step.base_hash}), found);
  }
  if (AssertsSpeed() && throughput->ratio < step.ratio_least) {
    measured.complaints.emplace_back(
        Concat({"at least ", Ratio(step.ratio_least), " of the SHA-256 floor"}),
        Ratio(throughput->ratio));
  }
  return measured;
}

}  // namespace drydock::scenarios
