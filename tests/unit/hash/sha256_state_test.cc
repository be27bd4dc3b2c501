#include "publisher/hash/sha256_state.h"

#include <gtest/gtest.h>

#include <string>

#include "core/rng.h"

namespace drydock::publisher {
namespace {

std::string Noise(Rng& rng, std::size_t size) {
  std::string bytes;
  while (bytes.size() < size) {
    bytes += static_cast<char>(rng.Next() & 0xFF);
  }
  return bytes;
}

TEST(Sha256StateTest, EqualsEvpWhereverItIsTakenApart) {
  Rng rng(20260528);
  for (int round = 0; round < 300; ++round) {
    const std::string bytes = Noise(rng, rng.Below(rng.Below(2) == 0 ? 1000 : 10000));
    const std::size_t split = rng.Below(bytes.size() + 1);
    Sha256 first;
    first.Update(std::string_view(bytes).substr(0, split));
    Sha256 second(first.Save());
    second.Update(std::string_view(bytes).substr(split));
    ASSERT_EQ(second.Finish(), Digest::Of(bytes)) << bytes.size() << " split at " << split;
  }
}

TEST(Sha256StateTest, EveryPendingLengthSurvives) {
  const std::string bytes(200, 'x');
  for (std::size_t split = 0; split <= 130; ++split) {
    Sha256 first;
    first.Update(std::string_view(bytes).substr(0, split));
    const Sha256State state = first.Save();
    EXPECT_EQ(state.bytes, split);
    EXPECT_EQ(Sha256(state).Save(), state);
    Sha256 second(state);
    second.Update(std::string_view(bytes).substr(split));
    ASSERT_EQ(second.Finish(), Digest::Of(bytes)) << split;
  }
}

TEST(Sha256StateTest, CountsBeyondFourGibibytesOfBits) {
  Sha256State state;
  state.bytes = (std::uint64_t{1} << 33) + 17;
  EXPECT_EQ(Sha256(state).Save().bytes, state.bytes);
}

TEST(Sha256StateTest, FinishingLeavesTheStateAlone) {
  Sha256 hash;
  hash.Update("ab");
  EXPECT_EQ(hash.Finish(), Digest::Of("ab"));
  hash.Update("c");
  EXPECT_EQ(hash.Finish(), Digest::Of("abc"));
}

}  // namespace
}  // namespace drydock::publisher
