// The other side of every comparison: the recipe as shell text, run by sh, and another user to run
// it as, since root reads everything. Threads: one; AsNobody changes the whole process.
#pragma once

#include <string>

#include "publisher/hash/recipe.h"

namespace drydock::publisher {

enum class RunAs { kMyself, kNobody };

// The 12 hex digits that the recipe's shell text prints in `root` under LC_ALL=C. A shell that
// fails is a test failure.
std::string ShellHash(const std::string& root, const Recipe& recipe, RunAs user = RunAs::kMyself);

// While it lives, this process is nobody, if it was root.
class AsNobody {
 public:
  AsNobody();
  ~AsNobody();
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  bool root_;
};

}  // namespace drydock::publisher
