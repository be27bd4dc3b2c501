// The fields of a Personality by name, for personality tables, `drydock serve --trait` and scenario
// files: what each means, what values it takes, reading and setting it as text.
// Threads: constants and pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "simulator/registry/personality.h"
#include "simulator/treatment.h"

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

// The operations that a trait makes a difference to, as globs ("upload.*"); of those that any other
// site has, the token service's alone ("token") and the Hub's tag listing ("hub.tags").
std::vector<std::string> OperationsOf(const Trait& trait);

// Sets one trait. kInvalid for an unknown name (with the nearest one) or value (with what is
// taken); nothing is changed then.
Status SetTrait(Personality& personality, std::string_view name, std::string_view value);

// An object of traits and their values: texts, numbers, and true or false for "yes" or "no". What
// is wrong gathers in `source`; `what` names the object in messages.
TraitList ReadTraits(json::Source& source, const json::Value& value, std::string_view what);

// `personality` with other traits; the first of a name holds. What SetTrait refuses is left out:
// whoever wrote the list has tried it.
Personality Bent(const Personality& personality, const TraitList& traits);

}  // namespace drydock::simulator
