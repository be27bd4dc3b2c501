// The parts of a diagnosis that stand on what every single attempt says. A private header of
// diagnosis.cc. Threads: pure functions.
#pragma once

#include <vector>

#include "publisher/release/diagnosis.h"

namespace drydock::publisher {

// kUnclear when the failed attempts show several kinds of trouble, or none that is known.
Trouble KindOfTrouble(const std::vector<Attempt>& attempts, Persistence persistence,
                      bool went_away);

// Empty unless both paths were tried.
std::vector<Difference> DifferencesOf(const std::vector<Attempt>& attempts);

}  // namespace drydock::publisher
