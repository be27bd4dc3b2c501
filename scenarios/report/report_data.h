// What the page of the HTML report reads: results as JSON, compact since a folder of scenarios has
// tens of thousands of exchanges. Credentials: the journal has none; what programs printed is
// redacted here. Threads: pure functions. Source: docs/adr/0043-html-report.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/journal.h"
#include "scenarios/runner/report.h"
#include "scenarios/runner/result.h"

namespace drydock::scenarios {

// The server that took an exchange, as a lane of the timeline: "token service", "registry", "CDN",
// "Hub API", "npm", "forge", or the host's name.
std::string LaneOf(const ExchangeEvent& exchange);

// One scenario with all its plays, events included, as JSON.
std::string ReportData(const ScenarioResult& result);

// A member for each scenario, also for those that could not be played. JSON that may stand inside a
// <script> element: it holds no "<".
std::string ReportIndex(const std::vector<Played>& played);

}  // namespace drydock::scenarios
