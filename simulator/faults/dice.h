// The dice of fault rules: each draw is a hash of seed, rule, counter key and ordinal, so that no
// rule can disturb another one's. Ratios of integers, no floating point.
// Threads: pure functions. Source: incidents.md 9.1 (M13), 9.4.
#pragma once

#include <cstdint>
#include <string_view>

namespace drydock::simulator {

// True for `chance` out of `of` draws; of 0 never, of `of` and more always.
bool Falls(std::uint64_t seed, std::string_view rule, std::string_view key, std::uint64_t ordinal,
           std::uint64_t chance, std::uint64_t of);

}  // namespace drydock::simulator
