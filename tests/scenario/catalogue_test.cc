// docs/incidents.md: every incident of the catalogue, the scenario files that play it, what they
// assert, and where the runbook's script falls behind. Made from scenarios/incidents; the committed
// file must be what they make. An incident has a file or says why it has none.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/text.h"
#include "tests/scenario/plays.h"

namespace drydock::testing {
namespace {

using scenarios::Scenario;

struct Incident {
  std::string id;
  std::string group;  // "A" to "G", "dated", "idea"
  bool core = false;
  std::string kind;      // "D", "T/S", …; "" when it is of none
  std::string evidence;  // "W", "S", "I"; "" when it is not from incidents.md
  std::string title;
  std::vector<std::string> sources;
  std::string no_file;  // why; "" when there is one
};

struct Group {
  std::string_view key;
  std::string_view title;
};

constexpr Group kGroups[] = {
    {"A", "A. Manifest acceptance"},
    {"B", "B. Consistency, lost or late state"},
    {"C", "C. Upload protocol"},
    {"D", "D. Authentication and tokens"},
    {"E", "E. Rate limits"},
    {"F", "F. Edge, network, outages"},
    {"G", "G. Tags, immutability, several platforms and registries"},
    {"dated", "Dated incidents of opencode-devbox and pi-devbox"},
    {"idea", "Scenario ideas from the same pipeline"},
};

constexpr std::string_view kIntroduction =
    "# Incidents\n"
    "\n"
    "What real registries did to real publishers (`scenarios/incidents/catalogue.json`), and the "
    "scenario files\n"
    "that play it. Beside each: what the file asserts of its steps, and where the runbook's script "
    "falls behind.\n"
    "Every file is also played without its faults, and once more after they are gone.\n"
    "\n"
    "Class: D the same answer every time, T goes away by itself, S depends on state or another "
    "client, A only\n"
    "asking tells what happened, O an outage. Evidence: W a source quotes the exchange, S the "
    "status and words\n"
    "are known, I the shape is inferred. **Core** incidents are the ones to play first.\n"
    "\n"
    "Made by the test `CatalogueTest.TheDocumentIsInStep`, which says how to renew it.\n";

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<Incident> ReadCatalogue() {
  const std::string path = Concat({DRYDOCK_SOURCE_DIR, "/scenarios/incidents/catalogue.json"});
  const std::string text = ReadWhole(path);
  const auto whole = json::Parse(text, path);
  std::vector<Incident> incidents;
  if (!whole) {
    ADD_FAILURE() << whole.error().message();
    return incidents;
  }
  json::Source source(path);
  json::ObjectReader top(source, *whole, "catalogue");
  const json::Value* entries = top.Required("entries");
  top.Finish();
  if (entries == nullptr || entries->as_array() == nullptr) {
    ADD_FAILURE() << path << ": no entries";
    return incidents;
  }
  for (const json::Value& entry : *entries->as_array()) {
    Incident incident;
    json::ObjectReader reader(source, entry, "entry");
    reader.Require("id", incident.id);
    reader.Require("group", incident.group);
    reader.Read("core", incident.core);
    reader.Read("class", incident.kind);
    reader.Read("evidence", incident.evidence);
    reader.Require("title", incident.title);
    reader.Require("sources", incident.sources);
    reader.Read("no-file", incident.no_file);
    reader.Finish();
    incidents.push_back(std::move(incident));
  }
  EXPECT_TRUE(source.ok()) << source.status().error().message();
  return incidents;
}

struct Played {
  std::string name;  // of the file, without folder and ending
  Scenario scenario;
};

std::vector<Played> ReadFiles() {
  std::vector<Played> files;
  for (const std::string& file : FilesIn("scenarios/incidents")) {
    files.push_back({std::filesystem::path(file).stem().string(), Load(file)});
  }
  return files;
}

bool Plays(const Played& file, const std::string& id) {
  const auto& covers = file.scenario.covers;
  return file.name == id || std::find(covers.begin(), covers.end(), id) != covers.end();
}

// "2 request counts", "1 tag".
std::string Counted(std::size_t count, std::string_view one, std::string_view many) {
  return Concat({std::to_string(count), " ", count == 1 ? one : many});
}

template <class Kind>
std::vector<const Kind*> All(const std::vector<scenarios::Expectation>& expect) {
  std::vector<const Kind*> found;
  for (const auto& each : expect) {
    if (const auto* kind = std::get_if<Kind>(&each.kind)) {
      found.push_back(kind);
    }
  }
  return found;
}

// What a file expects: the verdicts in order, then how much of what else.
std::string Asserted(const Scenario& scenario) {
  std::vector<scenarios::Expectation> all = scenario.expect;
  for (const scenarios::Step& step : scenario.steps) {
    all.insert(all.end(), step.expect.begin(), step.expect.end());
  }
  std::vector<std::string> told;
  std::vector<std::string> verdicts;
  for (const auto* verdict : All<scenarios::VerdictIs>(all)) {
    if (verdicts.empty() || verdicts.back() != verdict->verdict) {
      verdicts.push_back(verdict->verdict);
    }
  }
  if (!verdicts.empty()) {
    told.push_back(Join(verdicts, ", then "));
  }
  std::size_t counts = 0;
  std::size_t never = 0;
  for (const auto* requests : All<scenarios::RequestsAre>(all)) {
    (requests->bounds.most == 0 ? never : counts) += 1;
  }
  const auto add = [&](std::size_t count, std::string_view one, std::string_view many) {
    if (count > 0) {
      told.push_back(Counted(count, one, many));
    }
  };
  add(All<scenarios::TagIs>(all).size(), "tag", "tags");
  add(All<scenarios::UntaggedAre>(all).size(), "count of untagged manifests",
      "counts of untagged manifests");
  add(counts, "request count", "request counts");
  add(never, "request that never comes", "requests that never come");
  add(All<scenarios::PartIs>(all).size(), "part", "parts");
  add(All<scenarios::CountIs>(all).size(), "amount of work", "amounts of work");
  add(All<scenarios::WaitsAre>(all).size() + All<scenarios::TookBetween>(all).size(), "time",
      "times");
  add(All<scenarios::OutputHas>(all).size(), "line of output", "lines of output");
  add(All<scenarios::DiagnosisHas>(all).size(), "field of a diagnosis", "fields of a diagnosis");
  return Join(told, "; ");
}

std::string Linked(const std::string& source) {
  constexpr std::string_view kGitHub = "https://github.com/";
  if (!source.starts_with("https://")) {
    return source;
  }
  std::string shown = source.substr(8);
  if (source.starts_with(kGitHub)) {
    const auto parts = Split(source.substr(kGitHub.size()), '/');
    shown = parts.size() == 4 ? Concat({parts[0], "/", parts[1], "#", parts[3]}) : shown;
  } else {
    shown = shown.substr(0, shown.find('/'));
  }
  return Concat({"[", shown, "](", source, ")"});
}

struct Tally {
  std::size_t played = 0;
  std::size_t all = 0;
  std::string Text() const { return Concat({std::to_string(played), " of ", std::to_string(all)}); }
};

std::string TallyKind(const Incident& incident) {
  if (incident.group == "dated" || incident.group == "idea") {
    return incident.group;
  }
  return incident.core ? "core" : "other";
}

std::string OfTheScript(const scenarios::Scenario& scenario) {
  if (!scenario.script) {
    return "";
  }
  const scenarios::ScriptSpec& script = *scenario.script;
  return Concat({script.verdict, script.teeth ? ", worse: " : ", as good: ", script.why});
}

std::string Document(const std::vector<Incident>& incidents, const std::vector<Played>& files) {
  std::map<std::string, Tally> tallies;
  std::map<std::string, std::string> rows;  // by group
  for (const Incident& incident : incidents) {
    std::vector<std::string> sources;
    for (const std::string& source : incident.sources) {
      sources.push_back(Linked(source));
    }
    const std::string nature = Join(
        std::vector<std::string>{incident.kind, incident.evidence, incident.core ? "**core**" : ""},
        " ");
    std::string& text = rows[incident.group];
    const std::string head = Concat({"| `", incident.id, "` | ", Trim(nature), " | ",
                                     incident.title, " (", Join(sources, ", "), ") | "});
    Tally& tally = tallies[TallyKind(incident)];
    bool played = false;
    for (const Played& file : files) {
      if (Plays(file, incident.id)) {
        const std::string name = Concat({file.name, ".json"});
        text +=
            Concat({played ? "| | | | " : head, "[", file.name, "](../scenarios/incidents/", name,
                    ") | ", Asserted(file.scenario), " | ", OfTheScript(file.scenario), " |\n"});
        played = true;
      }
    }
    text += played ? "" : Concat({head, "none: ", incident.no_file, " | | |\n"});
    tally.all += 1;
    tally.played += played ? 1 : 0;
  }
  std::string text = Concat(
      {kIntroduction, "\n| | played |\n|---|---|\n| core incidents | ", tallies["core"].Text(),
       " |\n| other incidents | ", tallies["other"].Text(), " |\n| dated incidents | ",
       tallies["dated"].Text(), " |\n| scenario ideas | ", tallies["idea"].Text(), " |\n"});
  constexpr std::string_view kHead =
      "\n\n| id | class, evidence | what happened (source) | file | asserted | the script "
      "|\n|---|---|---|---|---|---|\n";
  for (const Group& group : kGroups) {
    text += Concat({"\n## ", group.title, kHead, rows[std::string(group.key)]});
  }
  return text;
}

TEST(CatalogueTest, EveryIncidentHasAFileOrAReason) {
  const auto files = ReadFiles();
  std::set<std::string> ids;
  for (const Incident& incident : ReadCatalogue()) {
    EXPECT_TRUE(ids.insert(incident.id).second) << incident.id << " is there twice";
    EXPECT_TRUE(std::any_of(std::begin(kGroups), std::end(kGroups),
                            [&](const Group& group) { return group.key == incident.group; }))
        << incident.id << ": no such group: " << incident.group;
    EXPECT_FALSE(incident.sources.empty()) << incident.id;
    const bool played = std::any_of(files.begin(), files.end(),
                                    [&](const Played& file) { return Plays(file, incident.id); });
    EXPECT_NE(played, !incident.no_file.empty())
        << incident.id
        << (played ? ": has a file: drop its \"no-file\" from the catalogue"
                   : ": no file plays it: say why in \"no-file\"");
  }
}

TEST(CatalogueTest, FilesCoverWhatTheCatalogueKnows) {
  std::set<std::string> ids;
  for (const Incident& incident : ReadCatalogue()) {
    ids.insert(incident.id);
  }
  for (const Played& file : ReadFiles()) {
    for (const std::string& id : file.scenario.covers) {
      EXPECT_EQ(ids.count(id), 1U) << file.name << " covers an unknown id: " << id;
      EXPECT_NE(id, file.name) << "a file plays what it is named after";
    }
  }
}

TEST(CatalogueTest, TheDocumentIsInStep) {
  const std::string made = Document(ReadCatalogue(), ReadFiles());
  const std::string committed = Concat({DRYDOCK_SOURCE_DIR, "/docs/incidents.md"});
  if (ReadWhole(committed) == made) {
    return;
  }
  const std::string renewed = Concat({DRYDOCK_BINARY_DIR, "/incidents.md"});
  std::ofstream(renewed) << made;
  FAIL() << "docs/incidents.md is not what scenarios/incidents makes; to renew it:\n  cp "
         << renewed << " " << committed;
}

}  // namespace
}  // namespace drydock::testing
