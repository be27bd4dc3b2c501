// The texts of the report's page, embedded when the program is built: page.html, page.css and the
// scripts, in the order of CMakeLists.txt. Threads: constants. Source:
// docs/adr/0043-html-report.md.
#pragma once

#include <string_view>

namespace drydock::scenarios {

extern const std::string_view kPageFrame;
extern const std::string_view kPageStyle;
extern const std::string_view kPageScript;

}  // namespace drydock::scenarios
