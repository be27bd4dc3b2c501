// Which trees are measured, and the measuring: round after round, everyone once in each, so that a
// slow minute of the machine slows all of them; then medians.
// Threads: one. Source: issue 3 section 5.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/contestants.h"
#include "bench/trial.h"
#include "core/result.h"
#include "publisher/hash/tree_generator.h"

namespace drydock::bench {

struct Case {
  std::string title;
  publisher::TreeSpec spec;
  Entries entries;
  bool scaling = false;  // a point of the plot
};

// `full`: 1,000 to 1,000,000 files and 1 MB to 10 GB, in about half an hour on a quiet machine.
std::vector<Case> Grid(bool full);

struct Measured {
  Case made;
  std::vector<std::string> order;             // who, as they took part
  std::map<std::string, Trial> medians;       // of each quantity by itself
  std::map<std::string, std::size_t> rounds;  // how many runs a median is of
  std::string failure;                        // why the measuring ended early; "" when it did not

  // nullptr when nobody of that name took part.
  const Trial* Find(std::string_view name) const;
};

// Makes the tree in `folder`, which must not exist and is removed in the end, and measures. Says on
// standard output what it is doing.
Measured MeasureCase(const Case& made, const std::string& folder);

}  // namespace drydock::bench
