// What the reader takes and refuses, and that the schema editors use says the same.
#include "scenarios/runner/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"
#include "core/text.h"
#include "tests/unit/runner/json_schema.h"

namespace drydock::scenarios {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kScenarios = std::string(DRYDOCK_SOURCE_DIR) + "/scenarios";
const std::string kPath = kScenarios + "/incidents/under-test.json";

// A scenario that is right; tests replace one piece of it.
constexpr std::string_view kGood = R"({
  "title": "t",
  "sources": ["s"],
  "start": "2026-05-28T06:00:00Z",
  "world": {
    "hub": {"previous-release": "v1.15.11"},
    "project": {"template": "../projects/opencode-devbox-2026-05", "tag": "v1.15.12"}
  },
  "faults": [],
  "steps": [
    {"host-publish": {}, "expect": {"verdict": "published-and-verified"}}
  ]
})";

std::string With(std::string_view from, std::string_view to) {
  const std::string text(kGood);
  std::string changed = ReplaceAll(text, from, to);
  EXPECT_NE(changed, text) << "nothing replaced: " << from;
  return changed;
}

json::Value Parsed(const std::string& text) {
  json::ParseOptions options;
  options.comments = true;
  auto value = json::Parse(text, "test", options);
  EXPECT_TRUE(value.ok()) << (value ? "" : value.error().message());
  return value ? *value : json::Value();
}

const json::Value& Schema() {
  static const json::Value kSchema = *json::ParseFile(kScenarios + "/scenario.schema.json");
  return kSchema;
}

std::string SchemaSays(const std::string& text) {
  return testing::SchemaComplaint(Schema(), Schema(), Parsed(text));
}

TEST(LoaderTest, TakesTheGoodScenario) {
  const auto scenario = ParseScenario(kGood, kPath);
  ASSERT_TRUE(scenario.ok()) << scenario.error().message();
  EXPECT_EQ(SchemaSays(std::string(kGood)), "");
  EXPECT_EQ(scenario->title, "t");
  ASSERT_EQ(scenario->steps.size(), 1U);
  EXPECT_EQ(scenario->steps[0].name, "host-publish");
  EXPECT_EQ(scenario->steps[0].line, 11U);
  EXPECT_EQ(FormatRfc3339(scenario->start), "2026-05-28T06:00:00Z");
}

struct Refusal {
  std::string name;
  std::string from;
  std::string to;
  std::string says;          // after "under-test.json:"
  bool schema_knows = true;  // whether the schema can see it too
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class RefusalTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusalTest, NamesLineAndPiece) {
  const Refusal& refusal = GetParam();
  const std::string text = With(refusal.from, refusal.to);
  const auto scenario = ParseScenario(text, kPath);
  ASSERT_FALSE(scenario.ok());
  EXPECT_EQ(scenario.error().code(), ErrorCode::kInvalid);
  EXPECT_THAT(scenario.error().message(), HasSubstr(kPath + ":" + refusal.says));
  EXPECT_EQ(scenario.error().message().find('\n'), std::string::npos);
  if (refusal.schema_knows) {
    EXPECT_NE(SchemaSays(text), "");
  }
}

std::vector<std::string> AllErrors(const std::string& text) {
  const json::Value document = Parsed(text);
  json::Source source(kPath);
  static_cast<void>(ReadScenario(source, document));
  std::vector<std::string> messages;
  for (const Error& error : source.errors()) {
    messages.push_back(error.message());
  }
  return messages;
}

// One slip is one error: nothing is said of what merely follows from it.
TEST_P(RefusalTest, IsTheOnlyErrorOfItsFile) {
  if (GetParam().name != "Duplicate") {  // is no JSON
    EXPECT_THAT(AllErrors(With(GetParam().from, GetParam().to)), ::testing::SizeIs(1));
  }
}

TEST(LoaderTest, SaysEverythingThatIsWrong) {
  const auto errors = AllErrors(R"({
  "titel": "t",
  "sources": [],
  "start": "2026-05-28T06:00:00Z",
  "world": {"hub": {"base": "presnt"},
    "project": {"template": "../projects/opencode-devbox-2026-05", "tag": "v 1"}},
  "faults": [
    {"name": "a", "do": {"reply": {"status": 99}}},
    {"name": "b", "do": {"rply": {"status": 400}}}],
  "steps": [
    {"host-publsh": {}},
    {"host-publish": {},
     "expect": {"faults": {"a": 1, "c": 1}}}]
})");
  EXPECT_THAT(errors,
              ::testing::ElementsAre(
                  HasSubstr(R"(json:2: scenario: unknown key "titel"; did you mean "title"?)"),
                  HasSubstr(R"(json:3: scenario: "sources": is empty)"),
                  HasSubstr(R"(json:5: hub: "base": expected one of)"),
                  HasSubstr(R"(json:6: project: "tag": expected a tag)"),
                  HasSubstr(R"(json:8: reply: "status": expected 200 to 599)"),
                  HasSubstr(R"(json:9: do: does nothing)"),
                  HasSubstr(R"(json:11: step: unknown key "host-publsh")"),
                  HasSubstr(R"(json:13: faults: no such fault: "c")")));
}

const std::string kHostPublish =
    R"("host-publish": {}, "expect": {"verdict": "published-and-verified"})";
const std::string kExpect = R"({"verdict": "published-and-verified"})";

INSTANTIATE_TEST_SUITE_P(
    Pieces, RefusalTest,
    ::testing::ValuesIn(std::vector<Refusal>{
        {"UnknownKey", R"("title": "t",)", R"("title": "t", "titel": "t",)",
         R"(2: scenario: unknown key "titel"; did you mean "title"?)"},
        {"MissingKey", R"("sources": ["s"],)", "", R"(1: scenario: missing key "sources")"},
        {"NoSources", R"(["s"])", "[]", R"(3: scenario: "sources": is empty)"},
        {"WrongType", R"("title": "t")", R"("title": 7)",
         R"(2: scenario: "title": expected a string, found number: 7)"},
        {"BadTime", "2026-05-28T06:00:00Z", "yesterday",
         R"(4: scenario: "start": expected a UTC time)"},
        {"BadTag", R"("tag": "v1.15.12")", R"("tag": "v 1")",
         R"(7: project: "tag": expected a tag)"},
        {"NoTemplate", "opencode-devbox-2026-05", "nowhere",
         R"(7: project: "template": no such folder: "../projects/nowhere")", false},
        {"HugeChunks", R"("project": {)", R"("builder": {"chunk-bytes": 9999999999}, "project": {)",
         R"(7: builder: "chunk-bytes": expected 0 to 1073741824)"},
        {"SameRelease", "v1.15.11", "v1.15.12",
         R"(6: world: "hub": "previous-release" is the release to publish)", false},
        {"BaseWithoutRelease", R"("previous-release": "v1.15.11")", R"("base": "present")",
         R"(6: hub: "base": "present" needs a "previous-release")", false},
        {"NoDeadline", R"("title": "t")", R"("title": "t", "deadline": "0s")",
         R"(2: scenario: "deadline": expected more than 0 and at most 3660d)", false},
        {"NoSteps", R"({"host-publish": {}, "expect": {"verdict": "published-and-verified"}})", "",
         "10: steps: expected an array with at least one step"},
        {"TwoActions", R"({"host-publish": {},)", R"({"host-publish": {}, "diagnose": {},)",
         R"(11: step: "diagnose": a step does one thing; this one already has "host-publish")"},
        {"NoAction", R"("host-publish": {}, )", "", "11: step: does nothing"},
        {"UnknownStep", R"("host-publish": {}, )", R"("host-publsh": {}, )",
         R"(11: step: unknown key "host-publsh"; did you mean "host-publish"?)"},
        {"UnknownOption", R"("host-publish": {})", R"("host-publish": {"chache": true})",
         R"(11: host-publish: unknown key "chache"; did you mean "cache"?)"},
        {"CiOptionOnHost", R"("host-publish": {})", R"("host-publish": {"attempts": 3})",
         R"(11: host-publish: unknown key "attempts")"},
        {"NoAttempts", R"("host-publish": {})", R"("ci-publish": {"attempts": 0})",
         R"(11: ci-publish: "attempts": expected 1 to 10, found: 0)"},
        {"EmptyExpect", kExpect, "{}", "11: expect: names nothing"},
        {"UnknownVerdict", "published-and-verified", "fine",
         R"(11: verdict: expected one of "published-and-verified")"},
        {"BadExitCode", kExpect, R"({"exit-code": 256})",
         "11: exit-code: expected a whole number from 0 to 255"},
        {"BadPart", kExpect, R"({"parts": {"probe": "done"}})",
         R"(11: parts: "probe": expected one of "ran", "skipped")"},
        {"VerdictOfTheBaseline", "published-and-verified", "green",
         R"(11: verdict: drydock's publisher never says "green")", false},
        {"VerdictOfDrydock", R"("host-publish": {})", R"("ci-publish": {})",
         R"(11: verdict: the workflow never says "published-and-verified")", false},
        {"PartOfTheWorkflow", kExpect, R"({"parts": {"build-base": "ran"}})",
         R"(11: parts: drydock's publisher has no part "build-base")", false},
        {"PartOfTheScript",
         R"("host-publish": {}, "expect": {"verdict": "published-and-verified"})",
         R"("host-script": {}, "expect": {"parts": {"alias:omos": "ran"}})",
         R"(11: parts: the script has no part "alias:omos")", false},
        {"SecondRunInGreen", R"("steps")", R"("second-run": {"verdict": "green"}, "steps")",
         R"(10: verdict: drydock's publisher never says "green")", false},
        {"DiagnosisOfNothing",
         R"("host-publish": {}, "expect": {"verdict": "published-and-verified"})",
         R"("diagnose": {}, "expect": {"diagnosis": {"gilty": {"not": "runner"}}})",
         R"(11: diagnosis: no such field: "gilty")"},
        {"NoParts", kExpect, R"({"parts": {}})", "11: parts: names nothing"},
        {"NegativeCount", kExpect, R"({"builds": -1})", "11: builds: expected a whole number"},
        {"EmptyBounds", kExpect, R"({"builds": {}})", "11: builds: says nothing"},
        {"CrossedBounds", kExpect, R"({"builds": {"at-least": 3, "at-most": 2}})",
         R"(11: builds: "at-least": cannot hold: 3 to 2)", false},
        {"BadWait", kExpect, R"({"waits": ["15"]})", "11: waits: expected a duration"},
        {"BadTagState", kExpect, R"({"tags": {"latest": "moved"}})",
         R"(11: tags: "latest": expected one of "absent", "present", "unmoved")"},
        {"SameAsNothing", kExpect, R"({"tags": {"latest": {"same-as": ""}}})",
         R"(11: tags: "latest": "same-as": expected a tag, found: "")"},
        {"SameAndOther", kExpect,
         R"({"tags": {"latest": {"same-as": "v1", "differs-from": "v2"}}})",
         R"(11: tags: "latest": "differs-from": expected either "same-as" or "differs-from")"},
        {"NoSuchRun", R"("host-publish": {})", R"("host-publish": {"from-ci": "#1"})",
         R"(11: host-publish: no such step before it: "ci-publish #1")", false},
        {"NoSuchWorkflow", kHostPublish, R"("ci-publish": {"workflow": "w"})",
         R"(11: ci-publish: "workflow": the world's "ci" has no such one: "w")", false},
        {"TroubleWithNothing", kHostPublish,
         R"("ci-publish": {"trouble": {"smoke": {"hangs": "1m"}}})",
         R"(11: ci-publish: the workflow has no part "smoke")", false},
        {"TroubleOfTwoKinds", kHostPublish,
         R"("ci-publish": {"trouble": {"build-base": {"hangs": "1m", "fails": "no"}}})",
         R"(11: trouble: "build-base": expected either "hangs" (how long) or "fails")"},
        {"JobOfNoKind", R"("project": {)", R"("ci": {"w": {"a": {"does": "b"}}}, "project": {)",
         R"(7: ci: job "a": "does": no such thing: "b")"},
        {"JobThatNeedsNothing", R"("project": {)",
         R"("ci": {"w": {"a": {"does": "smoke", "needs": ["b"]}}}, "project": {)",
         R"(7: ci: job "a": "needs": no such job before it: "b")", false},
        {"UnknownCondition", R"("project": {)",
         R"("ci": {"w": {"a": {"does": "smoke", "if": "secrets.X == 'y'"}}}, "project": {)",
         R"(7: ci: job "a": "if": expected "LEFT == 'TEXT'")", false},
        {"PageWithoutAddress", R"("project": {)",
         R"("ci": {"w": {"a": {"does": "update-description"}}}, "project": {)",
         R"(7: ci: job "a": "url": expected a URL)", false},
        {"MergeOfNothing", R"("project": {)",
         R"("ci": {"w": {"a": {"does": "build-variant"},
                     "b": {"does": "merge-digests", "needs": ["a"]}}}, "project": {)",
         R"(8: ci: job "b": "needs": expected a job that does push-digest)", false},
        {"HandsNothingOver", R"("project": {)",
         R"("ci": {"w": {"a": {"does": "smoke", "artifacts": "v4"}}}, "project": {)",
         R"(7: ci: job "a": "artifacts": only a job that pushes or merges digests)", false},
        {"UnknownAction", R"("project": {)",
         R"("ci": {"w": {"a": {"does": "push-digest", "artifacts": "v2"}}}, "project": {)",
         R"(7: ci: job "a": "artifacts": expected one of "v3", "v4", found string: "v2")"},
        {"ModeThatGitHasNot", kHostPublish, R"("project": {"modes": {"rootfs/a": "700"}})",
         R"(11: project: "modes": git knows "644" and "755", found: "rootfs/a": "700")"},
        {"LinkToNothing", kHostPublish, R"("project": {"links": {"rootfs/a": ""}})",
         R"(11: project: "links": expected what it leads to, found "": "rootfs/a")"},
        {"LinkThatIsAFile", kHostPublish,
         R"("project": {"files": {"rootfs/a": "x"}, "links": {"rootfs/a": "b"}})",
         R"(11: project: "links": is a file of this step as well: "rootfs/a")", false},
        {"LinkElsewhere", kHostPublish, R"("project": {"links": {"../a": "b"}})",
         R"(11: project: "links": expected a relative path)", false},
        {"EmptyPage", kHostPublish, R"("hub-page": {"text": ""})",
         R"(11: hub-page: "text": is empty)", false},
        {"LateTarballInAStep", kHostPublish,
         R"("npm": {"a": {"latest": "1.0.0",
            "versions": {"1.0.0": {"tarball-from": "2026-05-28T06:00:00Z"}}}})",
         R"(11: npm: "tarball-from" is a fault of the world)", false},
        {"PatternPresent", kExpect, R"({"tags": {"v*": "present"}})",
         R"(11: tags: a pattern cannot be "present": "v*")", false},
        {"NeverNothing", kExpect, R"({"never": []})", "11: never: names nothing"},
        {"NeverNoRequest", kExpect, R"({"never": [{}]})", "11: never: names no request"},
        {"NeverCounted", kExpect, R"({"never": [{"status": 500, "times": 0}]})",
         R"(11: never: "times": what never happens has no count)"},
        {"UnknownOperation", kExpect, R"({"never": [{"operation": "blob.put"}]})",
         R"(11: never: "operation": expected one of "ping")", false},
        {"UncountedRequest", kExpect, R"({"requests": [{"status": 500}]})",
         R"(11: requests: missing key "times")"},
        {"UnknownFault", kExpect, R"({"faults": {"cache-400": 1}})",
         R"(11: faults: no such fault: "cache-400" (expected none: the file has no faults))",
         false},
        {"VerdictOfWait", R"("host-publish": {})", R"("wait": {"for": "1s"})",
         R"(11: expect: unknown key "verdict")"},
        {"WaitTwice", R"("host-publish": {})",
         R"("wait": {"for": "1s", "until": "2026-05-28T07:00:00Z"})",
         R"(11: wait: expected either "for" or "until")"},
        {"SwitchUnknown", R"("host-publish": {})", R"("faults": {"off": ["x"]})",
         R"(11: faults: "off": no such fault: "x")", false},
        {"KillWhere", R"("host-publish": {})", R"("host-publish": {"kill": {}})",
         R"(11: kill: missing key "after")"},
        {"ScriptVerdict", R"("steps")",
         R"("script": {"verdict": "partial", "teeth": "x"}, "steps")",
         R"(10: script: "verdict": expected one of "green", "red")"},
        {"ScriptBoth", R"("steps")",
         R"("script": {"verdict": "red", "teeth": "x", "as-good": "y"}, "steps")",
         R"(10: script: expected either "teeth")"},
        {"ScriptNeither", R"("steps")", R"("script": {"verdict": "red"}, "steps")",
         R"(10: script: expected either "teeth")"},
        {"Duplicate", R"("title": "t",)", R"("title": "t", "title": "u",)", "2: ", false},
    }),
    [](const auto& each) { return each.param.name; });

TEST(LoaderTest, RefusesASecondStepOfTheSameName) {
  const auto scenario =
      ParseScenario(With(R"("steps": [)", R"("steps": [{"host-publish": {}},)"), kPath);
  ASSERT_FALSE(scenario.ok());
  EXPECT_THAT(scenario.error().message(),
              HasSubstr(R"(11: step: another step has this name: "host-publish")"));
}

TEST(LoaderTest, SaysWhenAFileIsMissing) {
  const auto scenario = LoadScenario(kScenarios + "/nowhere.json");
  ASSERT_FALSE(scenario.ok());
  EXPECT_EQ(scenario.error().code(), ErrorCode::kNotFound);
}

TEST(LoaderTest, EveryScenarioFileIsReadAndFitsTheSchema) {
  const auto files = FindScenarios(kScenarios);
  ASSERT_TRUE(files.ok()) << files.error().message();
  for (const std::string& file : *files) {
    const auto scenario = LoadScenario(file);
    EXPECT_TRUE(scenario.ok()) << (scenario ? "" : scenario.error().message());
    const auto value = json::ParseFile(file);
    ASSERT_TRUE(value.ok());
    EXPECT_EQ(testing::SchemaComplaint(Schema(), Schema(), *value), "") << file;
  }
}

TEST(LoaderTest, FindsFilesButNoTemplatesOrSchemas) {
  const auto found = FindScenarios(kScenarios);
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(*found, Each(Not(AnyOf(HasSubstr("/projects/"), HasSubstr(".schema."),
                                     HasSubstr("/catalogue.json")))));
  EXPECT_FALSE(FindScenarios(kScenarios + "/nowhere").ok());
  const auto one = FindScenarios(found->front());
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->size(), 1U);
}

}  // namespace
}  // namespace drydock::scenarios
