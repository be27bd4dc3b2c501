#include <map>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/report.h"

namespace drydock::scenarios {
namespace {

// Text for an XML attribute or element; characters XML 1.0 cannot hold become "?".
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\n':
      case '\t':
        escaped += c;
        break;
      default:
        escaped += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return escaped;
}

// In attributes a newline would be read back as a blank.
std::string Attribute(std::string_view text) { return ReplaceAll(Escaped(text), "\n", "&#10;"); }

struct Case {
  std::string name;
  std::vector<std::pair<std::string, std::string>> failures;  // message, text
};

void AddPlay(const Play& play, const std::string& prefix, std::uint64_t seed,
             std::vector<Case>& cases) {
  std::map<std::string, std::size_t> by_step;
  for (const StepResult& step : play.steps) {
    by_step[step.name] = cases.size();
    cases.push_back({prefix + step.name, {}});
  }
  const std::size_t whole = cases.size();
  cases.push_back({prefix + "the whole run", {}});
  for (const ExpectationFailure& failure : play.failures) {
    const auto step = by_step.find(failure.step);
    cases[step == by_step.end() ? whole : step->second].failures.emplace_back(
        Concat({"expected ", failure.expected, ", found ", failure.found}),
        FailureText(failure, play.events, seed));
  }
}

std::string Suite(const ScenarioResult& result) {
  std::vector<Case> cases;
  AddPlay(result.main, "", result.seed, cases);
  if (result.twin) {
    AddPlay(*result.twin, "without the faults: ", result.seed, cases);
  }
  if (result.script) {
    AddPlay(*result.script, "by the script: ", result.seed, cases);
  }
  if (result.second) {
    AddPlay(*result.second, "second run: ", result.seed, cases);
  }
  std::size_t failed = 0;
  std::string body;
  for (const Case& each : cases) {
    failed += each.failures.empty() ? 0 : 1;
    body += Concat({"    <testcase classname=\"", Attribute(result.file), "\" name=\"",
                    Attribute(each.name), "\""});
    if (each.failures.empty()) {
      body += "/>\n";
      continue;
    }
    body += ">\n";
    for (const auto& [message, text] : each.failures) {
      body += Concat(
          {"      <failure message=\"", Attribute(message), "\">", Escaped(text), "</failure>\n"});
    }
    body += "    </testcase>\n";
  }
  return Concat({"  <testsuite name=\"", Attribute(result.title), "\" tests=\"",
                 std::to_string(cases.size()), "\" failures=\"", std::to_string(failed),
                 "\" errors=\"0\">\n    <properties>\n      <property name=\"seed\" value=\"",
                 std::to_string(result.seed), "\"/>\n    </properties>\n", body,
                 "  </testsuite>\n"});
}

std::string BrokenSuite(const Played& played) {
  return Concat({"  <testsuite name=\"", Attribute(played.file),
                 "\" tests=\"1\" failures=\"0\" errors=\"1\">\n    <testcase classname=\"",
                 Attribute(played.file), "\" name=\"read\">\n      <error message=\"",
                 Attribute(played.outcome.error().message()),
                 "\"/>\n    </testcase>\n  </testsuite>\n"});
}

}  // namespace

std::string ToJUnit(const std::vector<Played>& played) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"drydock\">\n";
  for (const Played& each : played) {
    text += each.outcome ? Suite(*each.outcome) : BrokenSuite(each);
  }
  return text + "</testsuites>\n";
}

}  // namespace drydock::scenarios
