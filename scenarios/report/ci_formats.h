// What other programs read of a replay, beside JUnit XML and JSON: TAP, JSON lines, and annotations
// of GitHub's and Gitea's logs. Threads: pure functions.
// Source: docs/adr/0044-line-formats.md; TAP 14.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/runner/report.h"

namespace drydock::scenarios {

// TAP version 14: a test point a scenario; one that failed has its failures in a YAML block.
std::string ToTap(const std::vector<Played>& played);

// One JSON object a line: "failure" for each expectation that did not hold, then "scenario" for the
// file it belongs to, and last "summary". Members are only ever added.
std::string ToJsonLines(const std::vector<Played>& played);

// "::error file=…,line=…,title=…::…", a line for each expectation that did not hold and each
// scenario that could not be played; "" when there is none.
std::string ToAnnotations(const std::vector<Played>& played);

}  // namespace drydock::scenarios
