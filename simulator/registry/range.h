// Byte ranges as registries meet them: Range on a blob GET, Content-Range on an upload's chunk.
// Threads: pure functions. Source: RFC 9110 section 14; OCI distribution-spec "Pushing a blob in
// chunks" (end-5), whose Content-Range is "<first>-<last>" without unit and total.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace drydock::simulator {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive; never before `first`

  std::uint64_t length() const { return last - first + 1; }

  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

enum class RangeKind {
  kWhole,          // no range, another unit, or nothing that is a range: answer 200
  kParts,          // answer 206, as multipart/byteranges when there are several
  kUnsatisfiable,  // answer 416
};

// More ranges in one header than this, or ranges that overlap: the whole body is the answer (RFC
// 9110 section 14.2 lets a server ignore what only costs it).
inline constexpr std::size_t kRangesMax = 16;

struct RangeAnswer {
  RangeKind kind = RangeKind::kWhole;
  std::vector<ByteRange> parts = {};  // for kParts: each within `size`, in the order asked
};

// What to do about a Range header ("" when there is none) on a body of `size` bytes. A range whose
// end lies before its start is unsatisfiable, as registries answer it; unsatisfiable ranges beside
// satisfiable ones are left out.
RangeAnswer ReadRange(std::string_view header, std::uint64_t size);

// nullopt unless "<first>-<last>" with first <= last, both in 64 bits (the length too).
std::optional<ByteRange> ParseContentRange(std::string_view header);

}  // namespace drydock::simulator
