// Reading scenario files. Everything wrong with a file is one line "file:line: what: piece
// (expected …)", found before anything is started.
// Threads: pure functions over the file system. Source: docs/scenario-format.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "scenarios/runner/scenario.h"

namespace drydock::scenarios {

// kInvalid for what the file says wrong, kNotFound when it (or a file it names) cannot be read.
Result<Scenario> LoadScenario(const std::string& path);
// As LoadScenario for a text; `path` names it in messages and anchors relative paths.
Result<Scenario> ParseScenario(std::string_view text, const std::string& path);
// Reads a parsed file. Errors gather in `source`, whose file anchors relative paths; what comes
// back after an error is not used.
Scenario ReadScenario(json::Source& source, const json::Value& document);
// Everything wrong with a file, by line; empty when it can be played as far as reading it can tell.
std::vector<Error> CheckScenario(const std::string& path);

// The scenario files under `path`, sorted; `path` itself when it is a file. Skips schema files, the
// catalogue, and the folders of project templates and of commands ("run"). kNotFound when there is
// none.
Result<std::vector<std::string>> FindScenarios(const std::string& path);
// Those under all the paths, read; the first error of either step.
Result<std::vector<Scenario>> LoadScenarios(const std::vector<std::string>& paths);

}  // namespace drydock::scenarios
