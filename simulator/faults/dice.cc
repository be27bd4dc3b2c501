#include "simulator/faults/dice.h"

#include <string>

#include "core/rng.h"
#include "core/text.h"

namespace drydock::simulator {

bool Falls(std::uint64_t seed, std::string_view rule, std::string_view key, std::uint64_t ordinal,
           std::uint64_t chance, std::uint64_t of) {
  if (chance >= of) {
    return true;
  }
  // Newlines cannot occur in a key's values as they come from a request line, so that two different
  // draws never hash the same text.
  Rng draw(StableHash(seed, Concat({rule, "\n", key, "\n", std::to_string(ordinal)})));
  return draw.Below(of) < chance;
}

}  // namespace drydock::simulator
