#include "simulator/server/response_head.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace drydock::simulator {
namespace {

// A body whose length nobody knows.
class Endless : public BodyReader {
 public:
  Result<std::size_t> Read(std::span<char> into) override { return into.size(); }
};

std::string Plan(const HttpHead& request, const Response& response, bool close = false) {
  const WirePlan plan = PlanResponse(request, response, close);
  constexpr const char* kBodies[] = {"none", "plain", "chunked"};
  return plan.head + kBodies[static_cast<int>(plan.body)] + (plan.close ? " close" : " keep");
}

Response Answer(int status, Headers headers, std::string body = "") {
  Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = Body::FromString(std::move(body));
  return response;
}

TEST(PlanResponse, SendsFieldsAsTheyAre) {
  EXPECT_EQ(
      "HTTP/1.1 200 OK\r\nzeta: 1\r\nContent-Length: 2\r\nAlpha: 2\r\nzeta: 3\r\n\r\nplain keep",
      Plan({}, Answer(200, {{"zeta", "1"}, {"Content-Length", "2"}, {"Alpha", "2"}, {"zeta", "3"}},
                      "ok")));
}

TEST(PlanResponse, UsesTheReasonOfTheAnswer) {
  Response response = Answer(400, {{"Content-Length", "0"}});
  response.reason = "Bad request";
  EXPECT_EQ("HTTP/1.1 400 Bad request\r\nContent-Length: 0\r\n\r\nplain keep", Plan({}, response));
  response.status = 799;
  response.reason.clear();
  EXPECT_EQ("HTTP/1.1 799 \r\nContent-Length: 0\r\n\r\nplain keep", Plan({}, response));
}

TEST(PlanResponse, ChunksWhatHasNoLength) {
  Response response;
  response.body = Body::FromReader(std::make_unique<Endless>(), std::nullopt);
  EXPECT_EQ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nchunked keep",
            Plan({}, response));
  HttpHead old;
  old.minor_version = 0;
  old.headers.Add("Connection", "keep-alive");
  EXPECT_EQ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nplain close", Plan(old, response));
}

TEST(PlanResponse, ClosesWhenTheLengthIsALie) {
  EXPECT_EQ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nplain close",
            Plan({}, Answer(200, {{"Content-Length", "9"}}, "ok")));
}

TEST(PlanResponse, GivesNoBodyWhereHttpHasNone) {
  HttpHead head;
  head.method = "HEAD";
  EXPECT_EQ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnone keep",
            Plan(head, Answer(200, {{"Content-Length", "9"}}, "ok")));
  EXPECT_EQ("HTTP/1.1 204 No Content\r\n\r\nnone keep", Plan({}, Answer(204, {}, "ignored")));
  EXPECT_EQ("HTTP/1.1 304 Not Modified\r\n\r\nnone keep", Plan({}, Answer(304, {})));
}

TEST(PlanResponse, SaysWhatBecomesOfTheConnection) {
  const Headers length = {{"Content-Length", "0"}};
  EXPECT_EQ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\nplain close",
            Plan({}, Answer(200, length), true));
  EXPECT_EQ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\nplain close",
            Plan({}, Answer(200, {{"Content-Length", "0"}, {"Connection", "Close"}})));
  HttpHead old;
  old.minor_version = 0;
  EXPECT_EQ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\nplain keep",
            Plan(old, Answer(200, length)));
}

TEST(PlanResponse, LetsNoTextBeginAField) {
  const std::string plan = Plan(
      {}, Answer(200, {{"Content-Length", "0"}, {"Location", "/a\r\nSet-Cookie: x\x7f\t\xc3"}}));
  EXPECT_EQ(
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nLocation: /a  Set-Cookie: x \t\xc3\r\n\r\nplain "
      "keep",
      plan);
}

}  // namespace
}  // namespace drydock::simulator
