// The effect "bytes": content is changed on its way in or out, and nobody says so.
// Threads: plain values and pure functions. Source: incidents.md 9.2 (P17).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace drydock::simulator {

struct ChangeBytes {
  std::optional<std::uint64_t> flip;      // all bits of this byte, from 0
  std::optional<std::uint64_t> truncate;  // the content ends after so many bytes
  std::string encoding;                   // a Content-Encoding the answer claims; "" for none
};

std::string Describe(const ChangeBytes& change);

}  // namespace drydock::simulator
