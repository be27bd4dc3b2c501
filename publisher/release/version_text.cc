#include "publisher/release/version_text.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "core/text.h"

namespace drydock::publisher {
namespace {

// One dotted part of a version: digits without a leading zero.
bool IsVersionNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos &&
         (text.size() == 1 || text.front() != '0');
}

bool IsVersionTail(std::string_view text) {
  const auto parts = Split(text, '.');
  const auto fits = [](const std::string& part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '-';
    });
  };
  return std::all_of(parts.begin(), parts.end(), fits);
}

bool IsThreeNumbers(std::string_view text) {
  const auto parts = Split(text, '.');
  return parts.size() == 3 && std::all_of(parts.begin(), parts.end(), IsVersionNumber);
}

}  // namespace

Status CheckReleaseTag(std::string_view tag) {
  std::string_view numbers = tag;
  const bool marked = numbers.starts_with('v');
  numbers.remove_prefix(marked ? 1 : 0);
  const char letter =
      !numbers.empty() && numbers.back() >= 'a' && numbers.back() <= 'z' ? numbers.back() : '\0';
  numbers.remove_suffix(letter != '\0' ? 1 : 0);
  if (!marked || !IsThreeNumbers(numbers)) {
    return Error(
        ErrorCode::kInvalid,
        Concat({"release tag: expected vX.Y.Z with an optional letter from b on: \"", tag, "\""}));
  }
  if (letter == 'a') {
    return Error(ErrorCode::kInvalid,
                 Concat({"release tag: the letter counts builds of one version, the first has "
                         "none and the second is b: \"",
                         tag, "\""}));
  }
  return Ok{};
}

bool IsConcreteVersion(std::string_view version) {
  const std::size_t plus = version.find('+');
  if (plus != std::string_view::npos && !IsVersionTail(version.substr(plus + 1))) {
    return false;
  }
  version = version.substr(0, plus);
  const std::size_t dash = version.find('-');
  if (dash != std::string_view::npos && !IsVersionTail(version.substr(dash + 1))) {
    return false;
  }
  return IsThreeNumbers(version.substr(0, dash));
}

}  // namespace drydock::publisher
