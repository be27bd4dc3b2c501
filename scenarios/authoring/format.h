// Scenario and fault files in one layout, with their comments. Only white space and commas move:
// what a file says and every comment in it stay. Laying out what is laid out changes nothing.
// Threads: pure function. Source: issue 6 section 4; docs/scenario-format.md.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace drydock::scenarios {

inline constexpr std::size_t kFormatColumns = 100;

// The text laid out: two blanks a level; an object or array on one line if it fits there, holds no
// comment and was not begun on a line of its own. kInvalid when the text is not JSON; `source`
// names it in the message.
Result<std::string> FormatJson(std::string_view text, std::string_view source);

}  // namespace drydock::scenarios
