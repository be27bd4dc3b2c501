// How a site treats one exchange otherwise than by its own rules: what fault rules at the phase
// `admit` add up to. The driver fills one in and hands it to Exchange::Treat before Decide; the
// site says in it what became of it.
// Threads: plain values; those of the exchange. Source: incidents.md 9.2 (P11 to P15);
// docs/fault-format.md "policy", "read-view"; docs/adr/0034-treatment.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"

namespace drydock::simulator {

// Traits of a registry by name, as simulator/registry/traits.h has them, with their values.
using TraitList = std::vector<std::pair<std::string, std::string>>;

// What reads see instead of what is there (P11). Exactly one of the first five is meant.
struct ReadView {
  std::optional<Duration> lag;            // what was there this long ago
  std::optional<Duration> replication;    // as `lag`, but for what came in by the same replica
  bool previous = false;                  // what the reference named before its latest change
  std::optional<Duration> miss_cache;     // a 404 is remembered for so long
  std::optional<Duration> hit_cache;      // and so is what was found
  bool cache_per_accept = false;          // caches keep an answer for each Accept by itself
  std::optional<std::uint64_t> truncate;  // bytes of a manifest or blob that are left
};

struct Treatment {
  TraitList traits;  // the first of a name holds
  std::optional<ReadView> view;
  std::string view_name;  // tells the caches of different rules apart
  // How long a site must be able to look back from now on, whoever asks; zero: not at all.
  Duration remember{};
  // What reads saw was not what is there: set by the site before its answer is given.
  bool view_differed = false;
};

}  // namespace drydock::simulator
