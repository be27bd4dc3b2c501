// A first scenario file to change: commented, right, and playable as it stands.
// Threads: pure functions over the file system. Source: issue 6 section 4.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drydock::scenarios {

struct ScenarioTemplate {
  std::string_view name;     // "fault"
  std::string_view about;    // one line for --help
  std::string_view project;  // the folder of scenarios/projects it is written for
  std::string_view text;
};

// In the order of --help; the first is the usual one.
const std::vector<ScenarioTemplate>& ScenarioTemplates();
// nullptr when there is none of that name.
const ScenarioTemplate* FindTemplate(std::string_view name);

// The template's text for a scenario called `title`, whose project is the folder `project` as the
// new file will name it (relative to the file, or absolute).
std::string FillTemplate(const ScenarioTemplate& chosen, std::string_view title,
                         std::string_view project);

// The folder scenarios/projects/`project` of this folder or of one above it; nullopt when there is
// none.
std::optional<std::string> FindProject(const std::string& from, std::string_view project);

}  // namespace drydock::scenarios
