// What a scenario file does, in words.
#include "scenarios/authoring/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"
#include "scenarios/authoring/prose.h"
#include "scenarios/runner/loader.h"
#include "simulator/faults/read_rules.h"

namespace drydock::scenarios {
namespace {

using ::testing::HasSubstr;

const std::string kScenarios = std::string(DRYDOCK_SOURCE_DIR) + "/scenarios";

json::Value Parsed(std::string_view text) {
  auto value = json::Parse(text, "test", {.comments = true});
  EXPECT_TRUE(value.ok()) << (value ? "" : value.error().message());
  return value ? *value : json::Value();
}

std::string FaultSays(std::string_view text) {
  const json::Value rules = Parsed(Concat({"[", text, "]"}));
  json::Source source("test");
  const auto read = simulator::ReadFaultRules(source, rules);
  EXPECT_TRUE(source.ok()) << source.errors().front().message();
  return prose::Fault(rules.as_array()->front(), read.front());
}

TEST(Explain, SaysHowOftenAFaultActs) {
  for (const auto& [times, words] : std::vector<std::pair<std::string, std::string>>{
           {"1", "the first time"},
           {"3", "the first 3 times"},
           {R"({"nth": 2})", "the 2nd time"},
           {R"({"nth": 12})", "the 12th time"},
           {R"({"after": 21})", "after the 21st time"},
           {R"({"every": 3})", "every 3rd time"},
           {R"({"from": 2, "to": 4})", "from the 2nd to the 4th time"},
           {R"({"chance": "1/20"})", "by chance, 1/20 of the times"},
           {R"({"nth": 1, "per": ["client", "digest"]})",
            "the 1st time (counted for each client and digest by itself)"}}) {
    EXPECT_THAT(
        FaultSays(Concat({R"({"name": "f", "when": {"operation": "blob.*"}, )",
                          R"("do": {"edit-reply": {"status": 200}}, "times": )", times, "}"})),
        HasSubstr(words));
  }
}

TEST(Explain, SaysWhatAFaultIsAbout) {
  EXPECT_EQ(
      FaultSays(R"({"name": "f", "armed": false,
      "when": {"operation": ["manifest.put", "manifest.get"], "repository": "a/b", "reference": "v1*",
               "headers": {"Accept": "*json*", "Range": false},
               "since": {"operation": "manifest.put", "status": 201, "same": "repository", "for": "2s"}},
      "do": {"reply": {"status": 503, "error": "UNAVAILABLE"}}})"),
      "f: manifest.put or manifest.get of a/b named v1* with a header Accept like \"*json*\" and "
      "no header Range, once manifest.put answered 201 was seen of the same repository, for 2s: "
      "every time, when all has arrived and nothing is done: reply 503, error \"UNAVAILABLE\". "
      "It is off until a step switches it on.");
}

TEST(Explain, SaysWhatMustHold) {
  EXPECT_THAT(prose::Expectations(Parsed(R"({"verdict": "red", "builds": 1, "waits": [],
        "parts": {"a": "ran", "b": "not-reached", "c": "ran"},
        "tags": {"latest": {"same-as": "v1"}, "v1*": "absent"},
        "requests": [{"operation": "manifest.put", "status": 0, "times": {"at-least": 2}}],
        "never": [{"method": "POST"}], "faults": {"f": 0}, "somewhat": {"new": [1]}})")),
              ::testing::ElementsAre(
                  "it ends red", "1 run of the builder", "it never pauses", "b is not reached",
                  "a and c ran", "tag latest is the same as v1", "tag v1* is absent",
                  "at least 2 requests: manifest.put that got no answer", "never: request (POST)",
                  "fault f fires no time", R"(somewhat: {"new": [1]})"));
}

TEST(Explain, WrapsAndIndents) {
  EXPECT_EQ(prose::Wrapped("one two three", 9, "- "), "- one two\n  three\n");
  EXPECT_EQ(prose::Wrapped("überlange wörter", 9, ""), "überlange\nwörter\n");
}

// Every file has an explanation that fits its lines and speaks of every fault and step.
TEST(Explain, ExplainsEveryScenarioFile) {
  const auto files = FindScenarios(kScenarios);
  ASSERT_TRUE(files.ok());
  for (const std::string& file : *files) {
    const auto scenario = LoadScenario(file);
    const auto document = json::ParseFile(file);
    ASSERT_TRUE(scenario.ok() && document.ok()) << file;
    const std::string text = ExplainScenario(*document, *scenario, 100);
    for (const simulator::FaultRule& rule : scenario->faults) {
      EXPECT_THAT(text, HasSubstr(Concat({"- ", rule.name, ":"}))) << file;
    }
    EXPECT_THAT(text, HasSubstr(Concat({" ", std::to_string(scenario->steps.size()), ". "})))
        << file;
  }
}

}  // namespace
}  // namespace drydock::scenarios
