// What each publisher calls its ends and its parts, and whether a file keeps to it.
#include <algorithm>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/reader.h"

namespace drydock::scenarios::reading {
namespace {

using json::Source;

struct Words {
  std::string_view publisher;
  std::vector<std::string> parts;
  std::vector<std::string_view> part_prefixes;
  bool verdicts_of_drydock = false;  // or else those of an exit code
};

// What each publisher calls its parts: publisher/release/pipeline.cc and scenarios/runner/script.
const Words& WordsOf(Publisher publisher) {
  static const Words kHost = {"drydock's publisher",
                              {"preflight", "versions", "base-hash", "probe", "base-build",
                               "promote-base-latest", "verify"},
                              {"variant:", "alias:"},
                              true};
  static const Words kScript = {"the script",
                                {"preflight", "probe", "base-build", "promote-base", "verify"},
                                {"variant:"},
                                false};
  static const Words kWorkflow = {
      "the workflow",
      {"resolve-versions", "base-decide", "build-base", "promote-base-latest"},
      {"variant:"},
      false};
  return publisher == Publisher::kHost         ? kHost
         : publisher == Publisher::kHostScript ? kScript
                                               : kWorkflow;
}

}  // namespace

void CheckWords(Source& source, const std::vector<Expectation>& expectations, Publisher publisher) {
  const Words& words = WordsOf(publisher);
  for (const Expectation& expectation : expectations) {
    if (const auto* verdict = std::get_if<VerdictIs>(&expectation.kind)) {
      const bool plain = verdict->verdict == "green" || verdict->verdict == "red";
      if (plain == words.verdicts_of_drydock) {
        source.Fail(
            expectation.line,
            Concat({"verdict: ", words.publisher, " never says \"", verdict->verdict,
                    "\" (expected ",
                    plain ? "published-and-verified, partial, refused, …" : "green or red", ")"}));
      }
    }
    if (const auto* part = std::get_if<PartIs>(&expectation.kind)) {
      const bool named =
          std::find(words.parts.begin(), words.parts.end(), part->part) != words.parts.end() ||
          std::any_of(words.part_prefixes.begin(), words.part_prefixes.end(),
                      [&](std::string_view prefix) { return part->part.rfind(prefix, 0) == 0; });
      if (!named) {
        source.Fail(expectation.line,
                    Concat({"parts: ", words.publisher, " has no part \"", part->part,
                            "\" (expected one of: ", Join(words.parts, ", "), ", variant:NAME)"}));
      }
    }
  }
}

void CheckWords(Source& source, const Step& step, const PublishStep& publish,
                const KnownNames& known) {
  if (publish.workflow.empty()) {
    CheckWords(source, step.expect, publish.publisher);
  } else if (known.workflows.count(publish.workflow) == 0) {
    source.Fail(step.line,
                Concat({step.name, ": \"workflow\": the world's \"ci\" has no such one: \"",
                        publish.workflow, "\""}));
    return;
  }
  const script::CiWorkflow workflow =
      publish.workflow.empty() ? script::UsualWorkflow(true) : known.workflows.at(publish.workflow);
  std::vector<std::pair<std::size_t, std::string>> parts;
  for (const auto& [part, trouble] : publish.trouble) {
    parts.emplace_back(step.line, part);
  }
  for (const Expectation& expectation : step.expect) {
    const auto* part = std::get_if<PartIs>(&expectation.kind);
    if (part != nullptr && !publish.workflow.empty()) {
      parts.emplace_back(expectation.line, part->part);
    }
  }
  for (const auto& [line, part] : parts) {
    if (!HasPart(workflow, part)) {
      source.Fail(line, Concat({step.name, ": the workflow has no part \"", part,
                                "\" (expected a job, JOB:VARIANT or JOB:VARIANT:PLATFORM)"}));
    }
  }
}

}  // namespace drydock::scenarios::reading
