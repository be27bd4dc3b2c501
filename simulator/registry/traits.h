// The fields of a Personality by name, for personality tables, `drydock serve --trait` and scenario
// files: what each means, what values it takes, reading and setting it as text.
// Threads: constants and pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "simulator/registry/personality.h"

namespace drydock::simulator {

struct Trait {
  std::string_view name;     // "delete-tags"
  std::string_view meaning;  // one line
  std::string_view values;   // "yes, no"
  std::string (*get)(const Personality& personality);
  // False, and nothing changed, when `value` is none of `values`.
  bool (*set)(Personality& personality, std::string_view value);
};

// All of them, grouped as the fields are.
std::span<const Trait> Traits();
const Trait* FindTrait(std::string_view name);

// Sets one trait. kInvalid for an unknown name (with the nearest one) or value (with what is
// taken); nothing is changed then.
Status SetTrait(Personality& personality, std::string_view name, std::string_view value);

}  // namespace drydock::simulator
