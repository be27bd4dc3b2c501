// Seeded randomness: our own generator, integers only, so that one seed gives the same numbers on
// every compiler and library. Threads: a value; give each user a Fork of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drydock {

// A 64-bit mix of all arguments' bytes, for draws that must not depend on how many draws others
// made (design: fault dice hash seed, rule name, counter key and ordinal).
std::uint64_t StableHash(std::uint64_t seed, std::string_view text);

class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}

  // An independent stream named `name`; does not advance this one.
  Rng Fork(std::string_view name) const { return Rng(StableHash(state_, name)); }

  std::uint64_t Next();
  // Uniform in [0, bound), without modulo bias; bound 0 gives 0.
  std::uint64_t Below(std::uint64_t bound);
  // `count` pseudo-random bytes as lower-case hex digits, two per byte.
  std::string Hex(std::size_t count);
  // A version-4 UUID in its usual spelling.
  std::string Uuid();

 private:
  std::uint64_t state_;
};

}  // namespace drydock
