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

}  // namespace

RangeAnswer ReadRange(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!EqualsIgnoringCase(header.substr(0, kUnit.size()), kUnit)) {
    return {};
  }
  const std::string_view text = Trim(header.substr(kUnit.size()));
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || text.find(',') != std::string_view::npos) {
    return {};
  }
  const std::string_view before = text.substr(0, dash);
  const std::string_view after = text.substr(dash + 1);
  if (before.empty()) {
    const auto suffix = ParsePosition(after);
    if (!suffix) {
      return {};
    }
    if (*suffix == 0 || size == 0) {
      return {RangeKind::kUnsatisfiable, {}};
    }
    return {RangeKind::kPart, {size - std::min(*suffix, size), size - 1}};
  }
  const auto first = ParsePosition(before);
  const auto last = after.empty() ? kFarthest : ParsePosition(after);
  if (!first || !last) {
    return {};
  }
  if (*first >= size || *last < *first) {
    return {RangeKind::kUnsatisfiable, {}};
  }
  return {RangeKind::kPart, {*first, std::min(*last, size - 1)}};
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
