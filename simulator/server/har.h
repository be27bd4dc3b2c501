// A journal as HAR 1.2, for the viewers that browsers and proxies have. Credentials are as redacted
// as in the journal; bodies are not in it, except the excerpts of error answers.
// Threads: pure. Source: HTTP Archive 1.2.
#pragma once

#include <string>
#include <vector>

#include "core/journal.h"

namespace drydock::simulator {

// One entry an exchange; other events are left out.
std::string ToHar(const std::vector<Event>& events);

}  // namespace drydock::simulator
