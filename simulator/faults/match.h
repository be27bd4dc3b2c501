// Whether an exchange is what a rule is about, as far as the exchange alone tells. Windows that an
// event opens are FaultState's. Internal to the fault engine.
// Threads: pure functions. Source: incidents.md 9.1 (M1-M6, M9, M11).
#pragma once

#include <string>
#include <vector>

#include "simulator/faults/fault_state.h"
#include "simulator/faults/rule.h"

namespace drydock::simulator {

bool Fits(const ExchangePattern& pattern, const Sight& sight);
// Whether the values of a name are what a test wants.
bool Holds(const ValueTest& test, const std::vector<std::string>& values);
// What the site must have, as far as anybody can tell.
bool FitsState(const StateTest& state, const Sight& sight);
// Everything of `when` but its `since`.
bool FitsAlone(const When& when, const Sight& sight);

// "repository=a/b digest=sha256:…": what the exchange has for these keys; "" for no keys.
std::string KeyOf(const std::vector<Key>& keys, const Sight& sight);
// The value of one key, "" when the exchange has none.
std::string ValueOf(Key key, const Sight& sight);

}  // namespace drydock::simulator
