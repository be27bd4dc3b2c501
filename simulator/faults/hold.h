// The effect "hold": the exchange stops at a point for a time, for ever, or until something else
// happens. Threads: plain values and pure functions. Source: incidents.md 9.2 (P4).
#pragma once

#include <optional>
#include <string>

#include "core/clock.h"
#include "simulator/faults/exchange_pattern.h"

namespace drydock::simulator {

struct Hold {
  std::optional<Duration> span;          // at most so long; nullopt: for ever
  std::optional<ExchangePattern> until;  // goes on when such an exchange is answered
};

std::string Describe(const Hold& hold);

}  // namespace drydock::simulator
