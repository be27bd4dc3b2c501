// The program `drydock serve` itself: its flags, files, signals and words, and how it bears peers
// that mean no good.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/json.h"
#include "core/text.h"
#include "tests/e2e/served.h"
#include "tests/support/raw_client.h"

namespace drydock::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Ended {
  int exit_code;
  std::string out;
  std::string err;
};

Ended RunServe(const std::vector<std::string>& flags) {
  std::vector<std::string> argv = {DRYDOCK_PROGRAM, "serve"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  Child program(argv);
  const int exit_code = program.Wait(std::chrono::seconds(20));
  return {exit_code, program.out(), program.err()};
}

RawAnswer Ask(RawClient& client, std::string_view method, std::string_view target,
              std::string_view fields = "", std::string_view body = "") {
  EXPECT_TRUE(client.Send(RequestText(method, target, fields, body)));
  return client.ReadAnswer(method == "HEAD");
}

// What it prints on a terminal about one request that is refused.
std::string OnATerminal(const std::vector<std::string>& environment) {
  const TempFolder folder;
  const std::string ready = folder.At("ready");
  const std::string pid = folder.At("pid");
  Child terminal({"script", "-qec",
                  Concat({"echo $$ >", pid, "; exec ", DRYDOCK_PROGRAM,
                          " serve --port 0 --ready-file ", ready}),
                  "/dev/null"},
                 environment, "bsdutils");
  while (ReadFile(ready).empty()) {
    if (!terminal.Read(std::chrono::milliseconds(10))) {
      ADD_FAILURE() << terminal.out();
      return "";
    }
  }
  const std::string url(Trim(ReadFile(ready)));
  RawClient client(static_cast<std::uint16_t>(*ParseUnsigned(url.substr(url.rfind(':') + 1))));
  EXPECT_EQ(404, Ask(client, "GET", "/v2/nobody/tags/list").status);
  ::kill(static_cast<pid_t>(*ParseUnsigned(Trim(ReadFile(pid)))), SIGTERM);
  EXPECT_EQ(0, terminal.Wait());
  return terminal.out();
}

TEST(Serve, ColoursItsLinesUnlessToldNotTo) {
  const std::string coloured = OnATerminal({"NO_COLOR="});
  EXPECT_THAT(coloured, HasSubstr("tags.list"));
  EXPECT_THAT(coloured, HasSubstr("\x1b["));
  const std::string plain = OnATerminal({"NO_COLOR=1"});
  EXPECT_THAT(plain, HasSubstr("tags.list"));
  EXPECT_THAT(plain, ::testing::Not(HasSubstr("\x1b[")));
}

TEST(Serve, HasTheNeighboursOfItsSeed) {
  const TempFolder folder;
  const std::string seed = folder.Write("seed.json", R"({
      "npm": {"host": "npm.test", "packages": {
        "left-pad": {"latest": "1.3.0", "versions": {"1.3.0": {}}}}},
      "forge": {"host": "git.test", "repositories": {"me/app": {"runs": [
        {"id": 1, "workflow": "w.yml", "ref": "v1",
         "jobs": [{"id": 7, "name": "base-decide", "log": "Computed base tag: base-01\n"}]}]}}}})");
  const Served server({"--preload", seed});
  RawClient client(server.port());
  const auto get = [&](std::string_view host, std::string_view target) {
    EXPECT_TRUE(client.Send(Concat({"GET ", target, " HTTP/1.1\r\nHost: ", host, "\r\n\r\n"})));
    return client.ReadAnswer().body;
  };
  EXPECT_THAT(get("npm.test:5000", "/left-pad/latest"), HasSubstr("\"version\":\"1.3.0\""));
  EXPECT_EQ("Computed base tag: base-01\n",
            get("git.test", "/api/v1/repos/me/app/actions/jobs/7/logs"));
  EXPECT_EQ("npm.version 200, forge.log 200", server.Sequence());
}

TEST(Serve, RefusesBadInputBeforeItStarts) {
  const TempFolder folder;
  const std::string faults =
      folder.Write("faults.json",
                   "{\n  \"faults\": [\n    { \"name\": \"x\", \"wen\": {},\n"
                   "      \"do\": { \"reply\": { \"status\": 500 } } }\n  ]\n}\n");
  const std::string accounts = folder.Write(
      "accounts.json", "{ \"accounts\": [\n  { \"name\": \"acme\", \"password\": 12345 } ] }\n");
  const struct {
    std::vector<std::string> flags;
    std::string complaint;
  } rows[] = {
      {{"--faults", faults}, faults + ":3: fault: unknown key \"wen\""},
      {{"--faults", folder.At("nowhere.json")}, "nowhere.json"},
      {{"--personality", "docker-hub", "--accounts", accounts},
       accounts + ":2: account: \"password\": expected a string"},
      {{"--accounts", folder.At("nowhere.json")}, "of no use"},
      {{"--personality", "quai"}, "unknown: \"quai\"; there are: "},
      {{"--port", "70000"}, "--port"},
      {{"--prot", "0"}, "--prot"},
  };
  for (const auto& row : rows) {
    std::vector<std::string> flags = {"--ready-file", folder.At("ready")};
    flags.insert(flags.end(), row.flags.begin(), row.flags.end());
    const Ended ended = RunServe(flags);
    EXPECT_EQ(2, ended.exit_code) << row.complaint;
    EXPECT_EQ("", ended.out);
    EXPECT_THAT(ended.err, HasSubstr(row.complaint));
    EXPECT_THAT(ended.err, ::testing::Not(HasSubstr("12345")));
    EXPECT_FALSE(std::filesystem::exists(folder.At("ready")));
  }
}

TEST(Serve, SaysThatThePortIsInUse) {
  const Served server;
  const Ended ended = RunServe({"--port", std::to_string(server.port())});
  EXPECT_EQ(1, ended.exit_code);
  EXPECT_EQ(Concat({"drydock serve: 127.0.0.1:", std::to_string(server.port()),
                    ": the port is in use; choose another one, or 0 for any free one\n"}),
            ended.err);
}

TEST(Serve, NamesTheFileItCannotWrite) {
  const Ended ended = RunServe({"--port", "0", "--journal", "/nowhere/journal"});
  EXPECT_EQ(1, ended.exit_code);
  EXPECT_EQ("drydock serve: /nowhere/journal: cannot write: No such file or directory\n",
            ended.err);
  EXPECT_THAT(RunServe({"--port", "0", "--ready-file", "/nowhere/ready"}).err,
              HasSubstr("/nowhere/ready"));
}

TEST(Serve, EndsOnEitherSignalWithASummary) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const auto server = Served::WithFaults(R"({"faults": [
        {"name": "busy", "when": {"operation": "ping"}, "times": 1,
         "do": {"reply": {"status": 503, "page": "nginx"}}},
        {"name": "idle", "when": {"operation": "manifest.put"},
         "do": {"reply": {"status": 500}}}]})");
    RawClient client(server->port());
    EXPECT_EQ(503, Ask(client, "GET", "/v2/").status);
    EXPECT_EQ(200, Ask(client, "GET", "/v2/").status);
    EXPECT_EQ(404, Ask(client, "GET", "/v2/app/one/tags/list").status);
    EXPECT_EQ(0, server->Stop(signal));
    EXPECT_EQ("", client.ReadToEnd());
    EXPECT_THAT(server->out(), HasSubstr("served 3 requests in "));
    EXPECT_THAT(server->out(), HasSubstr(": 2xx 1, 4xx 1, 5xx 1, "));
    EXPECT_THAT(server->out(), HasSubstr("  fault busy  offered 3  matched 2  fired 1  seen 1\n"));
    EXPECT_THAT(server->out(),
                HasSubstr("  fault idle  offered 2  matched 0  fired 0  seen 0  never fired\n"));
    EXPECT_FALSE(std::filesystem::exists(server->folder().At("ready")));
  }
}

TEST(Serve, IsQuietUnlessAsked) {
  Served quiet;
  Served talking({"--verbose"});
  for (Served* server : {&quiet, &talking}) {
    RawClient client(server->port());
    EXPECT_EQ(404, Ask(client, "HEAD", "/v2/app/one/manifests/v1").status);
    EXPECT_EQ(0, server->Stop(SIGTERM));
  }
  EXPECT_THAT(quiet.out(), ::testing::Not(HasSubstr("manifest.head")));
  EXPECT_THAT(talking.out(), HasSubstr("404  HEAD   manifest.head   app/one  v1\n"));
}

TEST(Serve, WritesTheJournalAsThingsHappen) {
  const Served server;
  RawClient client(server.port());
  Ask(client, "GET", "/v2/", "Authorization: Basic c2VjcmV0OnNlY3JldA==\r\n");
  ASSERT_EQ(1U, server.Requests().size());
  EXPECT_EQ("ping", server.Requests()[0].operation);
  EXPECT_THAT(server.JournalText(), HasSubstr("\"Authorization\",\"Basic REDACTED\""));
  EXPECT_EQ(400, Ask(client, "GET", "two words").status);
  EXPECT_THAT(server.JournalText(), HasSubstr("400: request target has a blank"));
}

TEST(Serve, SpeaksTheWholeProtocolOnOneConnection) {
  const Served server;
  RawClient client(server.port());
  const std::string blob(300'000, 'b');
  const std::string digest = Digest::Of(blob).ToString();
  const RawAnswer opened = Ask(client, "POST", "/v2/app/one/blobs/uploads/");
  ASSERT_EQ(202, opened.status);
  const std::string location = opened.Field("Location");
  const std::string chunks = Concat({"249f0\r\n", blob.substr(0, 150'000), "\r\n249f0\r\n",
                                     blob.substr(150'000), "\r\n0\r\n\r\n"});
  ASSERT_TRUE(
      client.Send(RequestText("PATCH", location, "Transfer-Encoding: chunked\r\n") + chunks));
  const RawAnswer patched = client.ReadAnswer();
  ASSERT_EQ(202, patched.status);
  EXPECT_EQ("0-299999", patched.Field("Range"));
  const std::string commit = patched.Field("Location");
  ASSERT_EQ(
      201,
      Ask(client, "PUT",
          Concat({commit, commit.find('?') == std::string::npos ? "?" : "&", "digest=", digest}),
          "Content-Length: 0\r\n")
          .status);

  const std::string target = Concat({"/v2/app/one/blobs/", digest});
  const RawAnswer head = Ask(client, "HEAD", target);
  EXPECT_EQ("300000", head.Field("Content-Length"));
  EXPECT_EQ(blob, Ask(client, "GET", target, "Accept-Encoding: gzip\r\n").body);
  const RawAnswer range = Ask(client, "GET", target, "Range: bytes=299990-\r\n");
  EXPECT_EQ(206, range.status);
  EXPECT_EQ("bytes 299990-299999/300000", range.Field("Content-Range"));
  EXPECT_EQ("bbbbbbbbbb", range.body);
  EXPECT_EQ(202, Ask(client, "DELETE", target).status);
  EXPECT_EQ(404, Ask(client, "GET", target).status);
}

TEST(Serve, IsItsOwnTokenService) {
  const Served server({"--personality", "docker-hub"});
  RawClient client(server.port());
  const std::string host = Concat({"127.0.0.1:", std::to_string(server.port())});
  ASSERT_TRUE(client.Send(Concat({"GET /v2/ HTTP/1.1\r\nHost: ", host, "\r\n\r\n"})));
  const RawAnswer answer = client.ReadAnswer();
  EXPECT_EQ(401, answer.status);
  EXPECT_THAT(answer.Field("Www-Authenticate"),
              StartsWith(Concat({"Bearer realm=\"http://", host, "/token\""})));
  EXPECT_EQ(200, Ask(client, "GET", "/token?service=registry.docker.io").status);
}

TEST(Serve, BearsBadPeers) {
  const Served server;
  const std::string long_text(100'000, 'x');
  const std::vector<std::string> noise = {
      "\r\n\r\n\r\n",
      long_text,
      std::string(5000, '\0'),
      "GET /v2/ HTTP/1.1\r\n" + long_text,
      RequestText("GET", "/v2/", Concat({"A: ", long_text, "\r\n"})),
      RequestText("PUT", "/v2/a/manifests/v1", "Content-Length: 18446744073709551615\r\n"),
      RequestText("PUT", "/v2/a/manifests/v1", "Transfer-Encoding: chunked\r\n") +
          "ffffffffffffffff\r\nx",
      RequestText("POST", "/v2/a/blobs/uploads/?digest=sha256:00", "Content-Length: 5\r\n") + "ab",
  };
  for (const std::string& bytes : noise) {
    RawClient client(server.port());
    client.Send(bytes);
    client.EndSending();
    EXPECT_THAT(client.ReadToEnd(), ::testing::AnyOf("", StartsWith("HTTP/1.1 4")))
        << bytes.substr(0, 60);
    EXPECT_NE(End::kStillOpen, client.end()) << bytes.substr(0, 60);
  }
  for (const char* target :
       {"/", "/etc/passwd", "/v2/../../etc/passwd", "/v2/%2e%2e/%2e%2e/etc/passwd", "//v2//",
        "/v2/a/%2e%2e/b/tags/list", "/v2/a%00b/tags/list", "/v2/a/manifests/%0d%0aSet-Cookie:x",
        "/v2/A/tags/list", "/v2/a/blobs/sha256:..%2f..", "/v2/a/blobs/uploads/../../x",
        "/v2/a/tags/list?n=-1", "/v2/a/tags/list?n=99999999999999999999", "/v3/",
        "/v2/a/tags/list?last=%ff%fe"}) {
    RawClient client(server.port());
    const RawAnswer answer = Ask(client, "GET", target);
    EXPECT_THAT(answer.status, ::testing::AllOf(::testing::Ge(400), ::testing::Lt(500))) << target;
    EXPECT_EQ("", answer.Field("Set-Cookie")) << target;
  }
  RawClient client(server.port());
  EXPECT_EQ(200, Ask(client, "GET", "/v2/").status);
}

}  // namespace
}  // namespace drydock::testing
