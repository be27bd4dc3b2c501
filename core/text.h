// Small text pieces the standard library of g++ 12 lacks: joining, trimming, numbers, suggestions.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drydock {

// All pieces, one after the other; one allocation.
std::string Concat(std::initializer_list<std::string_view> pieces);
std::string Join(const std::vector<std::string>& pieces, std::string_view separator);
// "a,b,,c" on ',' gives {"a","b","","c"}; the empty text gives {""}.
std::vector<std::string> Split(std::string_view text, char separator);
std::string_view Trim(std::string_view text);  // ASCII blanks at both ends
std::string ToLower(std::string_view text);    // ASCII only
bool Contains(std::string_view text, std::string_view piece);
bool EqualsIgnoringCase(std::string_view a, std::string_view b);
std::string ReplaceAll(std::string text, std::string_view from, std::string_view to);

// The whole text as a decimal number without sign; nullopt for anything else, also on overflow.
std::optional<std::uint64_t> ParseUnsigned(std::string_view text);

// "*" any run of characters, "?" one; everything else literally.
bool GlobMatches(std::string_view pattern, std::string_view text);

// The candidate at the smallest edit distance from `word`, if it is close enough to be a typing
// slip.
std::optional<std::string> NearestWord(std::string_view word,
                                       const std::vector<std::string>& candidates);

std::string ToHex(std::string_view bytes);
std::string Base64(std::string_view bytes);
std::string Base64Url(std::string_view bytes);  // URL alphabet, no padding
std::optional<std::string> FromBase64(
    std::string_view text);                        // standard or URL alphabet, padding optional
std::string PercentEncode(std::string_view text);  // keeps unreserved characters of RFC 3986 only
std::string PercentDecode(std::string_view text);  // a bad escape is kept as it stands

// With blanks behind it, to at least `width` bytes: for columns of ASCII.
std::string PadRight(std::string_view text, std::size_t width);

// "1.5 GB", "312 kB", "17 B": for people.
std::string HumanBytes(std::uint64_t bytes);

}  // namespace drydock
