// The HTML report of a replay: one file that needs no network and no server, with every scenario
// in it. The same results give the same bytes. Threads: pure functions.
// Source: issue 6 section 5; docs/adr/0043-html-report.md.
#pragma once

#include <string>
#include <vector>

#include "scenarios/runner/report.h"

namespace drydock::scenarios {

std::string ToHtml(const std::vector<Played>& played);

}  // namespace drydock::scenarios
