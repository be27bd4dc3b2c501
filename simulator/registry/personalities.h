// The registries the fake can be, as tables of traits, each with where it was seen.
// Threads: constants and pure functions. Source: the links in personalities.cc.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/registry/personality.h"

namespace drydock::simulator {

// One way in which a registry is not `strict`.
struct Quirk {
  std::string_view trait;
  std::string_view value;
  std::string_view source;  // a link or "repository#issue" where it was seen, or the specification
};

struct PersonalityRow {
  std::string_view name;
  std::string_view summary;  // one line
  std::span<const Quirk> quirks;
};

// "strict" first.
std::span<const PersonalityRow> PersonalityRows();
std::optional<Personality> FindPersonality(std::string_view name);
std::vector<std::string> PersonalityNames();

// The specification to the letter; Bearer tokens from a realm on the same origin.
Personality StrictPersonality();
// As strict, without authentication: what `drydock serve` is without flags.
Personality AnonymousPersonality();
Personality DockerHubPersonality();
// distribution 2.8 (docker-registry of Debian 12) with deletes enabled, held against recorded
// traffic by tests/traffic; what differs is in docs/fidelity.md.
Personality Distribution28Personality();

// What `personality` does differently from strict, trait by trait: its name, strict's value, its
// own.
struct Difference {
  std::string_view trait;
  std::string strict;
  std::string own;
};
std::vector<Difference> DifferencesFromStrict(const Personality& personality);

}  // namespace drydock::simulator
