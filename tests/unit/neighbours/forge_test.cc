#include "simulator/neighbours/forge.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/text.h"

namespace drydock::simulator {
namespace {

const std::string kRepository = "joakimp/opencode-devbox";
const std::string kBase = "/api/v1/repos/joakimp/opencode-devbox";

std::string Sha(char digit) { return std::string(40, digit); }

class ForgeTest : public ::testing::Test {
 protected:
  void SetUp() override { Fill(open_), Fill(closed_); }

  static void Fill(Forge& forge) {
    const TimePoint when = *ParseRfc3339("2026-05-28T06:00:00Z");
    ASSERT_TRUE(forge.Commit(kRepository, "main", {Sha('a'), "first", when}).ok());
    ASSERT_TRUE(forge.Commit(kRepository, "main", {Sha('b'), "second", when}).ok());
    ASSERT_TRUE(forge.Tag(kRepository, "v1.15.12", Sha('b')).ok());
    ForgeRun run{41, "docker-publish-split.yml", "v1.15.12", Sha('b'), "completed", "failure", when,
                 {}};
    run.jobs = {
        {7, "base-decide", "completed", "success", "Computed base tag: base-0123456789ab\n"},
        {8, "build-base", "completed", "failure", ""}};
    ASSERT_TRUE(forge.AddRun(kRepository, run).ok());
  }

  std::string Ask(Forge& forge, const std::string& target, Headers headers = {},
                  std::string method = "GET") {
    const auto exchange = forge.Begin({std::move(method),
                                       Url::Parse("https://git.example" + target).value(),
                                       std::move(headers),
                                       std::nullopt,
                                       {}});
    route_ = exchange->route();
    EXPECT_FALSE(exchange->Decide().has_value());
    Response response = exchange->Apply();
    status_ = response.status;
    return *ReadAll(response.body, 1 << 20);
  }

  Forge open_;
  Forge closed_{"s3cret"};
  Route route_;
  int status_ = 0;
};

TEST_F(ForgeTest, TellsTheNewestCommitOfABranch) {
  EXPECT_NE(Ask(open_, kBase + "/commits?sha=main&limit=1").find(Sha('b')), std::string::npos);
  EXPECT_EQ(route_.operation, "forge.commits");
  EXPECT_EQ(route_.repository, kRepository);
  EXPECT_EQ(Ask(open_, kBase + "/commits?sha=main&limit=1").find(Sha('a')), std::string::npos);
  EXPECT_NE(Ask(open_, kBase + "/commits?limit=1&page=2").find(Sha('a')), std::string::npos);
  EXPECT_NE(Ask(open_, kBase + "/branches/main").find(Concat({R"("id":")", Sha('b')})),
            std::string::npos);
  Ask(open_, kBase + "/branches/next");
  EXPECT_EQ(status_, 404);
}

TEST_F(ForgeTest, TellsTheCommitOfATag) {
  EXPECT_NE(Ask(open_, kBase + "/tags/v1.15.12").find(Sha('b')), std::string::npos);
  EXPECT_EQ(route_.operation, "forge.tag");
  EXPECT_EQ(route_.reference, "v1.15.12");
  Ask(open_, kBase + "/tags/v9");
  EXPECT_EQ(status_, 404);
}

TEST_F(ForgeTest, LeadsFromARunToTheLogOfItsJob) {
  const auto runs = json::Parse(Ask(open_, kBase + "/actions/runs"), "runs");
  EXPECT_EQ(runs->At("/workflow_runs/0/id")->as_integer(), 41);
  EXPECT_EQ(runs->At("/workflow_runs/0")->Text("conclusion"), "failure");
  EXPECT_NE(Ask(open_, kBase + "/actions/runs/41").find("docker-publish-split.yml"),
            std::string::npos);
  const auto jobs = json::Parse(Ask(open_, kBase + "/actions/runs/41/jobs"), "jobs");
  EXPECT_EQ(jobs->At("/jobs/0")->Text("name"), "base-decide");
  EXPECT_EQ(route_.operation, "forge.jobs");
  EXPECT_EQ(Ask(open_, kBase + "/actions/jobs/7/logs"), "Computed base tag: base-0123456789ab\n");
  EXPECT_EQ(route_.operation, "forge.log");
  for (const char* absent : {"/actions/runs/42", "/actions/runs/x/jobs", "/actions/jobs/9/logs"}) {
    Ask(open_, kBase + absent);
    EXPECT_EQ(status_, 404) << absent;
  }
}

TEST_F(ForgeTest, ActionsMayWantAToken) {
  Ask(closed_, kBase + "/actions/jobs/7/logs");
  EXPECT_EQ(status_, 401);
  Ask(closed_, kBase + "/actions/jobs/7/logs", {{"Authorization", "token wrong"}});
  EXPECT_EQ(status_, 401);
  Ask(closed_, kBase + "/actions/jobs/7/logs", {{"Authorization", "token s3cret"}});
  EXPECT_EQ(status_, 200);
  Ask(closed_, kBase + "/commits");
  EXPECT_EQ(status_, 200);
}

TEST_F(ForgeTest, IsAskedByReadsAlone) {
  Ask(open_, kBase + "/commits", {}, "POST");
  EXPECT_EQ(status_, 405);
  for (const char* elsewhere : {"/", "/api/v1/repos/joakimp", "/api/v1/repos/a/b/commits"}) {
    Ask(open_, elsewhere);
    EXPECT_EQ(status_, 404) << elsewhere;
  }
}

TEST_F(ForgeTest, RefusesWhatIsNoHistory) {
  EXPECT_EQ(open_.Commit("joakimp", "main", {Sha('c'), "", {}}).error().code(),
            ErrorCode::kInvalid);
  EXPECT_EQ(open_.Commit(kRepository, "main", {"abc", "", {}}).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(open_.Tag(kRepository, "v2", Sha('c')).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(open_.Tag("a/b", "v2", Sha('a')).error().code(), ErrorCode::kNotFound);
  ForgeRun again;
  again.id = 50;
  again.jobs = {{7, "again"}};
  EXPECT_EQ(open_.AddRun(kRepository, again).error().code(), ErrorCode::kConflict);
}

}  // namespace
}  // namespace drydock::simulator
