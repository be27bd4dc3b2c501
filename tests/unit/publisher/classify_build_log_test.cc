// Every error text captured from a client under a known fault, classified; then whole logs, npm
// failures and what stands in a log without being its cause.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "core/json.h"
#include "core/text.h"
#include "publisher/registry/failure.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kD = Persistence::kDeterministic;
constexpr auto kT = Persistence::kTransient;

struct Capture {
  std::string client;
  std::string fault;
  int exit_code = 0;
  std::string error;
};

std::vector<Capture> ReadCaptures() {
  std::ifstream file(DRYDOCK_SOURCE_DIR "/tests/captures/client-errors.jsonl");
  std::vector<Capture> captures;
  for (std::string line; std::getline(file, line);) {
    const auto value = json::Parse(line, "client-errors.jsonl");
    EXPECT_TRUE(value.ok());
    captures.push_back({std::string(value->Text("client")), std::string(value->Text("fault")),
                        static_cast<int>(value->Find("exit_code")->as_integer().value_or(0)),
                        std::string(value->Text("error"))});
  }
  return captures;
}

struct Expected {
  const char* fault;  // glob
  const char* text;   // glob over the error text, "*" for any
  Persistence persistence;
  NextMove next;
  int status;
  bool cache_export = false;
};

// The first row that fits counts.
const std::vector<Expected>& Table() {
  using enum NextMove;
  static const std::vector<Expected> kTable = {
      {"400html-cache-manifest-put", "*", kD, kStop, 400, true},
      {"404-cache-manifest-put", "*", kD, kStop, 404, true},
      {"503-*cache-manifest-put", "*", kT, kRetry, 503, true},
      {"cache-to*400html", "*", kD, kStop, 400, true},
      {"cache-to*403", "*", kD, kStop, 403, true},
      {"cache-from-layer-404*", "*not found*", kD, kStop, 404},
      {"cache-from-layer-503*", "*", kT, kRetry, 503},
      {"400html-*", "*", kD, kStop, 400},
      {"413html-*", "*", kD, kStop, 413},
      {"403-*", "*", kD, kStop, 403},
      {"promote*-403", "*", kD, kStop, 403},
      {"promote*-400html", "*", kD, kStop, 400},
      {"promote*-503-*", "*", kT, kRetry, 503},
      {"promote*-rst-*", "*", kT, kRetry, 0},
      {"rst-*", "*", kT, kRetry, 0},
      {"pull-rst-*", "*", kT, kRetry, 0},
      {"pull-503-*", "*", kT, kRetry, 503},
      {"pull-404-*", "*", kD, kStop, 404},
      {"pull-429-*", "*", kT, kWait, 429},
      {"500-*", "*", kT, kRetry, 500},
      {"502-*", "*", kT, kRetry, 502},
      {"503-*", "*", kT, kRetry, 503},
      {"504-*", "*", kT, kRetry, 504},
      {"429-*", "*", kT, kWait, 429},
      {"401-*", "*", kD, kStop, 401},
      {"404-upload-unknown-*", "*", kT, kRetry, 404},
      {"400-digest-invalid-*", "*", kD, kStop, 400},
      // Only a builder that shows the registry's words lets the one 400 be told from the other.
      {"400-manifest-blob-unknown-*", "*blob unknown*", kT, kRetry, 400},
      {"400-manifest-blob-unknown-*", "*400 Bad Request*", kD, kStop, 400},
      {"multi-index-400-manifest-unknown", "*blob unknown*", kT, kRetry, 400},
      {"multi-index-400-manifest-unknown", "*400 Bad Request*", kD, kStop, 400},
      {"auth-push-bearer-wrong-password", "*", kD, kStop, 401},
      {"auth-push-bearer-anonymous-push", "*insufficient_scope*", kD, kStop, 401},
      {"auth-push-bearer-anonymous-push", "*unauthorized*", kD, kStop, 401},
      {"auth-push-bearer-anonymous-push", "*denied*", kD, kStop, 403},
      {"variant-base-missing-platform-index", "*", kD, kStop, 0},
      {"*missing*", "*", kD, kStop, 404},
  };
  return kTable;
}

TEST(ClassifyBuildLog, UnderstandsEveryCapturedText) {
  std::set<const Expected*> used;
  const auto captures = ReadCaptures();
  ASSERT_GT(captures.size(), 300u);
  for (const Capture& capture : captures) {
    SCOPED_TRACE(Concat({capture.client, " ", capture.fault, "\n", capture.error}));
    const auto row = std::find_if(Table().begin(), Table().end(), [&](const Expected& expected) {
      return GlobMatches(expected.fault, capture.fault) &&
             GlobMatches(expected.text, capture.error);
    });
    ASSERT_NE(row, Table().end());
    used.insert(&*row);
    const Failure failure = ClassifyBuildLog(capture.error, capture.exit_code);
    EXPECT_EQ(Name(failure.persistence), Name(row->persistence));
    EXPECT_EQ(failure.next, row->next);
    EXPECT_EQ(failure.status, row->status);
    EXPECT_EQ(failure.cache_export, row->cache_export);
    EXPECT_FALSE(failure.words.empty());
    EXPECT_THAT(failure.words, Not(HasSubstr("<html")));
    if (row->status == 0 && capture.fault.find("rst") != std::string::npos) {
      EXPECT_EQ(failure.answerer, Answerer::kNetwork);
    } else if (capture.fault == "auth-push-bearer-wrong-password" && capture.client != "docker20") {
      EXPECT_EQ(failure.answerer, Answerer::kTokenService);
    }
  }
  for (const Expected& row : Table()) {
    EXPECT_EQ(used.count(&row), 1u) << "no capture for " << row.fault << " " << row.text;
  }
}

TEST(ClassifyBuildLog, BlamesTheTierWhenThereIsNoBodyAndTheEdgeWhenThereIsAPage) {
  const Failure bare = ClassifyBuildLog(
      "ERROR: failed to solve: failed to push registry.test/app/one:v1: unexpected status from "
      "POST request to http://registry.test/v2/app/one/blobs/uploads/: 400 Bad Request",
      1);
  EXPECT_EQ(bare.answerer, Answerer::kRegistryTier);
  EXPECT_EQ(bare.body, BodyKind::kUnknown);
  EXPECT_EQ(bare.method, "POST");
  EXPECT_EQ(bare.url, "http://registry.test/v2/app/one/blobs/uploads/");
  const Failure page = ClassifyBuildLog(
      "ERROR: failed to build: failed to solve: failed to push registry.test/app/one:v1: "
      "unexpected status from POST request to http://registry.test/v2/app/one/blobs/uploads/: 400 "
      "Bad Request: <html>\n<head><title>400 Bad Request</title></head>\n<body>\n</body>\n</html>",
      1);
  EXPECT_EQ(page.answerer, Answerer::kEdge);
  EXPECT_EQ(page.body, BodyKind::kHtml);
  EXPECT_FALSE(page.cache_export);
}

TEST(ClassifyBuildLog, ReadsTheIncidentsOwnLine) {
  const Failure failure = ClassifyBuildLog(
      "#14 exporting cache to registry\n"
      "#14 ERROR: error writing layer blob: failed to copy: unexpected status from PUT request to "
      "https://registry-1.docker.io/v2/a/b/blobs/uploads/u?_state=x&digest=sha256%3Aab: 400 Bad "
      "request\n------\n > exporting cache to registry:\n------\n"
      "ERROR: failed to solve: error writing layer blob: failed to copy: unexpected status from "
      "PUT request to https://registry-1.docker.io/v2/a/b/blobs/uploads/u?_state=x&digest=sha256%3A"
      "ab: 400 Bad request",
      1);
  EXPECT_TRUE(failure.cache_export);
  EXPECT_EQ(failure.persistence, kD);
  EXPECT_EQ(failure.status, 400);
  EXPECT_EQ(failure.url,
            "https://registry-1.docker.io/v2/a/b/blobs/uploads/u?_state=x&digest=sha256%3Aab");
  EXPECT_THAT(failure.advice, HasSubstr("without a cache option"));
}

TEST(ClassifyBuildLog, NamesTheVanishedBase) {
  const Failure failure = ClassifyBuildLog(
      "ERROR: failed to solve: registry.test/app/web:base-nope: failed to resolve source metadata "
      "for registry.test/app/web:base-nope: registry.test/app/web:base-nope: not found\n",
      1);
  EXPECT_EQ(failure.status, 404);
  EXPECT_EQ(failure.persistence, kD);
  EXPECT_THAT(failure.words, HasSubstr("registry.test/app/web:base-nope"));
  EXPECT_THAT(failure.advice, HasSubstr("starts from"));
}

constexpr const char* kNpmLog =
    "#9 [3/4] RUN npm install -g oh-my-opencode-slim@1.0.7\n"
    "#9 4.117 npm error code E404\n"
    "#9 4.118 npm error 404 Not Found - GET https://npm.test/@opencode-ai/sdk/-/sdk-1.14.44.tgz - "
    "Not found\n"
    "#9 4.119 npm error 404  The requested resource could not be found\n"
    "#9 4.120 npm error A complete log of this run can be found in: /root/.npm/_logs/x.log\n"
    "#9 ERROR: process \"/bin/sh -c npm install -g oh-my-opencode-slim@1.0.7\" did not complete "
    "successfully: exit code: 1\n"
    "------\n > [3/4] RUN npm install -g oh-my-opencode-slim@1.0.7:\n"
    "4.117 npm error code E404\n------\n"
    "ERROR: failed to solve: process \"/bin/sh -c npm install -g oh-my-opencode-slim@1.0.7\" did "
    "not complete successfully: exit code: 1\n";

TEST(ClassifyBuildLog, FindsThePackageBehindAFailedStep) {
  const Failure failure = ClassifyBuildLog(kNpmLog, 1);
  EXPECT_EQ(failure.answerer, Answerer::kPackageRegistry);
  EXPECT_EQ(failure.code, "E404");
  EXPECT_EQ(failure.status, 404);
  EXPECT_EQ(failure.persistence, kT);
  EXPECT_THAT(failure.words, HasSubstr("sdk-1.14.44.tgz"));
}

TEST(ClassifyBuildLog, TellsNpmsTroublesApart) {
  struct NpmRow {
    const char* lines;
    Persistence persistence;
    NextMove next;
    const char* words;
  };
  const std::vector<NpmRow> rows = {
      {"npm ERR! code ETARGET\nnpm ERR! notarget No matching version found for a@1.2.3.", kT,
       NextMove::kRetry, "a@1.2.3"},
      {"npm error code E429\nnpm error 429 Too Many Requests - GET https://npm.test/a", kT,
       NextMove::kWait, "429"},
      {"npm error code E403\nnpm error 403 Forbidden - GET https://npm.test/a", kD, NextMove::kStop,
       "403 Forbidden"},
      {"npm error code ECONNRESET\nnpm error network request to https://npm.test/a failed", kT,
       NextMove::kRetry, "https://npm.test/a"},
  };
  for (const NpmRow& row : rows) {
    SCOPED_TRACE(row.lines);
    const Failure failure =
        ClassifyBuildLog(Concat({row.lines,
                                 "\nERROR: failed to solve: process \"/bin/sh -c npm i\" did not "
                                 "complete successfully: exit code: 1"}),
                         1);
    EXPECT_EQ(failure.answerer, Answerer::kPackageRegistry);
    EXPECT_EQ(failure.persistence, row.persistence);
    EXPECT_EQ(failure.next, row.next);
    EXPECT_THAT(failure.words, HasSubstr(row.words));
  }
}

TEST(ClassifyBuildLog, DoesNotTakeAStepsOutputForItsOwnWords) {
  const Failure failure = ClassifyBuildLog(
      "#8 0.213 mkdir: cannot create directory '/x': permission denied\n"
      "#8 0.3 curl: unexpected status: 503 Service Unavailable\n"
      "#8 ERROR: process \"/bin/sh -c mkdir /x\" did not complete successfully: exit code: 1\n"
      "------\n0.213 denied\n------\n"
      "ERROR: failed to solve: process \"/bin/sh -c mkdir /x\" did not complete successfully: exit "
      "code: 1\n",
      1);
  EXPECT_EQ(failure.answerer, Answerer::kBuilder);
  EXPECT_EQ(failure.persistence, kD);
  EXPECT_EQ(failure.status, 0);
  EXPECT_THAT(failure.words, HasSubstr("mkdir /x"));
}

TEST(ClassifyBuildLog, KnowsTheTroublesOfTheMachine) {
  EXPECT_THAT(
      ClassifyBuildLog("ERROR: failed to solve: write /x: no space left on device", 1).advice,
      HasSubstr("Free space"));
  EXPECT_THAT(ClassifyBuildLog("ERROR: Cannot connect to the Docker daemon at unix:///var/run/"
                               "docker.sock. Is the docker daemon running?",
                               1)
                  .advice,
              HasSubstr("Start Docker"));
  EXPECT_THAT(ClassifyBuildLog("#5 0.1 exec /bin/sh: exec format error\nERROR: failed to solve: "
                               "process \"/bin/sh -c x\" did not complete successfully: exit code: "
                               "255",
                               1)
                  .advice,
              HasSubstr("QEMU"));
}

TEST(ClassifyBuildLog, SaysSoWhenThereIsNoCause) {
  const Failure silent = ClassifyBuildLog("", 137);
  EXPECT_EQ(silent.answerer, Answerer::kBuilder);
  EXPECT_EQ(silent.words, "exit code 137");
  EXPECT_THAT(silent.advice, HasSubstr("memory"));
  const Failure odd = ClassifyBuildLog("something odd\n\n", 2);
  EXPECT_EQ(odd.words, "exit code 2: something odd");
  EXPECT_EQ(odd.persistence, kD);
}

TEST(ClassifyBuildLog, LetsTheLastCauseWin) {
  const Failure failure = ClassifyBuildLog(
      "#5 ERROR: failed to push a: unexpected status from PUT request to http://r/x: 503 Service "
      "Unavailable\n"
      "ERROR: failed to solve: failed to push a: unexpected status from PUT request to http://r/x: "
      "403 Forbidden\n",
      1);
  EXPECT_EQ(failure.status, 403);
}

TEST(ClassifyBuildLog, KeepsCredentialsOut) {
  const Failure failure = ClassifyBuildLog(
      "ERROR: failed to solve: failed to push a: Authorization: Bearer abcdefghijklmnop: "
      "unexpected "
      "status from PUT request to http://r/x?token=hushhush: 403 Forbidden",
      1);
  EXPECT_THAT(failure.ToString(), Not(HasSubstr("abcdefghijklmnop")));
  EXPECT_THAT(failure.url, Not(HasSubstr("hushhush")));
  EXPECT_THAT(failure.words, Not(HasSubstr("hushhush")));
}

}  // namespace
}  // namespace drydock::publisher
