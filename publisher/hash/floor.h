// How fast hashing is, as a fraction of what the processor can do: OpenSSL's SHA-256 over as many
// bytes from memory that is already in the processor's cache. Measured in turns, so that a busy
// machine slows both down alike.
// Threads: as HashTree. Source: issue 2 section 6 item 10; issue 3 section 5.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "publisher/hash/base_hash.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

// The time OpenSSL's EVP takes for SHA-256 over `bytes` bytes in pieces of 256 KiB.
Duration MeasureFloor(std::uint64_t bytes, Clock& clock);

// The middle value; the mean of the two middle ones for an even count. `values` must not be empty.
double Median(std::vector<double> values);

struct Throughput {
  BaseHash hash;                // of the last round; all rounds agree
  double hash_seconds = 0;      // median of the rounds
  double floor_seconds = 0;     // median of the rounds
  double ratio = 0;             // median of floor / hash, round by round: 1 is the floor's speed
  double bytes_per_second = 0;  // of the hash, from the median
};

// One warming read, then `rounds` (at least 1) times the floor and the hash. Any error of HashTree;
// kConflict when two rounds disagree.
Result<Throughput> MeasureThroughput(const std::string& root, const Recipe& recipe, int rounds,
                                     Clock& clock, const HashOptions& options = {});

}  // namespace drydock::publisher
