// TAP, JSON lines, annotations and JUnit XML, each read as its consumers read it.
#include "scenarios/report/ci_formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "core/json.h"
#include "core/text.h"

namespace drydock::scenarios {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Played> Three() {
  ScenarioResult good;
  good.file = "a.json";
  good.title = "All is well # 1";
  StepResult step;
  step.name = "host-publish";
  step.verdict = "published-and-verified";
  good.main.steps = {step};
  good.main.faults = {{"edge", 4, 3, 2, 1}};
  ScenarioResult bad = good;
  bad.file = "b,c.json";
  bad.main.failures = {{"b,c.json", 12, "host-publish", "verdict 100%", "a\nb: \"c\"", 3}};
  bad.second = Play{};
  bad.second->failures = {{"b,c.json", 9, "", "tag a absent", "b", std::nullopt}};
  return {{"a.json", good},
          {"b,c.json", bad},
          {"d.json", Error(ErrorCode::kInvalid, "d.json:1: wrong")}};
}

// A consumer of TAP: the plan, the points in order, and a YAML block only behind a point.
struct Tap {
  std::vector<std::string> points;  // "ok", "not ok"
  std::string complaint;
};

Tap ReadTap(const std::string& text) {
  Tap tap;
  const std::regex point(R"((ok|not ok) (\d+) - ((?:[^#\\]|\\#|\\\\)*))");
  std::vector<std::string> lines = Split(text, '\n');
  bool block = false;
  for (std::size_t index = 2; index + 1 < lines.size(); ++index) {
    const std::string& line = lines[index];
    std::smatch match;
    if (block || line == "  ---") {
      block = line != "  ...";
      tap.complaint += line.starts_with("  ") ? "" : Concat({"not indented: ", line});
    } else if (std::regex_match(line, match, point)) {
      tap.points.push_back(match[1]);
      tap.complaint += match[2] == std::to_string(tap.points.size()) ? "" : "wrong number";
    } else {
      tap.complaint += Concat({"no TAP: ", line});
    }
  }
  const bool plan = lines[0] == "TAP version 14" &&
                    lines[1] == Concat({"1..", std::to_string(tap.points.size())});
  tap.complaint += plan ? "" : "the plan is wrong";
  tap.complaint += block ? "a block is open" : "";
  return tap;
}

TEST(TapTest, AConsumerReadsEveryPoint) {
  const std::string text = ToTap(Three());
  const Tap tap = ReadTap(text);
  EXPECT_EQ(tap.complaint, "") << text;
  EXPECT_THAT(tap.points, ElementsAre("ok", "not ok", "not ok"));
  EXPECT_THAT(text, HasSubstr("ok 1 - a.json: All is well \\# 1\n"));
  EXPECT_THAT(text, HasSubstr("    - at: \"b,c.json:12\"\n      play: run\n"));
  EXPECT_THAT(text, HasSubstr("      found: \"a\\nb: \\\"c\\\"\"\n"));
  EXPECT_THAT(text, HasSubstr("      step: \"the whole run\"\n"));
  EXPECT_THAT(text, HasSubstr("  message: \"d.json:1: wrong\"\n"));
}

TEST(JsonLinesTest, EveryLineIsAnObjectWithAType) {
  std::vector<std::string> types;
  std::vector<std::string> lines = Split(ToJsonLines(Three()), '\n');
  EXPECT_EQ(lines.back(), "");
  lines.pop_back();
  for (const std::string& line : lines) {
    const auto object = json::Parse(line, "line");
    ASSERT_TRUE(object.ok()) << object.error().message();
    types.emplace_back(object->Text("type"));
  }
  EXPECT_THAT(types,
              ElementsAre("scenario", "failure", "failure", "scenario", "scenario", "summary"));
  EXPECT_EQ(lines[1],
            R"({"type":"failure","file":"b,c.json","line":12,"play":"run","step":"host-publish",)"
            R"("expected":"verdict 100%","found":"a\nb: \"c\"","sequence":3})");
  EXPECT_EQ(lines[5], R"({"type":"summary","scenarios":3,"passed":1,"failed":1,"broken":1})");
}

TEST(AnnotationsTest, AreEscapedAsTheLogReadsThem) {
  EXPECT_EQ(ToAnnotations(Three()),
            "::error file=b%2Cc.json,line=12,title=host-publish::expected verdict 100%25%0A"
            "found a%0Ab: \"c\"\n"
            "::error file=b%2Cc.json,line=9,title=the whole run (second)::expected tag a absent%0A"
            "found b\n"
            "::error file=d.json,title=the scenario cannot be played::d.json:1: wrong\n");
  EXPECT_EQ(ToAnnotations({Three().front()}), "");
}

// What the JUnit schema of Jenkins and its kin allows: attributes and children of each element.
struct Rule {
  std::vector<std::string> required;
  std::vector<std::string> optional;
  std::vector<std::string> children;
};

// "" or what is wrong: not well-formed, or not what the rules allow.
std::string SchemaComplaint(const std::string& xml) {
  const std::map<std::string, Rule> rules = {
      {"testsuites", {{}, {"name"}, {"testsuite"}}},
      {"testsuite", {{"name", "tests", "failures", "errors"}, {}, {"properties", "testcase"}}},
      {"properties", {{}, {}, {"property"}}},
      {"property", {{"name", "value"}, {}, {}}},
      {"testcase", {{"classname", "name"}, {}, {"failure", "error"}}},
      {"failure", {{}, {"message"}, {}}},
      {"error", {{}, {"message"}, {}}},
  };
  const std::regex tag(R"(<(/?)([a-z]+)((?: [a-z]+="[^"<]*")*)(/?)>)");
  const std::regex attribute(R"( ([a-z]+)="([^"]*)\")");
  const std::string head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  if (!xml.starts_with(head)) {
    return "no declaration";
  }
  const std::string body = xml.substr(head.size());
  std::vector<std::string> open;
  std::string text = std::regex_replace(body, tag, "");
  if (text.find_first_of("<>") != std::string::npos) {
    return "not well-formed";
  }
  for (std::sregex_iterator at(body.begin(), body.end(), tag), end; at != end; ++at) {
    const std::string name = (*at)[2];
    if ((*at)[1] == "/") {
      if (open.empty() || open.back() != name) {
        return Concat({"closes what is not open: ", name});
      }
      open.pop_back();
      continue;
    }
    const auto rule = rules.find(name);
    const auto has = [](const std::vector<std::string>& names, const std::string& wanted) {
      return std::find(names.begin(), names.end(), wanted) != names.end();
    };
    if (rule == rules.end() ||
        (open.empty() ? name != "testsuites" : !has(rules.at(open.back()).children, name))) {
      return Concat({"not allowed there: ", name});
    }
    const std::string attributes = (*at)[3];
    std::vector<std::string> found;
    for (std::sregex_iterator each(attributes.begin(), attributes.end(), attribute); each != end;
         ++each) {
      found.push_back((*each)[1]);
      if (!has(rule->second.required, found.back()) && !has(rule->second.optional, found.back())) {
        return Concat({name, " has no attribute ", found.back()});
      }
    }
    for (const std::string& wanted : rule->second.required) {
      if (!has(found, wanted)) {
        return Concat({name, " lacks ", wanted});
      }
    }
    if ((*at)[4] != "/") {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : Concat({"left open: ", open.back()});
}

TEST(JUnitTest, FitsItsSchema) {
  EXPECT_EQ(SchemaComplaint(ToJUnit(Three())), "");
  EXPECT_NE(SchemaComplaint(ReplaceAll(ToJUnit(Three()), "</testcase>", "")), "");
  EXPECT_NE(SchemaComplaint(ReplaceAll(ToJUnit(Three()), " errors=", " mistakes=")), "");
}

}  // namespace
}  // namespace drydock::scenarios
