// What a scenario file will do, in prose: its world, its faults, its steps and what must hold.
// Threads: pure functions. Source: issue 6 section 4; docs/scenario-format.md.
#pragma once

#include <string>

#include "core/json.h"
#include "scenarios/runner/scenario.h"

namespace drydock::scenarios {

// Several paragraphs, wrapped at `width` columns. `scenario` is what reading `document` gave, and
// nothing was wrong with it. A member that has no words here is given as the file has it.
std::string ExplainScenario(const json::Value& document, const Scenario& scenario,
                            std::size_t width);

}  // namespace drydock::scenarios
