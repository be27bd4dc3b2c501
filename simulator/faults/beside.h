// The effects that answer nothing and stand beside those that do: how the registry is, a limiter in
// front of it, another party. What reads see is simulator/treatment.h's ReadView.
// Threads: plain values. Source: incidents.md 9.2 (P12 to P16); docs/adr/0035-beside.md.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "simulator/deed.h"
#include "simulator/faults/bucket.h"
#include "simulator/faults/reply.h"
#include "simulator/treatment.h"

namespace drydock::simulator {

// How the registry is while the rule matches (P12, P13, P15).
struct Policy {
  TraitList traits;
};

// A rate limiter in front of the site, and what it says to whom has no more (P14).
struct Limiter {
  Bucket bucket;
  Reply refusal;
};

// Another party acts (P16). The texts of a deed may hold "{repository}", "{reference}", "{digest}"
// and "{digest-tag}" ("sha256-…") of the exchange that set it off.
struct Script {
  std::vector<Deed> deeds;
  std::vector<std::string> arm;  // rules
  std::vector<std::string> disarm;
  Duration after{};
};

}  // namespace drydock::simulator
