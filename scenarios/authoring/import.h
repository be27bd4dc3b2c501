// A captured failure as a scenario: what failed becomes fault rules, the rest becomes state.
// Credentials of the capture go nowhere: requests give their method and address, answers those
// header fields that say something of the failure, and their bodies are redacted.
// Threads: pure functions. Source: issue 6 section 4; docs/import.md.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "scenarios/authoring/har_reader.h"
#include "scenarios/runner/scenario.h"

namespace drydock::scenarios {

struct ImportOptions {
  std::string source;  // the capture's name, for "sources"
  std::string title;   // "": made from what failed
  // A scenario whose world and steps are taken, without its faults and expectations.
  // `like_document` is what was read.
  const Scenario* like = nullptr;
  const json::Value* like_document = nullptr;
  std::string project;      // its folder as the new file names it; "": as `like` does
  std::string repository;   // that the project of `like` publishes, "joakimp/opencode-devbox"
  std::string npm_host;     // that it asks, "npm.test"
  bool keep_world = false;  // false: the world's hub and release tag follow the capture
};

struct Imported {
  std::string text;                // of the scenario file, laid out
  std::vector<std::string> notes;  // what the capture has and the scenario has not
  std::size_t failures = 0;        // exchanges that failed
  std::size_t rules = 0;
};

// kInvalid when nothing in the capture failed, or nothing of it is about a server drydock plays.
Result<Imported> ImportCapture(const Capture& capture, const ImportOptions& options);

// Plays what was made and writes into it how it ended: the verdict of each publish and what the
// runbook's script does. `path` is where the text is to be read. What did not come about in the
// play goes to `notes`; the text stays as it is when it cannot be played at all.
std::string WithVerdicts(std::string text, const std::string& path,
                         std::vector<std::string>& notes);

}  // namespace drydock::scenarios
