// What a server counts, in Prometheus' text format. Values come from the journals and the stores;
// there is no second book. Threads: pure. Source: Prometheus "Exposition formats", version 0.0.4.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulator/faults/fault_state.h"
#include "simulator/server/served_world.h"

namespace drydock::simulator {

struct WorldSample {
  std::string world;
  WorldCounts counts;
  Holdings held;
  std::vector<RuleCount> faults;
};

struct ServerSample {
  std::uint64_t connections_taken = 0;
  std::size_t connections_open = 0;
  std::uint64_t memory_used = 0;
  std::uint64_t memory_max = 0;  // 0: there is no limit
  std::vector<WorldSample> worlds;
};

inline constexpr char kMetricsType[] = "text/plain; version=0.0.4; charset=utf-8";

std::string ToMetrics(const ServerSample& sample);

}  // namespace drydock::simulator
