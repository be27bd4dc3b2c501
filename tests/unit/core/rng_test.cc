#include "core/rng.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <limits>
#include <regex>
#include <set>
#include <string>

namespace drydock {
namespace {

// SplitMix64's published outputs for seed 1234567; a journal of last year must replay.
TEST(Rng, GivesThePublishedSequence) {
  Rng rng(1234567);
  const std::uint64_t expected[] = {6457827717110365317u, 3203168211198807973u,
                                    9817491932198370423u, 4593380528125082431u,
                                    16408922859458223821u};
  for (const std::uint64_t value : expected) {
    EXPECT_EQ(rng.Next(), value);
  }
}

TEST(Rng, StableValuesArePinned) {
  EXPECT_EQ(StableHash(1, "cache-export-400"), 9910832980363381161u);
  EXPECT_EQ(StableHash(0, ""), 5197578548964807871u);
  EXPECT_EQ(Rng(7).Fork("hub").Next(), 7015008390609330535u);
  EXPECT_EQ(Rng(7).Hex(8), "d71c02cbda11f6fe");
  EXPECT_EQ(Rng(7).Uuid(), "d71c02cb-da11-46fe-b169-eb2c4e30e6f8");
}

TEST(StableHash, DependsOnEveryByte) {
  std::set<std::uint64_t> seen;
  for (const char* text : {"", "a", "b", "ab", "ba", "aa", "a\n", "\na"}) {
    for (const std::uint64_t seed : {0u, 1u, 2u}) {
      seen.insert(StableHash(seed, text));
    }
  }
  EXPECT_EQ(seen.size(), 24u);
  EXPECT_NE(StableHash(1, std::string_view("a\0", 2)), StableHash(1, "a"));
}

TEST(Rng, ForksAreIndependentOfOrder) {
  Rng rng(5);
  Rng before = rng.Fork("x");
  (void)rng.Fork("y");
  Rng same = rng.Fork("x");
  EXPECT_EQ(before.Next(), same.Next());
  EXPECT_NE(rng.Fork("x").Next(), rng.Fork("y").Next());
  const std::uint64_t first = rng.Next();
  EXPECT_EQ(first, Rng(5).Next()) << "a fork advanced its parent";
}

TEST(Rng, BelowIsBelow) {
  EXPECT_EQ(Rng(1).Below(0), 0u);
  EXPECT_EQ(Rng(1).Below(1), 0u);
  EXPECT_TRUE(rc::check([](std::uint64_t seed, std::uint64_t bound) {
    RC_PRE(bound > 0u);
    Rng rng(seed);
    for (int i = 0; i < 8; ++i) {
      RC_ASSERT(rng.Below(bound) < bound);
    }
  }));
  Rng rng(3);
  const std::uint64_t huge = std::numeric_limits<std::uint64_t>::max() / 2 + 2;
  for (int i = 0; i < 100; ++i) {
    EXPECT_LT(rng.Below(huge), huge);
  }
}

TEST(Rng, BelowIsEven) {
  // Chi-squared with 9 degrees of freedom; 27.9 is the 0.1 % bound, and the seed is fixed.
  Rng rng(11);
  constexpr int kDraws = 10'000;
  std::array<int, 10> counts{};
  for (int i = 0; i < kDraws; ++i) {
    ++counts[rng.Below(counts.size())];
  }
  double chi = 0;
  for (const int count : counts) {
    chi += (count - kDraws / 10.0) * (count - kDraws / 10.0) / (kDraws / 10.0);
  }
  EXPECT_LT(chi, 27.9);
}

TEST(Rng, HexAndUuidHaveTheirShape) {
  EXPECT_EQ(Rng(1).Hex(0), "");
  EXPECT_TRUE(std::regex_match(Rng(1).Hex(16), std::regex("[0-9a-f]{32}")));
  Rng rng(9);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = rng.Uuid();
    EXPECT_TRUE(std::regex_match(
        uuid, std::regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")))
        << uuid;
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 100u);
}

}  // namespace
}  // namespace drydock
