#include "core/rng.h"

#include <limits>

#include "core/text.h"

namespace drydock {
namespace {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014; public domain constants).
std::uint64_t Mix(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

constexpr std::uint64_t kGamma = 0x9e3779b97f4a7c15U;

}  // namespace

std::uint64_t StableHash(std::uint64_t seed, std::string_view text) {
  std::uint64_t hash = Mix(seed + kGamma);
  for (const char c : text) {
    hash = Mix((hash ^ static_cast<unsigned char>(c)) + kGamma);
  }
  return Mix(hash ^ text.size());
}

std::uint64_t Rng::Next() {
  state_ += kGamma;
  return Mix(state_);
}

std::uint64_t Rng::Below(std::uint64_t bound) {
  if (bound == 0) {
    return 0;
  }
  const std::uint64_t unfair = std::numeric_limits<std::uint64_t>::max() % bound;
  std::uint64_t drawn = Next();
  while (drawn > std::numeric_limits<std::uint64_t>::max() - unfair - 1) {
    drawn = Next();
  }
  return drawn % bound;
}

std::string Rng::Hex(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) {
    bytes.push_back(static_cast<char>(Next() & 255U));
  }
  return ToHex(bytes);
}

std::string Rng::Uuid() {
  std::string hex = Hex(16);
  hex[12] = '4';
  hex[16] = "89ab"[Next() & 3U];
  return Concat({hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-",
                 hex.substr(16, 4), "-", hex.substr(20)});
}

}  // namespace drydock
