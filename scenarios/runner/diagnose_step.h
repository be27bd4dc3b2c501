// The step "diagnose": the publishes played so far, held against each other by the publisher's
// diagnosis. Threads: pure functions. Source: runbook "After: capture diagnostic value".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/journal.h"
#include "scenarios/runner/result.h"

namespace drydock::scenarios {

struct DiagnosisInput {
  const std::vector<StepResult>& steps;
  const std::map<std::string, std::string>& notes;  // by step: what was changed on purpose
  const std::map<std::string, bool>& cached;        // by step: whether a cache was exported
  std::vector<Event> events;                        // of the whole journal
};

// Fills findings and reason of `result`.
void Diagnose(const DiagnosisInput& input, StepResult& result);

}  // namespace drydock::scenarios
