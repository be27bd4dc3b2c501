// What a site must have or lack for a rule to be about an exchange with it.
// Threads: plain values. Source: incidents.md 9.1 (M14); docs/fault-format.md "state".
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulator/faults/exchange_pattern.h"

namespace drydock::simulator {

// What the site must have or lack when a rule is asked (M14). Names may hold "{reference}",
// "{digest}" and "{session}"; a tag's value is its digest.
struct StateTest {
  struct Count {
    std::uint64_t least = 0;
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  };
  std::vector<ValueTest> tags;
  std::vector<ValueTest> manifests;
  std::vector<ValueTest> blobs;
  std::vector<ValueTest> sessions;
  std::optional<Count> open_uploads;
  std::vector<std::pair<std::string, Count>> in_flight;  // exchanges of an operation, with this one
};

}  // namespace drydock::simulator
