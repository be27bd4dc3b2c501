// Fault rules from JSON. Everything wrong is one line with file, line, the offending piece and what
// was expected, found before anything runs: also a rule that can never match, and an effect that
// cannot apply where it is bound. Threads: pure functions. Source: docs/fault-format.md.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "simulator/faults/rule.h"

namespace drydock::simulator {

inline constexpr std::size_t kFaultRulesMax = 1000;

// Reads a scenario's "faults" array. Errors gather in `source`; what comes back after an error is
// not used.
std::vector<FaultRule> ReadFaultRules(json::Source& source, const json::Value& array);

// A fault file: {"faults": [...]}. kNotFound when it cannot be read, kInvalid for what is wrong.
Result<std::vector<FaultRule>> ReadFaultFile(const std::string& path);
// As ReadFaultFile for a text; `path` names it in messages.
Result<std::vector<FaultRule>> ParseFaultFile(std::string_view text, const std::string& path);

}  // namespace drydock::simulator
