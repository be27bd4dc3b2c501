// The effect "throttle": bytes pass at a rate, each way by itself.
// Threads: plain values and pure functions. Source: incidents.md 9.2 (P5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace drydock::simulator {

struct Throttle {
  std::optional<std::uint64_t> up;    // bytes a second of the request's body
  std::optional<std::uint64_t> down;  // of the answer's body
  std::uint64_t burst = 0;            // so many pass at once first
};

std::string Describe(const Throttle& throttle);

}  // namespace drydock::simulator
