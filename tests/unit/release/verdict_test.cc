#include "publisher/release/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Verdict, EachHasItsNameAndExitCode) {
  const std::vector<std::pair<Verdict, std::pair<std::string, int>>> rows = {
      {Verdict::kPublishedVerified, {"published-and-verified", 0}},
      {Verdict::kPublishedNotVerified, {"published-not-verified", 3}},
      {Verdict::kPartial, {"partial", 4}},
      {Verdict::kNothingChanged, {"nothing-changed", 5}},
      {Verdict::kRefused, {"refused", 6}},
      {Verdict::kUnknown, {"unknown", 7}},
  };
  std::set<int> codes = {kExitBadInput};
  for (const auto& [verdict, expected] : rows) {
    EXPECT_EQ(Name(verdict), expected.first);
    EXPECT_EQ(ExitCode(verdict), expected.second);
    EXPECT_TRUE(codes.insert(ExitCode(verdict)).second) << "two endings share an exit code";
  }
}

PublishReport Example() {
  PublishReport report;
  report.image = "joakimp/opencode-devbox";
  report.release_tag = "v1.15.12";
  report.verdict = Verdict::kPartial;
  report.why = "missing or old: latest";
  report.steps = {{"probe", StepOutcome::kRan, "base-0123456789ab exists", std::chrono::seconds(2)},
                  {"alias:base", StepOutcome::kFailed, "denied", {}},
                  {"verify", StepOutcome::kNotReached, "", {}}};
  const std::string digest = "sha256:" + std::string(64, '1');
  report.tags = {{"v1.15.12", TagState::kVerified, digest, ""},
                 {"latest", TagState::kOther, "sha256:" + std::string(64, '2'), digest},
                 {"v1.15.12-omos", TagState::kMissing, "", ""}};
  report.versions = {{"OMOS_VERSION", "1.0.9"}};
  report.next = {"Run again with --resume."};
  Failure failure = LocalFailure("requested access is denied");
  failure.answerer = Answerer::kRegistry;
  failure.status = 403;
  failure.code = "DENIED";
  report.failure = failure;
  return report;
}

TEST(PublishReport, TextTellsStepsTagsAndWhatToDo) {
  const std::string text = ToText(Example());
  for (const char* piece :
       {"publish of joakimp/opencode-devbox v1.15.12", "base-0123456789ab exists (2s)", "failed",
        "not-reached", "OMOS_VERSION", "1.0.9", "verified", "sha256:111111111111", "stale",
        "(before: sha256:111111111111)", "registry answered 403 DENIED", "Run again with --resume",
        "verdict: partial - missing or old: latest", "exit code: 4"}) {
    EXPECT_THAT(text, HasSubstr(piece));
  }
  EXPECT_THAT(text, Not(HasSubstr(" \n")));
  EXPECT_THAT(EndingText(Example()), Not(HasSubstr("probe")));
  EXPECT_TRUE(text.ends_with(EndingText(Example())));
}

TEST(PublishReport, JsonSaysTheSame) {
  const auto parsed = json::Parse(ToJson(Example()), "report");
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(parsed->Text("verdict"), "partial");
  EXPECT_EQ(parsed->Find("exit-code")->as_integer(), 4);
  EXPECT_EQ(parsed->At("/steps/1/outcome")->Excerpt(), "\"failed\"");
  EXPECT_EQ(parsed->At("/tags/1/state")->Excerpt(), "\"stale\"");
  EXPECT_EQ(parsed->At("/failure/status")->as_integer(), 403);
  EXPECT_EQ(parsed->At("/versions")->Text("OMOS_VERSION"), "1.0.9");
  EXPECT_EQ(parsed->Find("build-log"), nullptr);
}

TEST(PublishReport, PlanWithNothingInItsWayEndsWithZero) {
  PublishReport plan = Example();
  plan.planned = true;
  EXPECT_EQ(ExitCode(plan), 4) << "something stands in the way";
  plan.failure.reset();
  plan.verdict = Verdict::kNothingChanged;
  EXPECT_EQ(ExitCode(plan), 0);
  EXPECT_THAT(ToText(plan), HasSubstr("plan: nothing stands in the way"));
  plan.planned = false;
  EXPECT_EQ(ExitCode(plan), 5);
}

TEST(Explain, OwnFailuresSpeakForThemselves) {
  EXPECT_EQ(Explain(LocalFailure("the tree is not clean")), "the tree is not clean");
  EXPECT_THAT(Explain(*Example().failure), HasSubstr("registry answered 403"));
}

}  // namespace
}  // namespace drydock::publisher
