#include "scenarios/runner/loader.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "core/json.h"
#include "core/text.h"
#include "scenarios/runner/reader.h"
#include "scenarios/runner/run_commands.h"
#include "scenarios/runner/teeth.h"
#include "simulator/faults/read_rules.h"

namespace drydock::scenarios {
namespace {

namespace fs = std::filesystem;
using json::ObjectReader;
using json::Source;
using json::Value;
using reading::Scope;

// Folders under scenarios/ that hold no scenarios.
constexpr std::string_view kTemplateFolder = "projects";
// Files in it run commands: they are played when they, or their folder, are named.
constexpr std::string_view kCommandFolder = "run";
// What scenarios are about, beside them.
constexpr std::string_view kCatalogue = "catalogue.json";
// When every project was committed: a date of their own would give each file a clone of its own.
constexpr TimePoint kCommitted{std::chrono::seconds(1'777'593'600)};  // 2026-05-01T00:00:00Z
constexpr std::size_t kScenarioBytesMax = 1 << 20;

bool Hashes(const Step& step) { return std::holds_alternative<HashStep>(step.action); }

// Commands run in real time, all others in virtual time: one world cannot have both.
void CheckCommands(Source& source, const Scenario& scenario) {
  if (!HasCommands(scenario)) {
    return;
  }
  for (const Step& step : scenario.steps) {
    if (!std::holds_alternative<RunStep>(step.action) &&
        !std::holds_alternative<FaultSwitchStep>(step.action)) {
      source.Fail(step.line, Concat({"step: ", step.name, R"(: beside "run", which takes real )",
                                     R"(time, there can only be "run" and "faults")"}));
    }
  }
}

ScriptSpec ReadScript(Source& source, const Value& value, const Scenario& scenario,
                      const reading::KnownNames& known) {
  ScriptSpec script;
  script.line = value.line();
  ObjectReader reader(source, value, "script");
  if (reader.Require("verdict", script.verdict)) {
    reading::OneOf(source, *value.Find("verdict"), "script: \"verdict\"", {"green", "red"});
  }
  if (const Value* expect = reader.Optional("expect")) {
    script.expect = reading::ReadExpectations(source, *expect, Scope::kRun, known);
  }
  script.teeth = reader.Read("teeth", script.why);
  const bool as_good = reader.Read("as-good", script.why);
  reader.Finish();
  if (script.teeth == as_good || script.why.empty()) {
    reader.Fail("", R"(expected either "teeth" (what the script does worse) or "as-good" (why the )"
                    R"(file exists although it does as well))");
  }
  if (!HasHostPublish(scenario)) {
    reader.Fail("", "there is no host-publish in whose place the script could play");
  }
  return script;
}

void ReadBody(Source& source, ObjectReader& reader, const std::string& folder, Scenario& scenario) {
  reading::KnownNames known;
  if (const Value* faults = reader.Optional("faults")) {
    scenario.faults = simulator::ReadFaultRules(source, *faults);
    for (const simulator::FaultRule& rule : scenario.faults) {
      known.faults.push_back(rule.name);
    }
  }
  const Value* world = reader.Optional("world");
  if (world != nullptr) {
    scenario.world = reading::ReadWorld(source, *world, folder);
    scenario.world.project.committed = kCommitted;
  }
  known.workflows = scenario.world.ci;
  known.folder = folder;
  if (const Value* steps = reader.Required("steps")) {
    scenario.steps = reading::ReadSteps(source, *steps, known);
  }
  CheckCommands(source, scenario);
  if (world == nullptr && !std::all_of(scenario.steps.begin(), scenario.steps.end(), Hashes)) {
    reader.Required("world");
  }
  const std::pair<std::string_view, std::pair<Scope, std::vector<Expectation>*>> blocks[] = {
      {"expect", {Scope::kRun, &scenario.expect}},
      {"twin", {Scope::kTwin, &scenario.twin}},
      {"second-run", {Scope::kSecond, &scenario.second}},
  };
  for (const auto& [key, block] : blocks) {
    if (const Value* value = reader.Optional(key)) {
      *block.second = reading::ReadExpectations(source, *value, block.first, known);
    }
  }
  reading::CheckWords(source, scenario.second, Publisher::kHost);
  if (const Value* script = reader.Optional("script")) {
    scenario.script = ReadScript(source, *script, scenario, known);
  }
}

Result<Value> ParseDocument(std::string_view text, const std::string& path) {
  return json::Parse(text, path, {.comments = true});
}

Result<std::string> ReadScenarioText(const std::string& path) {
  std::error_code failure;
  const auto bytes = fs::file_size(path, failure);
  if (failure) {
    return Error(ErrorCode::kNotFound, Concat({path, ": cannot be read: ", failure.message()}));
  }
  if (bytes > kScenarioBytesMax) {
    return Error(ErrorCode::kInvalid,
                 Concat({path, ": too long: ", HumanBytes(bytes), " (expected at most 1 MiB)"}));
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return Error(ErrorCode::kNotFound, Concat({path, ": cannot be read"}));
  }
  return text.str();
}

}  // namespace

Scenario ReadScenario(Source& source, const Value& document) {
  ObjectReader reader(source, document, "scenario");
  Scenario scenario;
  scenario.file = source.file();
  reader.Require("title", scenario.title);
  reader.Read("about", scenario.about);
  reader.Read("covers", scenario.covers);
  if (reader.Require("sources", scenario.sources) && scenario.sources.empty()) {
    reader.Fail("sources", "is empty (expected the incidents or documents it stands on)");
  }
  reader.Read("cache-blob", scenario.cache_blob);
  reader.Require("start", scenario.start);
  reader.Read("seed", scenario.seed);
  if (reader.Read("deadline", scenario.deadline) &&
      (scenario.deadline <= Duration::zero() || scenario.deadline > kDeadlineMost)) {
    reader.Fail("deadline", "expected more than 0 and at most 3660d of virtual time");
  }
  ReadBody(source, reader, fs::path(source.file()).parent_path().string(), scenario);
  reader.Finish();
  return scenario;
}

Result<Scenario> ParseScenario(std::string_view text, const std::string& path) {
  const auto document = ParseDocument(text, path);
  if (!document) {
    return document.error();
  }
  Source source(path);
  Scenario scenario = ReadScenario(source, *document);
  const Status status = source.status();
  if (!status) {
    return status.error();
  }
  return scenario;
}

Result<Scenario> LoadScenario(const std::string& path) {
  const auto text = ReadScenarioText(path);
  return text ? ParseScenario(*text, path) : text.error();
}

std::vector<Error> CheckScenario(const std::string& path) {
  const auto text = ReadScenarioText(path);
  const auto document = text ? ParseDocument(*text, path) : text.error();
  if (!document) {
    return {document.error()};
  }
  Source source(path);
  static_cast<void>(ReadScenario(source, *document));
  return source.errors();
}

Result<std::vector<std::string>> FindScenarios(const std::string& path) {
  std::error_code failure;
  if (fs::is_regular_file(path, failure)) {
    return std::vector<std::string>{path};
  }
  if (!fs::is_directory(path, failure)) {
    return Error(ErrorCode::kNotFound,
                 Concat({path, ": no such file or folder (expected a scenario or a folder)"}));
  }
  std::vector<std::string> found;
  auto entry = fs::recursive_directory_iterator(path, failure);
  for (; !failure && entry != fs::recursive_directory_iterator(); entry.increment(failure)) {
    const fs::path& file = entry->path();
    if (entry->is_directory() &&
        (file.filename() == kTemplateFolder || file.filename() == kCommandFolder)) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && file.extension() == ".json" &&
               file.stem().extension() != ".schema" && file.filename() != kCatalogue) {
      found.push_back(file.string());
    }
  }
  if (failure) {
    return Error(ErrorCode::kNotFound, Concat({path, ": cannot be read: ", failure.message()}));
  }
  if (found.empty()) {
    return Error(ErrorCode::kNotFound, Concat({path, ": no scenario files in this folder"}));
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<std::vector<Scenario>> LoadScenarios(const std::vector<std::string>& paths) {
  std::vector<Scenario> loaded;
  for (const std::string& path : paths) {
    const auto files = FindScenarios(path);
    if (!files) {
      return files.error();
    }
    for (const std::string& file : *files) {
      auto scenario = LoadScenario(file);
      if (!scenario) {
        return scenario.error();
      }
      loaded.push_back(std::move(*scenario));
    }
  }
  return loaded;
}

}  // namespace drydock::scenarios
