#include "publisher/release/attempt_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/text.h"
#include "tests/support/temp_folder.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

const TimePoint kWritten = *ParseRfc3339("2026-06-01T00:00:00Z");

constexpr char kCacheFailure[] =
    "2026-05-28T06:00:00.1234567Z Runner version: v0.2.11\r\n"
    "2026-05-28T06:00:01.0000000Z \x1b[36mgithub.com/docker/buildx v0.34.1 abc\x1b[0m\n"
    "2026-05-28T06:00:02.0000000Z docker buildx build --cache-to type=registry,ref=a/b:cache .\n"
    "2026-05-28T06:04:10.0000000Z ERROR: failed to solve: error writing layer blob: unexpected "
    "status from PUT request to https://registry-1.docker.io/v2/a/b/blobs/uploads/1: 400 Bad "
    "Request\n";

TEST(ReadAttemptLogTest, TellsWhatACiJobSays) {
  const auto attempt = ReadAttemptLog("ci", "#332", kCacheFailure, kWritten);
  ASSERT_TRUE(attempt.ok()) << attempt.error().message();
  EXPECT_EQ(attempt->path, "ci");
  EXPECT_EQ(attempt->label, "#332");
  EXPECT_EQ(FormatRfc3339(attempt->time), "2026-05-28T06:00:00.123Z");
  EXPECT_FALSE(attempt->succeeded);
  EXPECT_TRUE(attempt->cache_export);
  EXPECT_THAT(attempt->facts,
              UnorderedElementsAre(Pair("runner", "v0.2.11"), Pair("buildx", "v0.34.1")));
  EXPECT_TRUE(attempt->log.starts_with("Runner version: v0.2.11\ngithub.com/docker/buildx"))
      << attempt->log;
}

struct EndingRow {
  std::string name;
  std::string text;
  bool succeeded = false;
  bool cache_export = false;
};
void PrintTo(const EndingRow& row, std::ostream* out) { *out << row.name; }

class LogEndingTest : public ::testing::TestWithParam<EndingRow> {};

TEST_P(LogEndingTest, IsKnown) {
  const auto attempt = ReadAttemptLog("host", "log", GetParam().text, kWritten);
  ASSERT_TRUE(attempt.ok()) << attempt.error().message();
  EXPECT_EQ(attempt->succeeded, GetParam().succeeded);
  EXPECT_EQ(attempt->cache_export, GetParam().cache_export);
  EXPECT_EQ(attempt->time, kWritten);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, LogEndingTest,
    ::testing::Values(
        EndingRow{"PushedManifest", "#9 pushing manifest for a/b:v1@sha256:00 1.2s done\n", true},
        EndingRow{"FailedAfterAPush",
                  "#9 pushing manifest for a/b:v1@sha256:00 1.2s done\n"
                  "#10 exporting cache to registry\nERROR: failed to solve: x\n",
                  false, true},
        EndingRow{"GiteaFailed", "\U0001F3C1  Job failed\n"},
        EndingRow{"GiteaSucceeded", "\U0001F3C1  Job succeeded\n", true},
        EndingRow{"GitHubFailed", "##[error]Process completed with exit code 1.\n"},
        EndingRow{"ZeroIsNoFailure",
                  "Process completed with exit code 0.\nJob succeeded\nexited with code 0\n", true},
        EndingRow{"CacheToOfAnAction", "  cache-to: type=registry,ref=a\nJob succeeded\n", true,
                  true},
        EndingRow{"EmptyCacheTo", "  cache-to: \nJob succeeded\n", true},
        EndingRow{"Skopeo", "Writing manifest to image destination\n", true},
        EndingRow{"Report", R"({"verdict": "published-and-verified"})", true},
        EndingRow{"ReportOfAFailure",
                  R"({"verdict": "refused", "failure": {"words": "registry answered 400"}})"}),
    [](const auto& row) { return row.param.name; });

TEST(ReadAttemptLogTest, RefusesWhatDoesNotSayHowItEnded) {
  for (const std::string_view text : {"", "hello\n", "{\"a\": 1}", "{\"verdict\": 7}"}) {
    const auto attempt = ReadAttemptLog("ci", "x.log", text, kWritten);
    ASSERT_FALSE(attempt.ok()) << text;
    EXPECT_EQ(attempt.error().code(), ErrorCode::kInvalid);
    EXPECT_THAT(attempt.error().message(), HasSubstr("x.log: "));
  }
}

class AttemptsFileTest : public ::testing::Test {
 protected:
  Result<std::vector<Attempt>> Read(std::string_view text) const {
    return ReadAttemptsFile(folder_.Write("logs/attempts.json", text));
  }

  testing::TempFolder folder_;
};

TEST_F(AttemptsFileTest, EntriesWinOverTheirLogs) {
  folder_.Write("logs/332.log", kCacheFailure);
  const auto attempts = Read(R"({
    // five runs, here two
    "attempts": [
      {"path": "ci", "label": "#332", "log": "332.log", "changed": ["setup-buildx v4"]},
      {"path": "ci", "log": "332.log", "cache-export": false, "time": "2026-05-28T09:00:00Z"},
      {"path": "host", "time": "2026-05-28T15:00:00Z", "succeeded": true}]})");
  ASSERT_TRUE(attempts.ok()) << attempts.error().message();
  ASSERT_EQ(attempts->size(), 3U);
  EXPECT_EQ(attempts->at(0).label, "#332");
  EXPECT_THAT(attempts->at(0).changed, ::testing::ElementsAre("setup-buildx v4"));
  EXPECT_TRUE(attempts->at(0).cache_export);
  EXPECT_EQ(attempts->at(1).label, "332.log");
  EXPECT_FALSE(attempts->at(1).cache_export);
  EXPECT_EQ(FormatRfc3339(attempts->at(1).time), "2026-05-28T09:00:00Z");
  EXPECT_TRUE(attempts->at(2).succeeded);
  EXPECT_THAT(attempts->at(2).log, IsEmpty());
}

TEST_F(AttemptsFileTest, BaseHashOfACiLogIsTheLastOneComputed) {
  const auto hash = [&](std::string_view text) {
    return BaseHashInLog(folder_.Write("base.log", text));
  };
  EXPECT_EQ(*hash("2026-05-28T06:00:00.1Z Computed base tag: base-0123456789ab\n"), "0123456789ab");
  EXPECT_EQ(*hash("Computed base tag: base-0123456789ab\nComputed base tag: base-abcdefabcdef\n"),
            "abcdefabcdef");
  EXPECT_EQ(*hash("Computed base tag: base-0123456789ab\necho Computed base tag: base-${HASH}\n"),
            "0123456789ab");
  for (const std::string_view text : {"", "Computed base tag: base-", "base-0123456789ab",
                                      "Computed base tag: base-0123456789abc"}) {
    EXPECT_EQ(hash(text).error().code(), ErrorCode::kNotFound) << text;
  }
}

TEST_F(AttemptsFileTest, BadOnesAreNamed) {
  struct Row {
    std::string_view text;
    std::string_view message;
  };
  for (const Row& row : {
           Row{"[]", "evidence"},
           Row{R"({"attempts": []})", "expected a list of attempts"},
           Row{R"({"attempts": [{"path": "laptop"}]})", "expected \"ci\" or \"host\""},
           Row{R"({"attempts": [{"path": "ci", "log": "none.log"}]})", "none.log: cannot be read"},
           Row{R"({"attempts": [{"path": "ci", "succeeded": true}]})", "time"},
           Row{R"({"attempts": [{"path": "ci", "time": "2026-05-28T15:00:00Z"}]})", "succeeded"},
           Row{R"({"attempts": [{"path": "ci", "time": "2026-05-28T15:00:00Z", "succeeded": true,
                                 "labell": "x"}]})",
               "\"label\""},
       }) {
    const auto attempts = Read(row.text);
    ASSERT_FALSE(attempts.ok()) << row.text;
    EXPECT_THAT(attempts.error().message(), HasSubstr("attempts.json:"));
    EXPECT_THAT(attempts.error().message(), HasSubstr(std::string(row.message)));
  }
  EXPECT_EQ(ReadAttemptsFile(folder_.At("gone.json")).error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace drydock::publisher
