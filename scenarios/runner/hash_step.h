// The step "hash": a generated tree, its base hash, and how fast it was hashed against the floor of
// the same minutes. Threads: one call at a time keeps the measure honest.
// Source: issue 2 section 6 item 10.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "scenarios/runner/result.h"
#include "scenarios/runner/scenario.h"

namespace drydock::scenarios {

struct HashMeasured {
  std::string summary;  // without any speed, so that it may enter a journal
  MeasuredRate rate;
  std::vector<std::pair<std::string, std::string>> complaints;  // expected, found
};

// Makes the tree in a temporary folder, reads it once to warm up, measures, removes it. The ratio
// is asserted in optimised builds without sanitizers only.
Result<HashMeasured> MeasureHash(const HashStep& step, std::uint64_t seed);

}  // namespace drydock::scenarios
