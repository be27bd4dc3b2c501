// The targets of the hash, judged; and docs/performance-hash.md with its plot's numbers.
// Threads: any; pure. Source: issue 3 section 5.
#pragma once

#include <string>
#include <vector>

#include "bench/grid.h"

namespace drydock::bench {

struct Verdict {
  std::string target;
  std::string found;  // the numbers, or why there are none
  bool measured = false;
  bool judged = false;
  bool holds = false;
};

// "holds", "does not hold", "reported" or "not measured".
std::string Words(const Verdict& verdict);

// Each target against the trees that it speaks of.
std::vector<Verdict> Judge(const std::vector<Measured>& measured);

struct Surroundings {
  std::string when;
  std::string machine;  // several lines, each "- ..."
  std::string command;
};

std::string Markdown(const std::vector<Measured>& measured, const Surroundings& surroundings);

// For gnuplot: bytes, then seconds of the floor, drydock cold and unchanged, and the recipe; NaN
// where somebody did not run.
std::string PlotData(const std::vector<Measured>& measured);

}  // namespace drydock::bench
