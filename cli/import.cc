// `drydock import FILE.har`: a captured failure becomes a scenario.
#include "scenarios/authoring/import.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "core/file.h"
#include "core/text.h"
#include "publisher/release/release_file.h"
#include "scenarios/authoring/har_reader.h"
#include "scenarios/authoring/new_scenario.h"
#include "scenarios/runner/loader.h"

namespace drydock::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemplate = "plain";

struct ImportFlags {
  std::string file;
  std::string like;
  std::string title;
  std::string output;
};

// The scenario whose world and steps the new one takes.
struct Model {
  scenarios::Scenario scenario;
  json::Value document;
};

Result<Model> ReadModel(std::string_view text, const std::string& path) {
  auto scenario = scenarios::ParseScenario(text, path);
  auto document = json::Parse(text, path, {.comments = true});
  if (!scenario || !document) {
    return scenario ? document.error() : scenario.error();
  }
  return Model{std::move(*scenario), std::move(*document)};
}

Result<Model> FindModel(const ImportFlags& flags) {
  if (!flags.like.empty()) {
    const auto text = ReadWholeFile(flags.like);
    return text ? ReadModel(*text, flags.like) : text.error();
  }
  const auto* plain = scenarios::FindTemplate(kTemplate);
  const auto project = scenarios::FindProject(".", plain->project);
  if (!project) {
    return Error(ErrorCode::kNotFound,
                 Concat({"no folder scenarios/projects/", plain->project,
                         " here or above to publish (name a scenario with --like FILE)"}));
  }
  return ReadModel(scenarios::FillTemplate(*plain, "t", *project), "template");
}

// What the project publishes and asks, from its release file.
Status Learn(const Model& model, const ImportFlags& flags, scenarios::ImportOptions& options) {
  const std::string& folder = model.scenario.world.project.folder;
  if (folder.empty()) {
    return Error(ErrorCode::kInvalid, Concat({flags.like, ": publishes nothing"}));
  }
  const auto release = publisher::ReadReleaseFile((fs::path(folder) / "release.json").string());
  if (!release) {
    return release.error();
  }
  options.repository = release->image.repository;
  if (const auto npm = Url::Parse(release->npm_registry)) {
    options.npm_host = npm->host;
  }
  std::error_code failure;
  const fs::path home =
      flags.output.empty() ? fs::path(".") : fs::absolute(flags.output).parent_path();
  options.project = fs::relative(folder, home, failure).generic_string();
  return Ok{};
}

int WriteImported(const ImportFlags& flags, scenarios::Imported imported) {
  const std::string path = flags.output.empty() ? "imported.json" : flags.output;
  imported.text = scenarios::WithVerdicts(std::move(imported.text), path, imported.notes);
  if (flags.output.empty()) {
    std::cout << imported.text;
  } else {
    std::ofstream file(flags.output, std::ios::binary | std::ios::trunc);
    file << imported.text;
    file.flush();
    if (!file) {
      return BadInput("import", Concat({flags.output, ": cannot be written"}));
    }
  }
  std::cerr << "drydock import: " << imported.failures << " failed requests became "
            << imported.rules << (imported.rules == 1 ? " fault\n" : " faults\n");
  for (const std::string& note : imported.notes) {
    std::cerr << "drydock import: not in the scenario: " << note << "\n";
  }
  return 0;
}

int Import(const ImportFlags& flags) {
  const auto text = ReadWholeFile(flags.file, scenarios::kHarBytesMax);
  const auto capture = text ? scenarios::ReadHar(*text, flags.file) : text.error();
  if (!capture) {
    return BadInput("import", capture.error().message());
  }
  const auto model = FindModel(flags);
  if (!model) {
    return BadInput("import", model.error().message());
  }
  scenarios::ImportOptions options;
  options.source = fs::path(flags.file).filename().string();
  options.title = flags.title;
  options.like = &model->scenario;
  options.like_document = &model->document;
  options.keep_world = !flags.like.empty();
  const Status learned = Learn(*model, flags, options);
  auto imported = learned ? scenarios::ImportCapture(*capture, options) : learned.error();
  return imported ? WriteImported(flags, std::move(*imported))
                  : BadInput("import", imported.error().message());
}

}  // namespace

void AddImport(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ImportFlags>();
  CLI::App* command = app.add_subcommand(
      "import", "Make a scenario of a captured failure (HAR of a browser, mitmproxy or drydock)");
  command->add_option("file", flags->file, "The capture")->required()->type_name("FILE.har");
  command
      ->add_option("--like", flags->like,
                   "Take world and steps from this scenario (a publish by drydock)")
      ->type_name("SCENARIO");
  command->add_option("--title", flags->title, "One line: what happens");
  command->add_option("--output", flags->output, "Write there, not to standard output")
      ->type_name("FILE");
  command->footer(
      R"(What failed becomes faults: the same answers at the same requests, counted for each
operation, repository and tag. Tags that were there become the Hub's earlier release. It is
played once, and how it ended is what it expects. Credentials are left out. What a scenario cannot say is listed on standard error and in its "about".

Examples:
  drydock import failed-push.har --output failed-push.json
  mitmdump -nr flows --set hardump=failed-push.har && drydock import failed-push.har
  drydock replay FILE --har run.har && drydock import run.har --like FILE

Exit codes: 0 written, 2 the capture cannot be read, or nothing in it failed.)");
  command->callback([flags, &exit_code] { exit_code = Import(*flags); });
}

}  // namespace drydock::cli
