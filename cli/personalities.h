// What `drydock serve` tells about personalities: the list, and how one differs from strict.
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drydock::cli {

// A line for each: name, what it is, in how many traits it is not strict. Or a JSON array.
std::string PersonalityList(bool json);

// A block for each trait that differs: strict's value, its own, what the trait means and where it
// was seen. Or a JSON array. nullopt for an unknown name.
std::optional<std::string> PersonalityDiff(std::string_view name, bool json);

}  // namespace drydock::cli
