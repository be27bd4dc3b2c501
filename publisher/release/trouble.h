// The parts of a diagnosis that stand on what every single attempt says. A private header of
// diagnosis.cc. Threads: pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "publisher/release/diagnosis.h"

namespace drydock::publisher {

// kUnclear when the failed attempts show several kinds of trouble, or none that is known.
Trouble KindOfTrouble(const std::vector<Attempt>& attempts, Persistence persistence,
                      bool went_away);

// Whether all that a failed attempt shows is that digests, pushed, could not be handed on.
bool FailedAtHandOver(const Attempt& attempt);

// What is said of trouble that no other way to publish cures, and what cures it; the first is "" of
// any other trouble.
std::string_view NotThePath(Trouble trouble);
std::string_view RemedyOf(Trouble trouble);

// Empty unless both paths were tried.
std::vector<Difference> DifferencesOf(const std::vector<Attempt>& attempts);

}  // namespace drydock::publisher
