#include "simulator/registry/range.h"

#include <algorithm>
#include <limits>

#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::uint64_t kFarthest = std::numeric_limits<std::uint64_t>::max();

// A position as digits; one that does not fit is as far as can be.
std::optional<std::uint64_t> ParsePosition(std::string_view digits) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return ParseUnsigned(digits).value_or(kFarthest);
}

// One "first-last", "first-" or "-suffix". nullopt when it is none of them; an unsatisfiable one
// gives a range that lies behind the end.
std::optional<ByteRange> ReadOne(std::string_view text, std::uint64_t size) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) {
    return std::nullopt;
  }
  const ByteRange beyond{size, size};
  const std::string_view before = text.substr(0, dash);
  const std::string_view after = text.substr(dash + 1);
  if (before.empty()) {
    const auto suffix = ParsePosition(after);
    if (!suffix) {
      return std::nullopt;
    }
    return *suffix == 0 || size == 0 ? beyond : ByteRange{size - std::min(*suffix, size), size - 1};
  }
  const auto first = ParsePosition(before);
  const auto last = after.empty() ? kFarthest : ParsePosition(after);
  if (!first || !last) {
    return std::nullopt;
  }
  return *first >= size || *last < *first ? beyond : ByteRange{*first, std::min(*last, size - 1)};
}

bool Overlaps(const ByteRange& a, const ByteRange& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

RangeAnswer ReadRange(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!EqualsIgnoringCase(header.substr(0, kUnit.size()), kUnit)) {
    return {};
  }
  const std::vector<std::string> texts = Split(header.substr(kUnit.size()), ',');
  if (texts.size() > kRangesMax) {
    return {};
  }
  RangeAnswer answer{RangeKind::kParts, {}};
  for (const std::string& text : texts) {
    const auto range = ReadOne(Trim(text), size);
    if (!range) {
      return {};
    }
    if (range->first == size) {
      continue;
    }
    if (std::any_of(answer.parts.begin(), answer.parts.end(),
                    [&](const ByteRange& other) { return Overlaps(*range, other); })) {
      return {};
    }
    answer.parts.push_back(*range);
  }
  if (answer.parts.empty()) {
    answer.kind = RangeKind::kUnsatisfiable;
  }
  return answer;
}

std::optional<ByteRange> ParseContentRange(std::string_view header) {
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) {
    return std::nullopt;
  }
  const auto first = ParseUnsigned(header.substr(0, dash));
  const auto last = ParseUnsigned(header.substr(dash + 1));
  if (!first || !last || *last < *first || *last == kFarthest) {
    return std::nullopt;
  }
  return ByteRange{*first, *last};
}

}  // namespace drydock::simulator
