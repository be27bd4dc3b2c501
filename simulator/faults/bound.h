// Matchers on quantities: sizes and ages. Threads: plain values and pure functions.
// Source: incidents.md 9.1 (M7, M10).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "simulator/exchange.h"

namespace drydock::simulator {

struct Sight;

// A quantity must be there and lie between the two, inclusive. Ages are in microseconds.
struct Bound {
  enum class Quantity {
    kContentLength,  // announced by the request
    kManifestBytes,  // of the manifest that is put, once it is complete
    kSessionBytes,   // that the upload session held before this request
    kBlobBytes,      // of the blob that is read, or will have been uploaded
    kRequestAge,
    kSessionAge,
    kTokenAge,
    kConnectionAge,
  };
  Quantity quantity = Quantity::kContentLength;
  std::uint64_t from = 0;
  std::uint64_t to = std::numeric_limits<std::uint64_t>::max();
};

// What the driver measured when the request came.
struct Measured {
  Measures site;
  TimePoint began{};
};

bool Holds(const Bound& bound, const Sight& sight);

// The members "size" and "age" of a "when".
std::vector<Bound> ReadBounds(json::Source& source, json::ObjectReader& reader);

}  // namespace drydock::simulator
