// Pieces of the scenario reader, one for each section of a file. Internal to the loader.
// Errors gather in the Source; what comes back after an error is not used.
// Threads: pure functions. Source: docs/scenario-format.md.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "scenarios/runner/scenario.h"

namespace drydock::scenarios::reading {

// Which expectations make sense where an "expect" object stands.
enum class Scope {
  kPublish,   // a step that publishes
  kDiagnose,  // a diagnose step
  kAsk,       // a step that asks a server
  kStep,      // any other step
  kRun,       // the whole run
  kTwin,      // the twin: the whole run, and one verdict for its publishes
  kSecond,    // the second run: a publish of its own
};

// What expectations may name; filled before they are read.
struct KnownNames {
  std::vector<std::string> faults;
  std::map<std::string, script::CiWorkflow> workflows;
  std::string folder;  // that relative paths start at
};

std::vector<Expectation> ReadExpectations(json::Source& source, const json::Value& value,
                                          Scope scope, const KnownNames& known);
// Verdicts and parts are words of one publisher: fails `source` at those that `publisher` never
// says. Names behind "variant:" and "alias:" are the release file's and not looked at.
void CheckWords(json::Source& source, const std::vector<Expectation>& expectations,
                Publisher publisher);
RequestFilter ReadFilter(json::Source& source, const json::Value& value, std::string_view what);

// Of the publishing step: its verdicts and parts, and the parts that "trouble" is about.
void CheckWords(json::Source& source, const Step& step, const PublishStep& publish,
                const KnownNames& known);

// The member "ci" of a world.
std::map<std::string, script::CiWorkflow> ReadCi(json::Source& source, const json::Value& value);
// Whether `part` is a job of the workflow, "JOB:VARIANT" of one with a leg for each variant, or
// "JOB:VARIANT:PLATFORM".
bool HasPart(const script::CiWorkflow& workflow, std::string_view part);
// The folder of a project template.
std::string ReadTemplate(json::Source& source, json::ObjectReader& reader,
                         const std::string& relative, const std::string& folder);

// Relative paths in the world start at `folder`.
WorldSpec ReadWorld(json::Source& source, const json::Value& value, const std::string& folder);

// Fails `source` at the value's line unless `text` is one of `choices`.
bool OneOf(json::Source& source, const json::Value& value, std::string_view what,
           const std::vector<std::string>& choices);

// The member "key": texts by relative path. A path that leads elsewhere fails the source.
std::map<std::string, std::string> ReadFiles(json::Source& source, json::ObjectReader& reader,
                                             std::string_view key);
// The members "modes" and "links" of a project step, beside its files.
void ReadModesAndLinks(json::Source& source, json::ObjectReader& reader, ProjectStep& step);
// The members "dirty", "head", "untracked" and "line-endings" of a project, into a ProjectSpec or a
// ProjectStep.
template <class Project>
void ReadWorkTree(json::Source& source, json::ObjectReader& reader, Project& project) {
  reader.Read("dirty", project.dirty);
  if (const json::Value* head = reader.Optional("head")) {
    OneOf(source, *head, "project: \"head\"", {"at-tag", "ahead"});
    project.head_at_tag = head->as_string() == nullptr || *head->as_string() != "ahead";
  }
  project.untracked = ReadFiles(source, reader, "untracked");
  if (const json::Value* endings = reader.Optional("line-endings")) {
    OneOf(source, *endings, "project: \"line-endings\"", {"lf", "crlf"});
    project.crlf = endings->as_string() != nullptr && *endings->as_string() == "crlf";
  }
}

std::vector<Step> ReadSteps(json::Source& source, const json::Value& value,
                            const KnownNames& known);

}  // namespace drydock::scenarios::reading
