// `drydock scenario …`: what people do with scenario files before they replay them.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "scenarios/authoring/explain.h"
#include "scenarios/authoring/format.h"
#include "scenarios/authoring/new_scenario.h"
#include "scenarios/runner/loader.h"

namespace drydock::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kExitWouldChange = 1;
constexpr std::size_t kProseColumns = 100;
constexpr std::uint64_t kFileBytesMax = 1 << 20;

struct CheckFlags {
  std::vector<std::string> paths;
  bool json = false;
};

// {"file": …, "line": …, "message": …}, from "file:line: message".
nlohmann::ordered_json ErrorJson(const std::string& file, const Error& error) {
  nlohmann::ordered_json json = {{"file", file}};
  std::string_view message = error.message();
  if (message.starts_with(file + ":")) {
    message.remove_prefix(file.size() + 1);
    const std::size_t colon = message.find(':');
    if (const auto line = ParseUnsigned(message.substr(0, colon))) {
      json["line"] = *line;
      message.remove_prefix(colon + 1);
    }
  }
  json["message"] = std::string(Trim(message));
  return json;
}

// Every error is printed; the files that are right are only counted.
int Check(const CheckFlags& flags) {
  std::size_t files = 0;
  std::size_t broken = 0;
  auto errors = nlohmann::ordered_json::array();
  const auto tell = [&](const std::string& file, const std::vector<Error>& wrong) {
    broken += wrong.empty() ? 0 : 1;
    for (const Error& error : wrong) {
      errors.push_back(ErrorJson(file, error));
      if (!flags.json) {
        std::cerr << error.message() << "\n";
      }
    }
  };
  for (const std::string& path : flags.paths) {
    const auto found = scenarios::FindScenarios(path);
    if (!found) {
      ++files;
      tell(path, {found.error()});
      continue;
    }
    for (const std::string& file : *found) {
      ++files;
      tell(file, scenarios::CheckScenario(file));
    }
  }
  if (flags.json) {
    const nlohmann::ordered_json report = {
        {"files", files}, {"broken", broken}, {"errors", std::move(errors)}};
    std::cout << report.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
              << "\n";
  } else {
    std::cout << files - broken << " of " << files << " scenarios are right\n";
  }
  return broken > 0 ? kExitUsage : 0;
}

void AddCheck(CLI::App& scenario, int& exit_code) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App* command = scenario.add_subcommand(
      "check", "Read scenario files or folders of them, and say everything that is wrong");
  command->add_option("paths", flags->paths, "Scenario files or folders")
      ->required()
      ->type_name("PATH");
  command->add_flag("--json", flags->json, "Print what is wrong as JSON: file, line, message");
  command->footer(
      R"(Nothing is played. One error a line of the file is named: mend it and check again.

Examples:
  drydock scenario check scenarios
  drydock scenario check my-incident.json --json | jq -r '.errors[].message'

Exit codes: 0 all can be played, 2 something is wrong.)");
  command->callback([flags, &exit_code] { exit_code = Check(*flags); });
}

struct NewFlags {
  std::string name;
  std::string chosen = "fault";
  std::string title;
  std::string project;
  std::string output;
};

bool WriteText(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.flush();
  return static_cast<bool>(file);
}

// How the new file names the project: from its own folder.
Result<std::string> ProjectFor(const NewFlags& flags, const scenarios::ScenarioTemplate& chosen,
                               const fs::path& folder) {
  std::error_code failure;
  const auto found = flags.project.empty() ? scenarios::FindProject(folder.string(), chosen.project)
                                           : std::optional(flags.project);
  if (!found || !fs::is_directory(*found, failure)) {
    return Error(ErrorCode::kNotFound,
                 flags.project.empty()
                     ? Concat({"no folder scenarios/projects/", chosen.project,
                               " here or above (name the project with --project FOLDER)"})
                     : Concat({"no such folder: ", flags.project}));
  }
  return fs::relative(*found, folder, failure).generic_string();
}

int New(const NewFlags& flags) {
  const auto* chosen = scenarios::FindTemplate(flags.chosen);
  const fs::path path = flags.output.empty() ? flags.name + ".json" : flags.output;
  const fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  std::error_code failure;
  if (fs::exists(path, failure)) {
    return BadInput("scenario new",
                    Concat({path.string(), ": is there already, and is not overwritten"}));
  }
  const auto project = ProjectFor(flags, *chosen, folder);
  if (!project) {
    return BadInput("scenario new", project.error().message());
  }
  const std::string& title = flags.title.empty() ? flags.name : flags.title;
  if (!WriteText(path.string(), scenarios::FillTemplate(*chosen, title, *project))) {
    return BadInput("scenario new", Concat({path.string(), ": cannot be written"}));
  }
  std::cout << path.string() << "\n";
  return 0;
}

void AddNew(CLI::App& scenario, int& exit_code) {
  auto flags = std::make_shared<NewFlags>();
  CLI::App* command = scenario.add_subcommand(
      "new", "Write a first scenario file, commented, that passes check and replay as it is");
  command->add_option("name", flags->name, "Its name: NAME.json is written")
      ->required()
      ->type_name("NAME");
  std::vector<std::string> names;
  std::string about;
  for (const scenarios::ScenarioTemplate& each : scenarios::ScenarioTemplates()) {
    names.emplace_back(each.name);
    about += Concat({"  ", PadRight(each.name, 8), each.about, "\n"});
  }
  command->add_option("--template", flags->chosen, "What to start from: see below")
      ->check(CLI::IsMember(names))
      ->type_name("TEMPLATE");
  command->add_option("--title", flags->title, "One line: what happens (the name)");
  command
      ->add_option("--project", flags->project,
                   "The folder that is published (the template's, of scenarios/projects)")
      ->type_name("FOLDER");
  command->add_option("--output", flags->output, "Another file than NAME.json")->type_name("FILE");
  command->footer(Concat({"Templates:\n", about, R"(
Examples:
  drydock scenario new edge-502
  drydock scenario new cache-400 --template ci --title "The cache export is rejected"
  drydock scenario new edge-502 && drydock replay edge-502.json

Exit codes: 0 written, 2 not.)"}));
  command->callback([flags, &exit_code] { exit_code = New(*flags); });
}

struct FmtFlags {
  std::vector<std::string> files;
  bool check = false;
};

// "-" is standard input, laid out on standard output.
int FormatInput(bool check) {
  const std::string text((std::istreambuf_iterator<char>(std::cin)),
                         std::istreambuf_iterator<char>());
  const auto laid = scenarios::FormatJson(text, "standard input");
  if (!laid) {
    std::cerr << laid.error().message() << "\n";
    return kExitUsage;
  }
  if (!check) {
    std::cout << *laid;
  }
  return check && *laid != text ? kExitWouldChange : 0;
}

int FormatFile(const std::string& file, bool check) {
  const auto text = ReadWholeFile(file, kFileBytesMax);
  const auto laid = text ? scenarios::FormatJson(*text, file) : text.error();
  if (!laid) {
    std::cerr << laid.error().message() << "\n";
    return kExitUsage;
  }
  if (*laid == *text) {
    return 0;
  }
  std::cout << file << "\n";
  if (!check && !WriteText(file, *laid)) {
    return BadInput("scenario fmt", Concat({file, ": cannot be written"}));
  }
  return check ? kExitWouldChange : 0;
}

int Format(const FmtFlags& flags) {
  int worst = 0;
  for (const std::string& file : flags.files) {
    worst = std::max(worst, file == "-" ? FormatInput(flags.check) : FormatFile(file, flags.check));
  }
  return worst;
}

void AddFmt(CLI::App& scenario, int& exit_code) {
  auto flags = std::make_shared<FmtFlags>();
  CLI::App* command = scenario.add_subcommand(
      "fmt", "Lay out scenario and fault files in one way, with their comments");
  command->add_option("files", flags->files, "Files; \"-\" is standard input, to standard output")
      ->required()
      ->type_name("FILE");
  command->add_flag("--check", flags->check, "Change nothing; exit 1 if a file would change");
  command->footer(R"(Files that are changed are named. Values and comments stay as they are written.

Examples:
  drydock scenario fmt my-incident.json
  drydock scenario fmt --check scenarios/incidents/*.json
  drydock scenario fmt - < faults.json

Exit codes: 0 done, 1 a file would change (--check), 2 a file cannot be read as JSON.)");
  command->callback([flags, &exit_code] { exit_code = Format(*flags); });
}

int Explain(const std::string& file) {
  const auto wrong = scenarios::CheckScenario(file);
  const auto scenario = scenarios::LoadScenario(file);
  const auto document = json::ParseFile(file);
  for (const Error& error : wrong) {
    std::cerr << error.message() << "\n";
  }
  if (!wrong.empty() || !scenario || !document) {
    return kExitUsage;
  }
  std::cout << scenarios::ExplainScenario(*document, *scenario, kProseColumns);
  return 0;
}

void AddExplain(CLI::App& scenario, int& exit_code) {
  auto file = std::make_shared<std::string>();
  CLI::App* command =
      scenario.add_subcommand("explain", "Say in prose what a scenario will do and what must hold");
  command->add_option("file", *file, "A scenario file")->required()->type_name("FILE");
  command->footer(R"(Examples:
  drydock scenario explain scenarios/incidents/2026-05-28-cache-export-400.json

Exit codes: 0 explained, 2 something is wrong with the file.)");
  command->callback([file, &exit_code] { exit_code = Explain(*file); });
}

}  // namespace

void AddScenario(CLI::App& app, int& exit_code) {
  CLI::App* scenario =
      app.add_subcommand("scenario", "Write scenario files: check, new, fmt, explain");
  scenario->require_subcommand(1);
  scenario->footer(R"(Examples:
  drydock scenario new edge-502           # a first file, commented
  drydock scenario check scenarios        # everything that is wrong, with file and line
  drydock scenario explain edge-502.json  # what will happen, in prose
  drydock scenario fmt edge-502.json      # lay it out

Each has its own --help.)");
  AddCheck(*scenario, exit_code);
  AddNew(*scenario, exit_code);
  AddFmt(*scenario, exit_code);
  AddExplain(*scenario, exit_code);
}

}  // namespace drydock::cli
