// Pieces of prose about a scenario file, from its JSON. Internal to explain.
// Threads: pure functions. Source: docs/scenario-format.md, docs/fault-format.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "simulator/faults/rule.h"

namespace drydock::scenarios::prose {

// The value on one line: {"a": 1}.
std::string Compact(const json::Value& value);
// "1 time", "at least 2 times", "2 to 4 times"; of a number or {"at-least": …}.
std::string Count(const json::Value& bounds, std::string_view noun);
std::string Ordinal(std::int64_t number);  // "1st", "2nd", "13th"
std::string And(const std::vector<std::string>& words, std::string_view last = "and");

// The exchanges that a "when", a "since" or a request filter is about: "upload.commit of a/b".
std::string Exchanges(const json::Value& pattern);
// A whole sentence about a fault rule; `value` is its JSON.
std::string Fault(const json::Value& value, const simulator::FaultRule& rule);
// One line each for what an "expect" object demands.
std::vector<std::string> Expectations(const json::Value& expect);

// Lines of at most `width` columns; the first after `first`, the others after as many blanks.
std::string Wrapped(std::string_view text, std::size_t width, std::string_view first);

}  // namespace drydock::scenarios::prose
