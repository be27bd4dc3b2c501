// What `drydock diagnose --recheck` is asked for. Threads: one.
#pragma once

#include <string>

namespace drydock::cli {

struct RecheckFlags {
  std::string release;   // a release file
  std::string registry;  // instead of the file's; "" for the file's
  std::string builder;   // a buildx builder; "" for the present one
  bool json = false;
};

// Prints the outcome; 0 gone, 3 still there, 4 not known, 2 bad input.
int RunRecheck(const RecheckFlags& flags);

}  // namespace drydock::cli
