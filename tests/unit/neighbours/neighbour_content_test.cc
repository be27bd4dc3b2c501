#include "simulator/neighbours/neighbour_content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/neighbours/standing_clock.h"

namespace drydock::simulator {
namespace {

using ::testing::HasSubstr;

constexpr char kSha[] = "3e32724db0313e32724db0313e32724db0313e32";

constexpr char kBoth[] = R"({
  "npm": { "host": "npm.test", "packages": {
    "left-pad": { "latest": "1.3.0", "versions": {
      "1.2.0": {},
      "1.3.0": { "dependencies": { "right-pad": "^1.0.0" },
                 "tarball-from": "2026-05-28T07:00:00Z" } } } } },
  "forge": { "host": "git.test", "token": "s3cret", "repositories": {
    "me/app": {
      "branches": { "main": [{ "sha": "3e32724db0313e32724db0313e32724db0313e32",
                               "message": "release", "when": "2026-05-28T06:00:00Z" }] },
      "tags": { "v1": "3e32724db0313e32724db0313e32724db0313e32" },
      "runs": [{ "id": 336, "workflow": "publish.yml", "ref": "v1", "conclusion": "failure",
                 "jobs": [{ "id": 7, "name": "base-decide",
                            "log": "Computed base tag: base-0123456789ab\n" }] }] } } } })";

Result<NeighbourContent> Read(std::string_view text) {
  const Result<json::Value> value = json::Parse(text, "seed");
  if (!value) {
    return value.error();
  }
  json::Source source("seed");
  json::ObjectReader reader(source, *value, "seed");
  NeighbourContent content = ReadNeighbours(source, reader);
  reader.Finish();
  return source.ok() ? Result<NeighbourContent>(std::move(content)) : source.status().error();
}

std::string Ask(Site& site, const std::string& url, Headers headers = {}) {
  const auto exchange =
      site.Begin({"GET", Url::Parse(url).value(), std::move(headers), std::nullopt, {}});
  Response response = exchange->Apply();
  return std::to_string(response.status) + " " + *ReadAll(response.body, 1 << 20);
}

TEST(NeighbourContent, FurnishesNpm) {
  const Result<NeighbourContent> content = Read(kBoth);
  ASSERT_TRUE(content.ok()) << content.error().message();
  EXPECT_EQ("npm.test", content->npm->host);
  StandingClock clock("2026-05-28T06:00:00Z");
  NpmRegistry npm(clock);
  ASSERT_TRUE(Furnish(content->npm->releases, npm).ok());
  EXPECT_THAT(Ask(npm, "http://npm.test/left-pad/latest"), HasSubstr(R"("version":"1.3.0")"));
  EXPECT_THAT(Ask(npm, "http://npm.test/left-pad/latest"), HasSubstr("right-pad"));
  EXPECT_TRUE(content->npm->releases[1].tarball_from.has_value());
  EXPECT_EQ(ErrorCode::kConflict, Furnish(content->npm->releases, npm).error().code());
}

TEST(NeighbourContent, FurnishesTheForge) {
  const Result<NeighbourContent> content = Read(kBoth);
  ASSERT_TRUE(content.ok()) << content.error().message();
  Forge forge(content->forge->token);
  ASSERT_TRUE(Furnish(*content->forge, forge).ok());
  const std::string api = "http://git.test/api/v1/repos/me/app/";
  EXPECT_THAT(Ask(forge, api + "commits"), HasSubstr(kSha));
  EXPECT_THAT(Ask(forge, api + "tags/v1"), HasSubstr(kSha));
  EXPECT_THAT(Ask(forge, api + "actions/jobs/7/logs"), HasSubstr("401"));
  EXPECT_EQ("200 Computed base tag: base-0123456789ab\n",
            Ask(forge, api + "actions/jobs/7/logs", {{"Authorization", "token s3cret"}}));
}

TEST(NeighbourContent, MergesWhatIsApart) {
  NeighbourContent all;
  ASSERT_TRUE(Merge(*Read(R"({"npm": {"host": "n.test", "packages": {}}})"), all).ok());
  ASSERT_TRUE(Merge(*Read(R"({"forge": {"host": "g.test"}})"), all).ok());
  EXPECT_TRUE(all.npm && all.forge);
  EXPECT_EQ(ErrorCode::kConflict,
            Merge(*Read(R"({"forge": {"host": "h.test"}})"), all).error().code());
  NeighbourContent one = *Read(R"({"npm": {"host": "n.test", "packages": {}}})");
  EXPECT_EQ(ErrorCode::kConflict,
            Merge(*Read(R"({"forge": {"host": "n.test"}})"), one).error().code());
}

TEST(NeighbourContent, SaysWhatIsWrongAndWhere) {
  const struct {
    const char* text;
    const char* complaint;
  } rows[] = {
      {R"({"npm": {"packages": {}}})", "seed:1: npm: missing key \"host\""},
      {R"({"npm": {"host": "Npm.test", "packages": {}}})", "lower-case host name"},
      {R"({"npm": {"host": "npm.test:80", "packages": {}}})", "without a port"},
      {R"({"npm": {"host": "hub.docker.com", "packages": {}}})", "is the Hub's own API"},
      {R"({"npm": {"host": "n"}})", "missing key \"packages\""},
      {R"({"npm": {"host": "n", "packages": []}})", "expected an object of packages"},
      {R"({"npm": {"host": "n", "packages": {"a": {"latest": "1.0.0", "versions": []}}}})",
       "\"versions\": expected an object"},
      {R"({"npm": {"host": "n", "packages": {"a": {"latest": "2.0.0",
        "versions": {"1.0.0": {}}}}}})",
       "is none of the versions: \"2.0.0\""},
      {R"({"npm": {"host": "n", "packages": {"A B": {"latest": "1.0.0",
        "versions": {"1.0.0": {}}}}}})",
       "npm: not a package name: A B"},
      {R"({"npm": {"host": "n", "packages": {"a": {"latest": "1", "versions": {"1": {}}}}}})",
       "npm: not a version: 1"},
      {"{\"forge\":\n{\"host\": \"g\", \"repos\": {}}}", "seed:2: forge: unknown key \"repos\""},
      {R"({"forge": {"host": "g", "token": 12345}})", "\"token\": expected a string"},
      {R"({"forge": {"host": "g", "repositories": {"app": {"runs": [
        {"id": 1, "workflow": "w", "ref": "v1"}]}}}})",
       "forge: not an owner/name: app"},
      {R"({"forge": {"host": "g", "repositories": {"me/app": {"tags": {"v1": "abc"}}}}})",
       "has no commit abc"},
      {R"({"forge": {"host": "g", "repositories": {"me/app": {
        "branches": {"main": [{"sha": "xyz"}]}}}}})",
       "forge: not a commit id: xyz"},
      {R"({"forge": {"host": "g", "repositories": {"me/app": {"runs": [
        {"id": 1, "workflow": "w", "ref": "v1"}, {"id": 1, "workflow": "w", "ref": "v1"}]}}}})",
       "run or job id taken: 1"},
      {R"({"npm": {"host": "n", "packages": {}}, "forge": {"host": "n"}})",
       "\"forge\": has the host of npm: n"},
  };
  for (const auto& row : rows) {
    const Result<NeighbourContent> content = Read(row.text);
    ASSERT_FALSE(content.ok()) << row.text;
    EXPECT_THAT(content.error().message(), HasSubstr(row.complaint)) << row.text;
    EXPECT_THAT(content.error().message(), ::testing::Not(HasSubstr("12345")));
  }
}

}  // namespace
}  // namespace drydock::simulator
