// The real transport against peers that end, cut or garble an answer, or give it early.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <vector>

#include "core/text.h"
#include "publisher/registry/failure.h"
#include "tests/unit/publisher/loopback.h"
#include "tests/unit/publisher/transport_test.h"

namespace drydock::publisher {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

using OddPeersTest = TransportTest;

TEST_F(OddPeersTest, ReadsToTheEndOfTheConnectionWithoutALength) {
  const RawServer server("HTTP/1.1 200 OK\r\n\r\nall of it", RawServer::After::kClose);
  auto response = Send(*Url::Parse(server.Url()));
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->body.length(), std::nullopt);
  EXPECT_EQ(*ReadAll(response->body, 100), "all of it");
}

// The Hub's edge in 2020. The body is what follows, line feeds and all; the request is longer than
// what the server reads of it.
TEST_F(OddPeersTest, ALineOfTheHeadMayEndInABareLineFeed) {
  const RawServer server("HTTP/1.1 429 Too Many Requests\nRetry-After: 60\n\n\na\nb\n",
                         RawServer::After::kClose);
  auto response =
      Send(*Url::Parse(server.Url()), "PUT", Body::FromString(std::string(64u << 10, 'x')));
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->headers.Get("Retry-After"), "60");
  EXPECT_EQ(*ReadAll(response->body, 100), "\na\nb\n");
}

TEST_F(OddPeersTest, ALostAnswerIsAmbiguous) {
  struct Row {
    const char* name;
    const char* reply;
    RawServer::After after;
  };
  const std::vector<Row> rows = {
      {"closed at once", "", RawServer::After::kClose},
      {"reset at once", "", RawServer::After::kReset},
      {"closed in the head", "HTTP/1.1 200 OK\r\nContent-Le", RawServer::After::kClose},
      {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", RawServer::After::kClose},
      {"status that is none", "HTTP/1.1 twohundred OK\r\n\r\n", RawServer::After::kClose},
      {"closed in the body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
       RawServer::After::kClose},
      {"reset in the body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
       RawServer::After::kReset},
      {"chunks without end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
       RawServer::After::kClose},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const RawServer server(row.reply, row.after);
    EXPECT_EQ(FailureOf(Send(*Url::Parse(server.Url()), "PUT", Body::FromString("x"))),
              ErrorCode::kAmbiguous);
    EXPECT_EQ(server.connections(), 1) << "sent twice";
  }
}

TEST_F(OddPeersTest, HearsAnAnswerThatComesBeforeTheRequestIsThrough) {
  const RawServer server("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno",
                         RawServer::After::kReset);
  constexpr std::size_t kMore = 64u << 20;  // than any socket takes at once
  auto response = Send(*Url::Parse(server.Url()), "PATCH",
                       Body::FromReader(std::make_unique<PieceReader>(kMore), kMore));
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 401);
}

// The peer has answered, reads no more and does not hang up: sending on would wait for nothing.
TEST_F(OddPeersTest, AnAnswerEndsTheSendingOfARequestThatNobodyReads) {
  const RawServer server("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno",
                         RawServer::After::kHold);
  auto response =
      Send(*Url::Parse(server.Url()), "PATCH", Body::FromString(MoreThanASocketTakes()));
  ASSERT_TRUE(response.ok()) << response.error().message();
  EXPECT_EQ(response->status, 413);
  const auto body = ReadAll(response->body, 10);
  ASSERT_TRUE(body.ok()) << body.error().message();
  EXPECT_EQ(*body, "no");
}

TEST_F(OddPeersTest, DoesNotTakeASurplusOfOneAnswerForTheNext) {
  const RawServer server(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Surplus\r\n\r\n",
      RawServer::After::kHold);
  for (int i = 1; i <= 2; ++i) {
    auto response = Send(*Url::Parse(server.Url()));
    ASSERT_TRUE(response.ok()) << response.error().message();
    EXPECT_EQ(*ReadAll(response->body, 10), "ok");
    EXPECT_EQ(server.connections(), i);
  }
}

TEST_F(OddPeersTest, AnEndlessHeadIsNoHead) {
  for (const char* start : {"HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nX-Endless: "}) {
    const RawServer server(Concat({start, std::string(4u << 20, 'a'), "\r\n\r\n"}),
                           RawServer::After::kClose);
    EXPECT_EQ(FailureOf(Send(*Url::Parse(server.Url()))), ErrorCode::kAmbiguous) << start;
  }
}

TEST_F(OddPeersTest, GivesWhatCameBeforeTheCut) {
  const RawServer server("HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nabc",
                         RawServer::After::kClose);
  auto response = Send(*Url::Parse(server.Url()));
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 500);
  std::array<char, 10> piece{};
  EXPECT_EQ(*response->body.Read(piece), 3u);
  EXPECT_EQ(response->body.Read(piece).error().code(), ErrorCode::kAmbiguous);
}

TEST_F(OddPeersTest, NothingListeningIsUnavailable) {
  const std::string nobody = Concat({"http://127.0.0.1:", std::to_string(UnusedPort()), "/"});
  const auto refused = Send(*Url::Parse(nobody));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().message(),
            Concat({nobody.substr(0, nobody.size() - 1), ": cannot connect"}));
  EXPECT_EQ(Send(*Url::Parse("http://127.0.0.1:port/")).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(Send(*Url::Parse("http://127.0.0.1:70000/")).error().code(), ErrorCode::kInvalid);
}

TEST_F(OddPeersTest, AHostWhoseNameIsNotFoundIsToldApart) {
  for (const char* origin : {"http://no.such.host.invalid", "https://no.such.host.invalid:5000"}) {
    const auto lost = Send(*Url::Parse(Concat({origin, "/v2/"})));
    ASSERT_FALSE(lost.ok());
    EXPECT_EQ(lost.error().code(), ErrorCode::kUnavailable);
    EXPECT_EQ(lost.error().message(), Concat({origin, ": the host's name was not found"}));
    const Failure failure = ClassifyLoss("GET", Concat({origin, "/v2/"}), lost.error());
    EXPECT_EQ(failure.next, NextMove::kRetry);
    EXPECT_THAT(failure.advice, HasSubstr("DNS"));
  }
}

TEST_F(OddPeersTest, TheDeadlineEndsASilentServerAndATricklingBody) {
  const RawServer silent("", RawServer::After::kHold);
  EXPECT_EQ(SendWithin(*Url::Parse(silent.Url()), milliseconds(50)).error().code(),
            ErrorCode::kTimeout);
  const RawServer stalls("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
                         RawServer::After::kHold);
  EXPECT_EQ(FailureOf(SendWithin(*Url::Parse(stalls.Url()), milliseconds(100))),
            ErrorCode::kTimeout);
  const auto late = SendWithin(*Url::Parse(silent.Url()), milliseconds(-1));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(silent.connections(), 1);
}

TEST_F(OddPeersTest, WaitingForAnAnswerTakesNoProcessorTime) {
  const RawServer silent("", RawServer::After::kHold);
  const std::clock_t before = std::clock();
  EXPECT_FALSE(SendWithin(*Url::Parse(silent.Url()), milliseconds(300)).ok());
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 10);
}

TEST_F(OddPeersTest, OpensAConnectionAnewThatTheServerHasClosed) {
  const RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                         RawServer::After::kClose);
  for (int i = 1; i <= 3; ++i) {
    auto response = Send(*Url::Parse(server.Url()));
    ASSERT_TRUE(response.ok()) << response.error().message();
    EXPECT_EQ(*ReadAll(response->body, 10), "ok");
    EXPECT_EQ(server.connections(), i);
  }
}

}  // namespace
}  // namespace drydock::publisher
