// The dice audit: what ratios come to in a million draws. Its output is meant to be read.
#include "simulator/faults/dice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <iostream>
#include <string>

#include "tests/unit/faults/seen.h"

namespace drydock::simulator {
namespace {

constexpr std::uint64_t kAuditDraws = 1'000'000;
constexpr double kQuantile =
    3.8906;  // of the normal distribution: 99.99 % lie within so many sigma

std::uint64_t Fallen(std::uint64_t chance, std::uint64_t of) {
  std::uint64_t fallen = 0;
  for (std::uint64_t ordinal = 1; ordinal <= kAuditDraws; ++ordinal) {
    fallen += Falls(7, "audit", "", ordinal, chance, of) ? 1U : 0U;
  }
  return fallen;
}

TEST(DiceAudit, AMillionDrawsAreWhatTheRatioSays) {
  std::cout << "dice audit: " << kAuditDraws << " draws each, 99.99 % interval\n";
  const struct { std::uint64_t chance, of; } rows[] = {{0, 1}, {1, 1000}, {1, 20}, {1, 2}, {1, 1}};
  for (const auto& row : rows) {
    const double p = static_cast<double>(row.chance) / static_cast<double>(row.of);
    const double mean = static_cast<double>(kAuditDraws) * p;
    const double reach = kQuantile * std::sqrt(mean * (1 - p));
    const auto fallen = static_cast<double>(Fallen(row.chance, row.of));
    std::cout << "  " << row.chance << "/" << row.of << ": " << fallen << " of " << mean << " +- "
              << reach << "\n";
    EXPECT_GE(fallen, mean - reach) << row.chance << "/" << row.of;
    EXPECT_LE(fallen, mean + reach) << row.chance << "/" << row.of;
  }
}

TEST(DiceAudit, NoRuleMovesTheDrawsOfAnother) {
  const std::string rule =
      R"({"name": "r", "do": {"cut": "rst", "at": "decide"}, "times": {"chance": "1/20"}})";
  const std::string others =
      R"({"name": "a", "when": {"reference": "other"}, "do": {"reply": {"status": 500}}},
         {"name": "b", "do": {"edit-reply": {"status": 500}}, "times": {"chance": "1/3"}},)";
  FaultState alone = Faults(rule);
  FaultState crowded = Faults(others + rule);
  for (int i = 0; i < 2000; ++i) {
    Seen().Fires(crowded, Phase::kResponseHead);
    ASSERT_EQ(Seen().Fires(crowded), Seen().Fires(alone)) << i;
  }
}

}  // namespace
}  // namespace drydock::simulator
