#include "simulator/server/request_head.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace drydock::simulator {
namespace {

const ServerLimits kLimits;

std::string Describe(const std::variant<HttpHead, RejectedHead>& parsed) {
  if (const auto* rejected = std::get_if<RejectedHead>(&parsed)) {
    return std::to_string(rejected->status) + " " + rejected->what;
  }
  const HttpHead& head = std::get<HttpHead>(parsed);
  return head.method + " " + head.url.ToString();
}

TEST(ParseHead, AcceptsAndRefuses) {
  const struct {
    std::string bytes;
    std::string expected;
  } rows[] = {
      {"GET /v2/ HTTP/1.1\r\nHost: h:5000\r\n\r\n", "GET http://h:5000/v2/"},
      {"GET /v2/ HTTP/1.0\r\n\r\n", "GET http://localhost/v2/"},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET http://h/"},
      {"GET /a?b=%2F&c HTTP/1.1\r\nHost: h\r\n\r\n", "GET http://h/a?b=%2F&c"},
      {"GET http://other/x HTTP/1.1\r\nHost: h\r\n\r\n", "GET http://other/x"},
      {"GET /%2e%2e//../x HTTP/1.1\r\nHost: h\r\n\r\n", "GET http://h/%2e%2e//../x"},
      {"GET / HTTP/1.1\r\nHost:\th \t\r\n\r\n", "GET http://h/"},
      {"PROPFIND / HTTP/1.1\r\nHost: h\r\n\r\n", "PROPFIND http://h/"},

      {"GET /\r\nHost: h\r\n\r\n", "400 not a request line: \"GET\""},
      {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
       "400 request target has a blank, control or non-ASCII character: \" /\""},
      {"G\x01T / HTTP/1.1\r\nHost: h\r\n\r\n", "400 not a method: \"G?T\""},
      {"GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n",
       "400 request target has a blank, control or non-ASCII character: \"/??\""},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", "505 HTTP version is not served: \"HTTP/2.0\""},
      {"GET / http/1.1\r\nHost: h\r\n\r\n", "400 not an HTTP version: \"http/1.1\""},
      {"GET / HTTP/1.1\r\n\r\n", "400 no Host field: \"/\""},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 more than one Host field: \"b\""},
      {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", "400 not a header field name: \"Host \""},
      {"GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", "400 header line without a colon: \"\""},
      {"GET / HTTP/1.1\r\nHost: h\r\nA: b\x01\r\n\r\n",
       "400 control character in the value of a header field: \"A\""},
      {"GET / HTTP/1.1\nHost: h\n\r\n\r\n",
       "400 request target has a blank, control or non-ASCII character: \"/ HTTP/1.1?Host:\""},
      {"GET * HTTP/1.1\r\nHost: h\r\n\r\n", "400 neither a path nor an http URL: \"*\""},
      {"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", "400 neither a path nor an http URL: \"h:1\""},
      {"\r\n\r\n", "400 request head has no end: \"\""},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(row.expected, Describe(ParseHead(row.bytes, kLimits))) << row.bytes;
  }
}

TEST(ParseHead, KeepsOrderAndSpellingOfFields) {
  const auto parsed =
      ParseHead("GET / HTTP/1.1\r\nzeta: 1\r\nHost: h\r\naccept: x\r\nZETA: 2\r\n\r\n", kLimits);
  const std::vector<Headers::Field> expected = {
      {"zeta", "1"}, {"Host", "h"}, {"accept", "x"}, {"ZETA", "2"}};
  EXPECT_EQ(expected, std::get<HttpHead>(parsed).headers.fields());
}

TEST(ParseHead, HasLimits) {
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (std::size_t i = 1; i < kLimits.fields_max; ++i) {
    many += "a: b\r\n";
  }
  EXPECT_EQ("GET http://h/", Describe(ParseHead(many + "\r\n", kLimits)));
  EXPECT_EQ("431 too many header fields: \"c\"",
            Describe(ParseHead(many + "c: d\r\n\r\n", kLimits)));

  const auto with_target = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n";
  };
  EXPECT_EQ("GET",
            Describe(ParseHead(with_target(kLimits.target_bytes_max), kLimits)).substr(0, 3));
  EXPECT_EQ("414",
            Describe(ParseHead(with_target(kLimits.target_bytes_max + 1), kLimits)).substr(0, 3));
}

TEST(HeadLength, EndsAtTheEmptyLine) {
  EXPECT_EQ(std::nullopt, HeadLength(""));
  EXPECT_EQ(std::nullopt, HeadLength("GET / HTTP/1.1\r\nHost: h\r\n"));
  EXPECT_EQ(std::nullopt, HeadLength("\r\n\r\n"));
  EXPECT_EQ(7u, HeadLength("a\r\nb\r\n\r\nrest").value_or(0) - 1);
  EXPECT_EQ(10u, HeadLength("\r\nab\r\n\r\nrest").value_or(0) + 2);
}

TEST(RefuseEarly, DoesNotWaitForTheEndOfNonsense) {
  EXPECT_FALSE(RefuseEarly("", kLimits));
  EXPECT_FALSE(RefuseEarly("\r", kLimits));
  EXPECT_FALSE(RefuseEarly("GE", kLimits));
  EXPECT_FALSE(RefuseEarly("GET /", kLimits));
  const std::string hello = "\x16\x03\x01\x02";
  EXPECT_EQ("this port speaks plain HTTP, and the client began a TLS handshake",
            RefuseEarly(hello, kLimits)->what);
  EXPECT_EQ(400, RefuseEarly(std::string_view("\0\0", 2), kLimits)->status);
  EXPECT_EQ(400, RefuseEarly(" GET /", kLimits)->status);
  EXPECT_EQ(400, RefuseEarly("\rGET /", kLimits)->status);
  EXPECT_EQ(414, RefuseEarly("GET /" + std::string(kLimits.head_bytes_max, 'x'), kLimits)->status);
  EXPECT_EQ(431,
            RefuseEarly("GET / HTTP/1.1\r\nA: " + std::string(kLimits.head_bytes_max, 'x'), kLimits)
                ->status);
}

std::string Framing(std::string_view fields) {
  const auto parsed =
      ParseHead("PUT / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n", kLimits);
  const auto framing = RequestFraming(std::get<HttpHead>(parsed));
  if (const auto* rejected = std::get_if<RejectedHead>(&framing)) {
    return std::to_string(rejected->status);
  }
  const auto& good = std::get<BodyFraming>(framing);
  switch (good.kind) {
    case BodyFraming::Kind::kNone:
      return "none";
    case BodyFraming::Kind::kLength:
      return "length " + std::to_string(good.length);
    case BodyFraming::Kind::kChunked:
      return "chunked";
  }
  return "";
}

TEST(RequestFraming, LeavesNoDoubtWhereABodyEnds) {
  const struct {
    std::string fields;
    std::string expected;
  } rows[] = {
      {"", "none"},
      {"Content-Length: 0\r\n", "none"},
      {"Content-Length: 7\r\n", "length 7"},
      {"Transfer-Encoding: Chunked\r\n", "chunked"},
      {"Content-Length: 7\r\nContent-Length: 7\r\n", "400"},
      {"Content-Length: 7, 7\r\n", "400"},
      {"Content-Length: -1\r\n", "400"},
      {"Content-Length: +1\r\n", "400"},
      {"Content-Length: 99999999999999999999\r\n", "400"},
      {"Content-Length: 7\r\nTransfer-Encoding: chunked\r\n", "400"},
      {"Transfer-Encoding: gzip, chunked\r\n", "501"},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "501"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(row.expected, Framing(row.fields)) << row.fields;
  }
}

TEST(WantsKeepAlive, FollowsVersionAndConnection) {
  const auto keeps = [](int minor, const std::string& connection) {
    HttpHead head;
    head.minor_version = minor;
    if (!connection.empty()) {
      head.headers.Add("Connection", connection);
    }
    return WantsKeepAlive(head);
  };
  EXPECT_TRUE(keeps(1, ""));
  EXPECT_TRUE(keeps(1, "te"));
  EXPECT_FALSE(keeps(1, "te, Close"));
  EXPECT_FALSE(keeps(0, ""));
  EXPECT_TRUE(keeps(0, "Keep-Alive"));
}

}  // namespace
}  // namespace drydock::simulator
