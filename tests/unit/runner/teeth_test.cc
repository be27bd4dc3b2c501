// Whether the runbook's script does worse than drydock, and whether a release is complete.
#include "scenarios/runner/teeth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/media_type.h"
#include "core/text.h"
#include "scenarios/runner/completeness.h"
#include "tests/support/temp_folder.h"

namespace drydock::scenarios {
namespace {

using ::testing::HasSubstr;

// One host-publish of which `verdict` is expected.
Scenario OnePublish(const std::string& verdict) {
  Scenario scenario;
  scenario.file = "one.json";
  Step step;
  step.name = "host-publish";
  step.line = 5;
  step.action = PublishStep{};
  step.expect = {{6, VerdictIs{verdict}},
                 {7, PartIs{"probe", "ran"}},
                 {8, TagIs{"latest", TagIs::State::kUnmoved, ""}},
                 {9, RequestsAre{RequestFilter(), {3, 5}}}};
  scenario.steps.push_back(std::move(step));
  scenario.expect = {{9, FaultFired{"x", {1, 1}}}, {10, CountIs{CountIs::What::kBuilds, {1, 1}}}};
  scenario.script = ScriptSpec{12, "green", {}, true, "why"};
  return scenario;
}

Play ScriptRun(const std::string& verdict, const std::string& incomplete) {
  Play play;
  StepResult run;
  run.name = "host-script";
  run.line = 5;
  run.verdict = verdict;
  run.incomplete = incomplete;
  play.steps.push_back(std::move(run));
  return play;
}

TEST(TeethTest, TheScriptPlaysWhatAnybodyCanKeep) {
  Scenario scenario = OnePublish("published-and-verified");
  std::get<PublishStep>(scenario.steps.front().action).resume = true;
  const Scenario changed = ByTheScript(scenario);
  const auto& publish = std::get<PublishStep>(changed.steps.front().action);
  EXPECT_EQ(publish.publisher, Publisher::kHostScript);
  EXPECT_FALSE(publish.resume);
  EXPECT_EQ(changed.steps.front().name, "host-script");
  ASSERT_EQ(changed.steps.front().expect.size(), 2U);
  EXPECT_EQ(changed.steps.front().expect.front().line, 8U);
  const auto& requests = std::get<RequestsAre>(changed.steps.front().expect.back().kind);
  EXPECT_EQ(requests.bounds.least, 0U);
  EXPECT_EQ(requests.bounds.most, 5U);
  EXPECT_TRUE(changed.expect.empty());
}

TEST(TeethTest, AStepThatHasTheNameKeepsIt) {
  Scenario scenario = OnePublish("refused");
  Step own;
  own.name = "host-script";
  own.action = PublishStep{};
  std::get<PublishStep>(own.action).publisher = Publisher::kHostScript;
  scenario.steps.push_back(own);
  EXPECT_EQ(ByTheScript(scenario).steps.front().name, "host-script (for host-publish)");
}

struct Judged {
  const char* drydock;     // verdict expected of it
  const char* script;      // how the script ended
  const char* incomplete;  // what the registry lacks then
  const char* worse;       // "" when the script does as well
};

TEST(TeethTest, AnotherEndOrAnUntrueOneIsWorse) {
  const Judged cases[] = {
      {"published-and-verified", "green", "", ""},
      {"published-and-verified", "red", "latest is absent", "the release goes out, as by drydock"},
      {"published-and-verified", "red", "", "red only for an incomplete release"},
      {"published-and-verified", "green", "latest is absent", "green only for a complete release"},
      {"refused", "red", "latest is absent", ""},
      {"partial", "green", "", "it stops, as drydock does: partial"},
      {"published-not-verified", "green", "", ""},
      {"unknown", "red", "", "red only for an incomplete release"},
  };
  for (const Judged& each : cases) {
    SCOPED_TRACE(Concat({each.drydock, " ", each.script, " ", each.incomplete}));
    std::string found;
    for (const auto& failure :
         DoesWorse(OnePublish(each.drydock), ScriptRun(each.script, each.incomplete))) {
      found += failure.expected + "\n";
    }
    if (each.worse[0] == '\0') {
      EXPECT_EQ(found, "");
    } else {
      EXPECT_THAT(found, HasSubstr(each.worse));
    }
  }
  Play killed = ScriptRun("red", "");
  killed.steps.front().killed = true;
  EXPECT_TRUE(DoesWorse(OnePublish("published-and-verified"), killed).empty());
}

TEST(TeethTest, WhatTheFileSaysMustBeSo) {
  const Scenario scenario = OnePublish("published-and-verified");
  const Play play = ScriptRun("green", "");
  const auto failures = CheckScript(scenario, play, {});
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures.front().line, 12U);
  EXPECT_THAT(failures.front().found, HasSubstr("toothless"));
  const std::vector<ExpectationFailure> worse = {{"one.json", 6, "s", "a", "b", std::nullopt}};
  EXPECT_TRUE(CheckScript(scenario, play, worse).empty());
}

using simulator::Store;

class CompletenessTest : public ::testing::Test {
 protected:
  CompletenessTest() {
    release_.image.repository = "a/b";
    release_.variants.resize(1);
    release_.variants.front().name = "app";
    config_ = store_.PutBlob("a/b", "{}");
    layer_ = store_.PutBlob("a/b", "layer");
    child_ = store_.PutManifest(
        "a/b", media_type::kOciManifest,
        Concat({R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config)",
                R"(.v1+json","size":2,"digest":")", config_.ToString(),
                R"("},"layers":[{"mediaType":"application/octet-stream","size":5,"digest":")",
                layer_.ToString(), R"("}]})"}));
    const Digest index = store_.PutManifest(
        "a/b", media_type::kOciIndex,
        Concat({R"({"schemaVersion":2,"manifests":[{"mediaType":")", media_type::kOciManifest,
                R"(","size":2,"digest":")", child_.ToString(), R"("}]})"}));
    for (const char* tag : {"v1", "latest", "base-1", "base-latest"}) {
      store_.SetTag("a/b", tag, index);
    }
  }

  std::string Lacks() const {
    return WhatIsIncomplete(release_, "v1", "base-1", folder_.path().string(), store_);
  }

  testing::TempFolder folder_;
  publisher::ReleaseFile release_;
  Store store_;
  Digest config_ = Digest::Of("");
  Digest layer_ = Digest::Of("");
  Digest child_ = Digest::Of("");
};

TEST_F(CompletenessTest, NamesTheFirstThingThatIsMissing) {
  EXPECT_EQ(Lacks(), "");
  const Store whole = store_;
  store_.DeleteTag("a/b", "latest");
  EXPECT_EQ(Lacks(), "latest is absent");
  store_ = whole;
  store_.SetTag("a/b", "latest", child_);
  EXPECT_EQ(Lacks(), "latest names another image than v1");
  store_.SetTag("a/b", "base-latest", child_);
  EXPECT_EQ(Lacks(), "base-latest names another image than base-1");
  store_ = whole;
  store_.DeleteBlob("a/b", layer_);
  EXPECT_THAT(Lacks(), HasSubstr(Concat({"the blob ", layer_.ToString(), " is not there"})));
  store_ = whole;
  store_.DeleteManifest("a/b", child_);
  EXPECT_THAT(Lacks(), HasSubstr("the manifest sha256:"));
}

TEST_F(CompletenessTest, CountsTheManifestsThatNoTagLeadsTo) {
  EXPECT_EQ(CountUntagged(store_, "a/b"), 0U);
  EXPECT_EQ(CountUntagged(store_, "a/none"), 0U);
  for (const char* tag : {"v1", "latest", "base-1"}) {
    store_.DeleteTag("a/b", tag);
  }
  EXPECT_EQ(CountUntagged(store_, "a/b"), 0U) << "one tag still leads to all";
  store_.SetTag("a/b", "base-latest", child_);
  EXPECT_EQ(CountUntagged(store_, "a/b"), 1U) << "the index alone";
  store_.DeleteTag("a/b", "base-latest");
  EXPECT_EQ(CountUntagged(store_, "a/b"), 2U);
}

TEST_F(CompletenessTest, APrebuiltImageIsTheOneOfItsLayout) {
  const std::string bytes = *store_.FindManifest("a/b", child_)->bytes;
  for (const std::string& blob : {bytes, std::string("{}"), std::string("layer")}) {
    folder_.Write(Concat({"dist/blobs/sha256/", Digest::Of(blob).hex()}), blob);
  }
  folder_.Write(
      "dist/index.json",
      Concat({R"({"manifests":[{"mediaType":")", media_type::kOciManifest, R"(","size":)",
              std::to_string(bytes.size()), R"(,"digest":")", child_.ToString(), R"("}]})"}));
  release_.variants.front().source.layout = "elsewhere";
  EXPECT_EQ(Lacks(), "");
  release_.variants.front().source.layout = "dist";
  EXPECT_EQ(Lacks(), "v1 names another image than dist holds");
  store_.SetTag("a/b", "v1", child_);
  store_.SetTag("a/b", "latest", child_);
  EXPECT_EQ(Lacks(), "");
}

}  // namespace
}  // namespace drydock::scenarios
