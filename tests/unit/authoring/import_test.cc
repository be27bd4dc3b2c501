// A capture becomes a scenario: what failed, what was there, what stays out; and the round trip
// through drydock's own HAR fails at the same requests in the same way.
#include "scenarios/authoring/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "core/file.h"
#include "core/text.h"
#include "publisher/release/release_file.h"
#include "scenarios/authoring/new_scenario.h"
#include "scenarios/runner/loader.h"
#include "scenarios/runner/runner.h"
#include "simulator/server/har.h"

namespace drydock::scenarios {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kIncidents = std::string(DRYDOCK_SOURCE_DIR) + "/scenarios/incidents";

// One entry of a capture.
std::string Entry(std::string_view method, std::string_view path, int status,
                  std::string_view rest = "") {
  return Concat({R"({"request": {"method": ")", method,
                 R"(", "url": "https://registry-1.docker.io)", path,
                 R"("}, "response": {"status": )", std::to_string(status), rest, "}}"});
}

// A scenario whose world and steps an import takes, and its file.
struct Like {
  Scenario scenario;
  json::Value document;
};

Like ReadLike(const std::string& text, const std::string& path) {
  auto scenario = ParseScenario(text, path);
  auto document = json::Parse(text, path, {.comments = true});
  EXPECT_TRUE(scenario.ok() && document.ok()) << (scenario ? "" : scenario.error().message());
  return {std::move(*scenario), std::move(*document)};
}

ImportOptions OptionsFor(const Like& like) {
  ImportOptions options;
  options.source = "t.har";
  options.like = &like.scenario;
  options.like_document = &like.document;
  const auto release =
      publisher::ReadReleaseFile(like.scenario.world.project.folder + "/release.json");
  EXPECT_TRUE(release.ok());
  options.repository = release->image.repository;
  options.npm_host = Url::Parse(release->npm_registry)->host;
  return options;
}

Result<Imported> ImportEntries(const std::vector<std::string>& entries) {
  const auto capture =
      ReadHar(Concat({R"({"log": {"entries": [)", Join(entries, ","), "]}}"}), "t.har");
  EXPECT_TRUE(capture.ok()) << (capture ? "" : capture.error().message());
  const auto* plain = FindTemplate("plain");
  const Like like = ReadLike(FillTemplate(*plain, "t", Concat({"../projects/", plain->project})),
                             kIncidents + "/t.json");
  return ImportCapture(*capture, OptionsFor(like));
}

struct ImportRow {
  std::string name;
  std::vector<std::string> entries;
  std::vector<std::string> has;
  std::vector<std::string> has_not = {};
};

void PrintTo(const ImportRow& row, std::ostream* out) { *out << row.name; }

class ImportTest : public ::testing::TestWithParam<ImportRow> {};

TEST_P(ImportTest, Says) {
  const auto imported = ImportEntries(GetParam().entries);
  ASSERT_TRUE(imported.ok()) << imported.error().message();
  for (const std::string& piece : GetParam().has) {
    EXPECT_THAT(imported->text, HasSubstr(piece));
  }
  for (const std::string& piece : GetParam().has_not) {
    EXPECT_THAT(imported->text, Not(HasSubstr(piece)));
  }
  const auto read = ParseScenario(imported->text, kIncidents + "/imported.json");
  EXPECT_TRUE(read.ok()) << read.error().message() << "\n" << imported->text;
}

const std::string kPut = "/v2/a/b/manifests/v2.0.0";

INSTANTIATE_TEST_SUITE_P(
    Rows, ImportTest,
    ::testing::ValuesIn(std::vector<ImportRow>{
        {"ErrorBody",
         {Entry("PUT", kPut, 429, R"(, "headers": [{"name": "retry-after", "value": "7"},
             {"name": "server", "value": "nginx"}],
            "content": {"text": "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"slow\"}]}"})")},
         {R"("operation": "manifest.put", "reference": "v2.0.0")", R"("error": "TOOMANYREQUESTS")",
          R"("message": "slow")", R"("Retry-After": "7")", R"("nth": 1)", R"("tag": "v2.0.0")"},
         {"nginx", "repository"}},
        {"TextBody",
         {Entry("PUT", kPut, 502, R"(, "statusText": "Bad gateway!", "content": {"text": "<html>"},
            "headers": [{"name": "Content-Type", "value": "text/html"}])")},
         {R"("text": "<html>")", R"("Content-Type": "text/html")", R"("reason": "Bad gateway!")"}},
        {"NthAndRange",
         {Entry("PUT", kPut, 201), Entry("PUT", kPut, 500), Entry("PUT", kPut, 201),
          Entry("PUT", kPut, 503), Entry("PUT", kPut, 503), Entry("PUT", kPut, 201)},
         {R"("name": "manifest.put-500")", R"("nth": 2)",
          // The rule above hides the second match from this one.
          R"("times": { "from": 3, "to": 4 })"}},
        {"GoesOnFailing",
         {Entry("PUT", kPut, 201), Entry("PUT", kPut, 500), Entry("PUT", kPut, 500)},
         {R"("times": { "after": 1 })"}},
        {"NothingButFailures",
         {Entry("PUT", kPut, 500), Entry("PUT", kPut, 500)},
         {},
         {"\"times\""}},
        {"NoAnswer",
         {Entry("PUT", kPut, 0, R"(, "_error": "net::ERR_CONNECTION_RESET")")},
         {R"("cut": "rst", "at": "decide")", "taken as not"}},
        {"BodyCutShort",
         {Entry("GET", "/v2/a/b/manifests/v1", 200),
          Entry("GET", "/v2/a/b/manifests/v1", 200,
                R"(, "content": {"size": 10}, "_error": "net::ERR_CONTENT_LENGTH_MISMATCH")")},
         {R"("at": "response-body", "after-bytes": 10)", R"("status": 200)", R"("nth": 2)"}},
        {"HeadCutShort",
         {Entry("HEAD", "/v2/a/b/manifests/v1", 200,
                R"(, "content": {"size": 9}, "_error": "net::ERR_CONNECTION_RESET")")},
         {R"("operation": "manifest.head")", R"("cut": "rst", "at": "decide")"},
         {"response-body", "\"status\""}},
        {"NoTag",  // somebody asked for it, and the server had an answer
         {Entry("HEAD", "/v2/a/b/manifests/v=0", 200), Entry("PUT", kPut, 500)},
         {R"("hub": {})"},
         {"v=0"}},
        {"ByDigest",
         {Entry("PUT", Concat({"/v2/a/b/manifests/sha256:", std::string(64, 'a')}), 500)},
         {R"("reference-kind": "digest")"},
         {"aaaa"}},
        {"BaseHashOfAnotherTree",
         {Entry("PUT", "/v2/a/b/manifests/base-0123456789ab", 500)},
         {R"("reference": "base-????????????")"}},
        {"ChallengesDoNotCount",
         {Entry("PUT", kPut, 401, R"(, "headers": [{"name": "WWW-Authenticate",
             "value": "Bearer realm=\"https://auth.test/token\""}])"),
          Entry("PUT", kPut, 500)},
         {R"("nth": 1)"},
         {"401"}},
        {"Missing404IsNoFailure",
         {Entry("HEAD", kPut, 404), Entry("PUT", kPut, 201), Entry("GET", kPut, 404)},
         {R"("operation": "manifest.get")", R"("status": 404)"},
         {"manifest.head"}},
        {"StateFromReads",
         {Entry("HEAD", "/v2/a/b/manifests/v1.9.0", 200),
          Entry("HEAD", "/v2/a/b/manifests/base-0123456789ab", 200),
          Entry("HEAD", "/v2/a/b/manifests/latest", 200), Entry("PUT", kPut, 500)},
         {R"("hub": { "previous-release": "v1.9.0", "base": "present" })"}},
        {"NothingWasThere", {Entry("HEAD", kPut, 404), Entry("PUT", kPut, 500)}, {R"("hub": {})"}},
        {"TwoRepositories",
         {Entry("GET", "/v2/library/debian/manifests/12", 200), Entry("PUT", kPut, 500)},
         {R"("repository": "joakimp/opencode-devbox")"},
         {"a/b"}},
        {"SecretsStayOut",
         {Entry("PUT", kPut, 400, R"(, "headers": [{"name": "Set-Cookie", "value": "s3cret"},
             {"name": "Location", "value": "https://cdn.test/x?X-Amz-Signature=s3cret"}],
             "content": {"text": "{\"token\": \"s3cret\"}"})")},
         {"REDACTED"},
         {"s3cret"}},
    }),
    [](const auto& each) { return each.param.name; });

TEST(Import, SaysWhatItLeavesOut) {
  const auto imported = ImportEntries(
      {Entry("PUT", kPut, 500), Entry("GET", "/elsewhere", 500), Entry("GET", "/other", 200)});
  ASSERT_TRUE(imported.ok()) << imported.error().message();
  EXPECT_THAT(imported->notes, Contains(HasSubstr("/elsewhere: failed, and is no request")));
  EXPECT_THAT(imported->notes, Contains(HasSubstr("registry-1.docker.io (1)")));
  EXPECT_THAT(imported->text, HasSubstr("Not in it: "));
}

TEST(Import, RefusesWhatMakesNoScenario) {
  EXPECT_THAT(ImportEntries({}).error().message(), HasSubstr("t.har: has no HTTP requests"));
  EXPECT_THAT(ImportEntries({Entry("GET", "/", 500)}).error().message(),
              HasSubstr("no request is one that a registry"));
  EXPECT_THAT(ImportEntries({Entry("PUT", kPut, 201)}).error().message(),
              HasSubstr("nothing in it failed"));
  EXPECT_THAT(ImportEntries({Entry("PUT", kPut, 201), Entry("GET", "/", 500)}).error().message(),
              HasSubstr("nothing that failed can be said: GET"));
}

// What went wrong in a run, in order: who asked for what and what came of it.
std::vector<std::string> FailuresOf(const Play& play) {
  std::vector<std::string> failures;
  for (const Event& event : play.events) {
    const auto* exchange = std::get_if<ExchangeEvent>(&event.payload);
    if (exchange != nullptr && (exchange->status == 0 || exchange->status >= 400)) {
      failures.push_back(Concat({event.actor, ": ", exchange->operation, " ", exchange->repository,
                                 " ", exchange->reference, ": ", std::to_string(exchange->status),
                                 " ", exchange->reason}));
    }
  }
  return failures;
}

// Each file is played, exported, imported into its own world without its faults, and played again.
class RoundTripTest : public ::testing::TestWithParam<std::string> {};

TEST_P(RoundTripTest, FailsAtTheSameRequests) {
  const std::string path = Concat({kIncidents, "/", GetParam(), ".json"});
  const Like like = ReadLike(*ReadWholeFile(path), path);
  RunOptions once;
  once.twin = false;
  once.second_run = false;
  const auto played = RunScenario(like.scenario, once);
  ASSERT_TRUE(played.ok()) << played.error().message();
  const auto capture = ReadHar(simulator::ToHar(played->main.events), "run.har");
  ASSERT_TRUE(capture.ok()) << capture.error().message();
  ImportOptions options = OptionsFor(like);
  options.keep_world = true;
  const auto imported = ImportCapture(*capture, options);
  ASSERT_TRUE(imported.ok()) << imported.error().message();
  const auto again = ParseScenario(imported->text, path);
  ASSERT_TRUE(again.ok()) << again.error().message() << imported->text;
  const auto replayed = RunScenario(*again, once);
  ASSERT_TRUE(replayed.ok()) << replayed.error().message();
  EXPECT_EQ(FailuresOf(replayed->main), FailuresOf(played->main)) << imported->text;
  EXPECT_THAT(FailuresOf(played->main), Not(IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(Files, RoundTripTest,
                         ::testing::Values("2026-05-09-npm-tarball-404",
                                           "2026-05-28-cache-export-400",
                                           "2026-05-28-cache-export-400-three-attempts",
                                           "base-push-refused-without-cache",
                                           "npm-tarball-vanishes", "probe-unknown-never-builds",
                                           "registry-503-once", "registry-503-outlasts-the-budget",
                                           "registry-503-ten-seconds"),
                         [](const auto& each) { return ReplaceAll(each.param, "-", "_"); });

}  // namespace
}  // namespace drydock::scenarios
