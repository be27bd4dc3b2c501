// The two readers of HTTP/1.1 answers: the real transport, and what the simulator has in its place
// when a rule sends raw bytes. Both get the same odd answers, and must make the same of them.
#include <gtest/gtest.h>

#include <string>

#include "core/text.h"
#include "publisher/registry/http_transport.h"
#include "simulator/faults/raw_reply.h"
#include "tests/unit/publisher/loopback.h"

namespace drydock::publisher {
namespace {

// "200 A=b; ok", with "…" behind a body that broke off; or the name of the error.
std::string Told(Result<Response> answer) {
  if (!answer) {
    return std::string(Name(answer.error().code()));
  }
  std::string text = std::to_string(answer->status);
  for (const auto& [name, value] : answer->headers) {
    if (ToLower(name) != "content-length" && ToLower(name) != "transfer-encoding") {
      text += Concat({" ", name, "=", value, ";"});
    }
  }
  std::string body;
  std::string piece(64, '\0');
  for (;;) {
    const auto size = answer->body.Read(piece);
    if (!size || *size == 0) {
      return Concat({text, " ", body, size ? "" : "…"});
    }
    body += piece.substr(0, *size);
  }
}

struct Row {
  std::string_view name;
  std::string_view head;  // and body
  std::string_view told;
};

constexpr Row kRows[] = {
    {"bare LF throughout", "HTTP/1.1 429 Slow\nRetry-After: 7\n\nslow", "429 Retry-After=7; slow"},
    {"bare LF after a field", "HTTP/1.1 429 Slow\r\nA: b\nC: d\r\n\r\nslow", "429 A=b; C=d; slow"},
    {"bare LF as the head's end", "HTTP/1.1 429 Slow\r\nA: b\r\n\nslow", "429 A=b; slow"},
    {"obs-fold", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\nok", "200 A=b; ok"},
    {"no colon", "HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\nok", "200 ok"},
    {"two status lines", "HTTP/1.1 200 OK\r\nHTTP/1.1 429 Slow\r\n\r\n", "200 "},
    {"blank in a name", "HTTP/1.1 200 OK\r\nA b: c\r\nContent-Length: 2\r\n\r\nok",
     "200 A b=c; ok"},
    {"no value", "HTTP/1.1 200 OK\r\nA:\r\nContent-Length: 2\r\n\r\nok", "200 ok"},
    {"a value in percent", "HTTP/1.1 200 OK\r\nA: a%20b\r\nLocation: /a%20b\r\n\r\n",
     "200 A=a%20b; Location=/a%20b; "},
    {"length in words", "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok", "200 "},
    {"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok", "200 ok…"},
    {"length with a sign", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nokay", "200 ok"},
    {"length and more", "HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nokay", "200 ok"},
    {"list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nokay", "200 ok"},
    {"no length in the field", "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nok", "200 ok"},
    {"length twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokay",
     "200 ok"},
    {"length beyond all numbers",
     "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok", "200 ok…"},
    {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
     "200 ok"},
    {"chunked, with a length",
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: "
     "chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
     "200 ok"},
    {"chunk with an extension",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\n\r\n", "200 ok"},
    {"no chunk at all", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n",
     "200 …"},
    {"no final chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
     "200 ok…"},
    {"another coding",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\nokay", "200 ok"},
    {"cut in a field", "HTTP/1.1 200 OK\r\nA: b", "ambiguous"},
    {"cut after a field", "HTTP/1.1 200 OK\r\nA: b\r\n", "ambiguous"},
    {"cut in the body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "200 ok…"},
    {"more than the length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokay", "200 ok"},
    {"to the end", "HTTP/1.1 200 OK\r\n\r\nok", "200 ok"},
    {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 ok"},
    {"HTTP/2 in letters", "HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nok", "ambiguous"},
    {"no reason", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "200 ok"},
    {"four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok", "ambiguous"},
    {"a status below 100", "HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok", "99 ok"},
    {"100 first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
     "200 ok"},
    {"100 first, then percent and bare LF",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nA: a%2Fb%\nContent-Length: 2\n\nok",
     "200 A=a%2Fb%; ok"},
    {"204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", "204 "},
    {"an empty line first", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ambiguous"},
    {"nothing", "", "ambiguous"},
};

TEST(TwoReaders, MakeTheSameOfOddAnswers) {
  SystemClock clock;
  HttpTransport transport(clock);
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.name);
    const std::string bytes(row.head);
    EXPECT_EQ(Told(simulator::ReadAsClient("GET", bytes)), row.told);
    const RawServer server(bytes, RawServer::After::kClose);
    Request request;
    request.url = *Url::Parse(server.Url());
    EXPECT_EQ(Told(transport.Send(std::move(request), kNoDeadline)), row.told);
  }
}

}  // namespace
}  // namespace drydock::publisher
