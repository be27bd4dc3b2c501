// Content that is not what it was: bytes flipped, the end cut off. Nobody is told.
// Threads: plain values and pure functions. Source: incidents.md 9.2 (P17).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace drydock::simulator {

struct Damage {
  std::optional<std::uint64_t> flip;      // all bits of this byte, from 0
  bool flip_all = false;                  // of every byte
  std::optional<std::uint64_t> truncate;  // the content ends after so many bytes

  bool any() const { return flip || flip_all || truncate; }
};

// Does it to `piece`, which begins at byte `position` of the content; gives what is left of it.
inline std::string_view Damaged(std::span<char> piece, std::uint64_t position,
                                const Damage& damage) {
  const auto flip = [](char& byte) { byte = static_cast<char>(~static_cast<unsigned char>(byte)); };
  if (damage.flip_all) {
    std::for_each(piece.begin(), piece.end(), flip);
  } else if (damage.flip && *damage.flip >= position && *damage.flip - position < piece.size()) {
    flip(piece[static_cast<std::size_t>(*damage.flip - position)]);
  }
  const std::uint64_t end = damage.truncate.value_or(position + piece.size());
  const std::uint64_t left = end > position ? end - position : 0;
  return {piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), left))};
}

}  // namespace drydock::simulator
