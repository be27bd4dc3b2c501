// The server's connections on a real loopback socket, with a small site of this test behind them.
#include "simulator/server/connection.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/text.h"
#include "tests/unit/server/rig.h"

namespace drydock::simulator {
namespace {

using testing::End;
using testing::RawAnswer;
using testing::RawClient;
using testing::RequestText;

FaultRule CutRule(Phase phase, Cut::Manner manner, std::optional<std::uint64_t> bytes) {
  FaultRule rule;
  rule.name = "cut";
  rule.phase = phase;
  rule.answer = CutConnection{manner};
  rule.after_bytes = bytes;
  return rule;
}

TEST(Connection, ServesOneRequestAfterTheOther) {
  Rig rig;
  RawClient client(rig.port);
  for (const char* path : {"/a", "/b?c=%2F", "/a"}) {
    ASSERT_TRUE(client.Send(RequestText("GET", path)));
    EXPECT_EQ(Concat({"GET ", path}), client.ReadAnswer().body);
  }
  EXPECT_EQ(1u, rig.listener.connections());
}

TEST(Connection, AnswersWhatWasSentTogetherInOrder) {
  Rig rig;
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send(RequestText("GET", "/1") + RequestText("PUT", "/2", "", "body") +
                          RequestText("GET", "/3", "Connection: close\r\n")));
  EXPECT_EQ("GET /1", client.ReadAnswer().body);
  EXPECT_EQ("PUT /2", client.ReadAnswer().body);
  const RawAnswer last = client.ReadAnswer();
  EXPECT_EQ("GET /3", last.body);
  EXPECT_EQ("close", last.Field("Connection"));
  EXPECT_EQ("", client.ReadToEnd());
  EXPECT_EQ(End::kFin, client.end());
}

TEST(Connection, LeavesRangesAndEncodingsToTheSite) {
  Rig rig;
  RawClient client(rig.port);
  for (const char* range : {"bytes=2-4", "bytes=9-2", "nonsense"}) {
    ASSERT_TRUE(client.Send(RequestText("GET", "/range", Concat({"Range: ", range, "\r\n"}))));
    const RawAnswer answer = client.ReadAnswer();
    EXPECT_EQ(206, answer.status);
    EXPECT_EQ("bytes 2-4/10", answer.Field("Content-Range"));
    EXPECT_EQ("cde", answer.body);
  }
  ASSERT_TRUE(client.Send(RequestText("GET", "/json", "Accept-Encoding: gzip\r\n")));
  const RawAnswer json = client.ReadAnswer();
  EXPECT_EQ("", json.Field("Content-Encoding"));
  EXPECT_EQ(R"({"a":1})", json.body);
}

TEST(Connection, SendsNoBodyToHead) {
  Rig rig;
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send(RequestText("HEAD", "/big") + RequestText("GET", "/next")));
  const RawAnswer head = client.ReadAnswer(true);
  EXPECT_EQ("3000000", head.Field("Content-Length"));
  EXPECT_EQ("GET /next", client.ReadAnswer().body);
}

TEST(Connection, ChunksWhatHasNoLength) {
  Rig rig;
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send(RequestText("GET", "/stream")));
  const RawAnswer answer = client.ReadAnswer();
  EXPECT_EQ("chunked", answer.Field("Transfer-Encoding"));
  EXPECT_EQ("piece piece piece ", answer.body);
  EXPECT_TRUE(answer.whole);
  ASSERT_TRUE(client.Send("GET /stream HTTP/1.0\r\n\r\n"));
  const RawAnswer old = client.ReadAnswer();
  EXPECT_EQ("", old.Field("Transfer-Encoding"));
  EXPECT_EQ("piece piece piece ", old.body);
  EXPECT_EQ(End::kFin, client.end());
}

TEST(Connection, TakesBodiesInChunks) {
  Rig rig;
  RawClient client(rig.port);
  const std::string chunks = "3\r\nabc\r\n3;x=y\r\ndef\r\n0\r\nTrailer: t\r\n\r\n";
  ASSERT_TRUE(client.Send(RequestText("PUT", "/sink", "Transfer-Encoding: chunked\r\n") + chunks +
                          RequestText("GET", "/next")));
  EXPECT_EQ(Digest::Of("abcdef").ToString(), client.ReadAnswer().Field("Digest"));
  EXPECT_EQ("GET /next", client.ReadAnswer().body);
}

TEST(Connection, PassesABodyOnWhileItArrives) {
  Rig rig;
  RawClient client(rig.port);
  const std::string half(2'000'000, 'u');
  ASSERT_TRUE(client.Send("PUT /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n"));
  ASSERT_TRUE(client.Send(half));
  ASSERT_TRUE(rig.witness.WaitForBytes(half.size()));
  ASSERT_TRUE(client.Send(half));
  EXPECT_EQ(Digest::Of(half + half).ToString(), client.ReadAnswer().Field("Digest"));
}

TEST(Connection, SaysContinueOnlyToWhoWaits) {
  Rig rig;
  RawClient client(rig.port);
  const std::string expecting = "Content-Length: 3\r\nExpect: 100-continue\r\n";
  ASSERT_TRUE(client.Send(RequestText("PUT", "/sink", expecting)));
  EXPECT_EQ(100, client.ReadAnswer().status);
  ASSERT_TRUE(client.Send("abc"));
  EXPECT_EQ(Digest::Of("abc").ToString(), client.ReadAnswer().Field("Digest"));
  ASSERT_TRUE(client.Send(RequestText("PUT", "/sink", expecting) + "abc"));
  EXPECT_EQ(201, client.ReadAnswer().status);
}

TEST(Connection, StaysUsableAfterARefusedBody) {
  Rig rig;
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send(RequestText("PUT", "/refused", "", std::string(500'000, 'x')) +
                          RequestText("GET", "/next")));
  EXPECT_EQ(401, client.ReadAnswer().status);
  EXPECT_EQ("GET /next", client.ReadAnswer().body);
}

TEST(Connection, ForgetsClientsThatVanish) {
  Rig rig;
  {
    RawClient client(rig.port);
    ASSERT_TRUE(client.Send("PUT /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"));
    ASSERT_TRUE(rig.witness.WaitForBytes(3));
    client.Vanish();
  }
  {
    RawClient client(rig.port);
    ASSERT_TRUE(client.Send("PUT /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"));
    client.EndSending();
    EXPECT_EQ("", client.ReadToEnd());
  }
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send(RequestText("GET", "/next")));
  EXPECT_EQ("GET /next", client.ReadAnswer().body);
}

TEST(Connection, CutsAreWhatTheyAreCalled) {
  const struct {
    Cut::Manner manner;
    End end;
  } manners[] = {{Cut::Manner::kRst, End::kRst}, {Cut::Manner::kFin, End::kFin}};
  for (const auto& row : manners) {
    for (const std::uint64_t bytes : {0, 1, 70'000, 2'999'999}) {
      Rig rig({CutRule(Phase::kResponseBody, row.manner, bytes)});
      RawClient client(rig.port);
      ASSERT_TRUE(client.Send(RequestText("GET", "/big")));
      const RawAnswer answer = client.ReadAnswer();
      EXPECT_EQ(200, answer.status);
      EXPECT_EQ("3000000", answer.Field("Content-Length"));
      EXPECT_EQ("", answer.Field("Connection"));
      EXPECT_EQ(bytes, answer.body.size());
      EXPECT_EQ(row.end, client.end());
      EXPECT_EQ(1u, rig.faults.Counts()[0].seen);
    }
    Rig rig({CutRule(Phase::kDecide, row.manner, std::nullopt)});
    RawClient client(rig.port);
    ASSERT_TRUE(client.Send(RequestText("PUT", "/sink", "", "body")));
    EXPECT_EQ("", client.ReadToEnd());
    EXPECT_EQ(row.end, client.end());
  }
}

TEST(Connection, CutsWhileTheBodyArrives) {
  Rig rig({CutRule(Phase::kRequestBody, Cut::Manner::kRst, 1000)});
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send("PUT /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 4000\r\n\r\n"));
  ASSERT_TRUE(client.Send(std::string(2000, 'x')));
  EXPECT_EQ("", client.ReadToEnd());
  EXPECT_EQ(End::kRst, client.end());
}

TEST(Connection, LetsNoChunkEndWhatWasCut) {
  Rig rig({CutRule(Phase::kResponseBody, Cut::Manner::kFin, 8)});
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send(RequestText("GET", "/stream")));
  const RawAnswer answer = client.ReadAnswer();
  EXPECT_EQ("piece pi", answer.body);
  EXPECT_FALSE(answer.whole);
  EXPECT_EQ(End::kFin, client.end());
}

TEST(Connection, RejectsWhatIsNoRequest) {
  const struct {
    std::string bytes;
    std::string status;
    std::string text;
  } rows[] = {
      {"nonsense\r\n\r\n", "400", "not a request line"},
      {"\x16\x03\x01\x02\x00\x01", "400", "TLS handshake"},
      {std::string(64, '\0'), "400", "not a request line"},
      {"GET / HTTP/3.0\r\n\r\n", "505", "HTTP version"},
      {"GET / HTTP/1.1\r\n\r\n", "400", "no Host"},
      {"GET /" + std::string(70'000, 'x'), "414", "too long"},
      {"GET / HTTP/1.1\r\nA: " + std::string(70'000, 'x'), "431", "too long"},
      {RequestText("PUT", "/sink", "Content-Length: 1\r\nContent-Length: 2\r\n"), "400",
       "Content-Length"},
      {RequestText("PUT", "/sink", "Transfer-Encoding: chunked\r\n") + "zz\r\n", "400",
       "not a chunk size"},
  };
  for (const auto& row : rows) {
    Rig rig;
    RawClient client(rig.port);
    ASSERT_TRUE(client.Send(row.bytes));
    const std::string answer = client.ReadToEnd();
    EXPECT_EQ("HTTP/1.1 " + row.status, answer.substr(0, 12)) << row.text;
    EXPECT_NE(std::string::npos, answer.find(row.text)) << answer;
    EXPECT_EQ(End::kFin, client.end()) << row.text;
    EXPECT_GE(rig.journal.size(), 1u);
  }
}

TEST(Connection, DoesNotWaitForEver) {
  ServerLimits limits;
  limits.head_time = std::chrono::milliseconds(60);
  limits.idle_time = std::chrono::milliseconds(60);
  limits.stall_time = std::chrono::milliseconds(60);
  Rig rig({}, limits);
  const struct {
    std::string bytes;
    std::string answer;
  } rows[] = {
      {"", ""},
      {"GET / HTTP/1.1\r\nHost:", "HTTP/1.1 408"},
      {RequestText("PUT", "/sink", "Content-Length: 9\r\n") + "abc", "HTTP/1.1 408"},
      {RequestText("GET", "/a"), "HTTP/1.1 200"},
  };
  for (const auto& row : rows) {
    RawClient client(rig.port);
    ASSERT_TRUE(client.Send(row.bytes));
    EXPECT_EQ(row.answer, client.ReadToEnd().substr(0, 12)) << row.bytes;
    EXPECT_EQ(End::kFin, client.end());
  }
}

TEST(Connection, EndsASlowHeadAlthoughBytesKeepComing) {
  ServerLimits limits;
  limits.head_time = std::chrono::milliseconds(100);
  Rig rig({}, limits);
  RawClient client(rig.port);
  ASSERT_TRUE(client.Send("GET / HTTP/1.1\r\nHost: h\r\n"));
  const Deadline until = rig.clock.Elapsed() + std::chrono::seconds(10);
  while (rig.clock.Elapsed() < until && client.Send("A: b\r\n")) {
    if (!client.Quiet(std::chrono::milliseconds(10))) {
      break;
    }
  }
  EXPECT_EQ("HTTP/1.1 408", client.ReadToEnd().substr(0, 12));
}

}  // namespace
}  // namespace drydock::simulator
