// What the conformance rows check: one requirement each, where it stands, and in our words what it
// asks for. docs/spec-map.md is made of it (tests/conformance/spec_map.h). Threads: constants.
// Source: OCI distribution-spec v1.1 and main (967efdc), by section heading; Docker Hub's manners
// from incidents and its token service's documents, as in simulator/registry/personality.h.
#pragma once

#include <span>
#include <string_view>

namespace drydock::simulator {

struct Rule {
  std::string_view id;    // "blob.get": what rows call it
  std::string_view spec;  // "end-2", "api" for what holds at every endpoint, or whose manner it is
  std::string_view heading;  // the section of the specification
  std::string_view level;    // "MUST", "SHOULD", "MAY"; "observed" where nothing is written
  std::string_view words;
};

std::span<const Rule> Rules();
// Null when no rule has that id.
const Rule* FindRule(std::string_view id);

}  // namespace drydock::simulator
