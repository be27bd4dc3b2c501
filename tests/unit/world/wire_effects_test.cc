// Effects on bytes and connections as a client in the same process meets them, and the matchers on
// sizes and ages.
#include <gtest/gtest.h>

#include <string>

#include "core/gzip.h"
#include "core/text.h"
#include "simulator/world/internet.h"
#include "tests/unit/world/shelf.h"

namespace drydock::simulator {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class WireEffectsTest : public InternetTest {
 protected:
  std::string BodyOf(std::string_view path) {
    auto response = Send("GET", path);
    const auto all = response ? ReadAll(response->body, 1 << 20) : response.error();
    return all ? *all : std::string(Name(all.error().code()));
  }
  static std::string Effect(std::string_view effect) {
    return Concat({R"({"name": "r", "do": )", effect, "}"});
  }
};

TEST_F(WireEffectsTest, RawBytesAreReadAsTheClientReads) {
  const struct {
    std::string_view bytes;
    std::string_view told;
  } rows[] = {
      {R"(HTTP/1.1 429 Slow\r\nRetry-After: 7\r\n\r\nslow down)", "429"},
      {R"(HTTP/1.1 429 Slow\nRetry-After: 7\n\nslow down)", "429"},
      {R"(HTTP/1.1 429 Slow\r\nHTTP/1.1 200 OK\r\n\r\n)", "429"},
      {R"(HTTP/1.1 200 OK\r\nA: b)", "ambiguous"},
      {R"(nonsense)", "ambiguous"},
  };
  for (const auto& row : rows) {
    Start(Effect(Concat({R"({"raw-reply": ")", row.bytes, "\"}"})));
    EXPECT_EQ(Told("PUT", "/v1", "body").substr(0, row.told.size()), row.told) << row.bytes;
    EXPECT_TRUE(site_.shelf.empty());
    EXPECT_EQ(Last().lost.empty(), row.told == "429") << row.bytes;
  }
  Start(Effect(R"({"raw-reply": "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef",
                   "commit": "apply"})"));
  EXPECT_EQ(Told("PUT", "/v1", "body"), "200");
  EXPECT_EQ(site_.shelf["v1"], "body");
  EXPECT_EQ(BodyOf("/v1"), "abc");
}

TEST_F(WireEffectsTest, BytesChangeOnTheirWayOut) {
  site_.shelf["v1"] = "manifest";
  Start(Effect(R"({"bytes": {"flip": 1}})"));
  EXPECT_EQ(BodyOf("/v1"), std::string("m") + static_cast<char>(~'a') + "nifest");
  EXPECT_EQ(site_.shelf["v1"], "manifest");
  Start(Effect(R"({"bytes": {"truncate": 4, "encoding": "gzip"}})"));
  auto cut = Send("GET", "/v1");
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut->headers.Get("Content-Length"), "4");
  EXPECT_EQ(cut->headers.Get("Content-Encoding"), "gzip");
  EXPECT_EQ(All(cut), "mani");
  Start(Effect(R"({"bytes": {"flip": "all"}})"));
  EXPECT_EQ(BodyOf("/v1").size(), 8u);
  EXPECT_EQ(BodyOf("/v1")[7], static_cast<char>(~'t'));
  Start(Effect(R"({"bytes": {"flip": 100, "truncate": 100}})"));
  EXPECT_EQ(BodyOf("/v1"), "manifest");
  EXPECT_EQ(Count().seen, 0u);  // there is no such byte
}

TEST_F(WireEffectsTest, AnswersAreCodedWithAndWithoutALabel) {
  const std::string manifest(1000, 'm');
  site_.shelf["v1"] = manifest;
  const struct {
    std::string_view bytes;
    std::string_view label;
    std::string body;
  } rows[] = {
      {R"("coded": "gzip", "encoding": "gzip")", "gzip", Gzip(manifest)},
      {R"("coded": "gzip")", "", Gzip(manifest)},
      {R"("coded": "gzip", "encoding": "br")", "br", Gzip(manifest)},
      {R"("coded": "gzip", "truncate": 10)", "", Gzip(manifest).substr(0, 10)},
      {R"("encoding": "gzip")", "gzip", manifest},
  };
  for (const auto& row : rows) {
    Start(Effect(Concat({R"({"bytes": {)", row.bytes, "}}"})));
    auto answer = Send("GET", "/v1");
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->headers.Get("Content-Encoding"), row.label) << row.bytes;
    EXPECT_EQ(answer->headers.Get("Content-Length"), std::to_string(row.body.size())) << row.bytes;
    EXPECT_TRUE(All(answer) == row.body) << row.bytes;
    EXPECT_EQ(Count().seen, 1u) << row.bytes;
  }
  Start(Effect(R"({"bytes": {"coded": "gzip"}})"));
  EXPECT_EQ(Told("PUT", "/v2", "body"), "201");
  EXPECT_EQ(Count().seen, 0u);  // an answer without a body is as it was
}

TEST_F(WireEffectsTest, ARedirectIsFollowedToItsEnd) {
  site_.shelf["v1"] = "manifest";
  const struct {
    std::string_view to;
    std::string_view location;
  } rows[] = {
      {R"("absolute")", "https://registry-1.docker.io/v1?a=b&drydock-hop=1"},
      {R"("relative")", "/v1?a=b&drydock-hop=1"},
      {R"("other-scheme")", "http://registry-1.docker.io/v1?a=b&drydock-hop=1"},
      {R"({"port": 5001})", "https://registry-1.docker.io:5001/v1?a=b&drydock-hop=1"},
      {R"({"host": "cdn.example:80"})", "https://cdn.example:80/v1?a=b&drydock-hop=1"},
  };
  for (const auto& row : rows) {
    Start(Effect(Concat({R"({"redirect": {"status": 308, "to": )", row.to, "}}"})));
    const auto answer = Send("GET", "/v1?a=b");
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, 308);
    EXPECT_EQ(answer->reason, "Permanent Redirect");
    EXPECT_EQ(answer->headers.Get("Location"), row.location);
    EXPECT_TRUE(site_.log.size() < 2) << "it did the work as well";
    site_.log.clear();
  }
  const auto follow = [this](std::string_view times, int most) {
    Start(Effect(
        Concat({R"({"redirect": {"status": 302, "to": "relative", "hops": )", times, "}}"})));
    std::string path = "/v1";
    for (int count = 0; count < most; ++count) {
      auto answer = Send("GET", path);
      if (!answer || answer->status != 302) {
        return answer ? Concat({std::to_string(count), " ", All(answer)}) : "none";
      }
      path = answer->headers.Get("Location");
    }
    return path;
  };
  EXPECT_EQ(follow("1", 9), "1 manifest");
  EXPECT_EQ(follow("3", 9), "3 manifest");
  EXPECT_EQ(Count().fired, 3u);
  EXPECT_EQ(Count().seen, 3u);
  EXPECT_EQ(follow("\"endless\"", 25), "/v1?drydock-hop=25");
}

TEST_F(WireEffectsTest, BytesChangeOnTheirWayIn) {
  Start(Effect(R"({"bytes": {"flip": 0, "truncate": 3}, "at": "request-body"})"));
  EXPECT_EQ(Told("PUT", "/v1", "body"), "201");
  EXPECT_EQ(site_.shelf["v1"], std::string(1, static_cast<char>(~'b')) + "od");
  EXPECT_EQ(Last().request_bytes, 4u);
  EXPECT_EQ(Count().seen, 1u);
}

TEST_F(WireEffectsTest, OnlyTheEndOfABodyIsMissing) {
  site_.shelf["v1"] = "manifest";
  Start(Effect(R"({"cut": "fin", "at": "response-body", "after-bytes": "all"})"));
  auto response = Send("GET", "/v1");
  ASSERT_TRUE(response.ok());
  EXPECT_FALSE(response->headers.Has("Content-Length"));
  std::string read(8, '\0');
  EXPECT_EQ(*response->body.Read(read), 8u);
  EXPECT_EQ(read, "manifest");
  EXPECT_EQ(response->body.Read(read).error().code(), ErrorCode::kAmbiguous);
  EXPECT_EQ(Count().seen, 1u);
}

TEST_F(WireEffectsTest, ConnectionsFailAsTheyDo) {
  const struct {
    std::string_view fault;
    std::string_view told;
    bool applied = false;
    Duration took{};
  } rows[] = {
      {R"("connect-fault": "lookup-error")", "unavailable"},
      {R"("connect-fault": "refused")", "unavailable"},
      {R"("connect-fault": "no-answer")", "unavailable", false, seconds(10)},
      {R"("connect-fault": "tls-silent")", "unavailable", false, seconds(10)},
      {R"("connect-fault": "reset")", "unavailable"},
      {R"("connect-fault": "reset", "at": "tls")", "unavailable"},
      {R"("connect-fault": "silent")", "unavailable", false, seconds(10)},
      {R"("connect-fault": {"tls-alert": "handshake_failure"})", "unavailable"},
      {R"("connect-fault": "wrong-name")", "denied"},
      {R"("connect-fault": "expired")", "denied"},
      {R"("connect-fault": "untrusted")", "denied"},
      {R"("connect-fault": {"goaway": "NO_ERROR"})", "unavailable"},
      {R"("connect-fault": {"goaway": "NO_ERROR"}, "at": "response-head")", "ambiguous", true},
      {R"("connect-fault": {"stream-reset": "REFUSED_STREAM"})", "unavailable"},
      {R"("connect-fault": {"stream-reset": "PROTOCOL_ERROR"})", "ambiguous"},
      {R"("connect-fault": "refused", "hold": "3s")", "unavailable", false, seconds(3)},
  };
  for (const auto& row : rows) {
    site_.shelf.clear();
    Start(Effect(Concat({"{", row.fault, "}"})));
    const Duration begin = world_.clock().Elapsed();
    EXPECT_EQ(Told("PUT", "/v1", "body").substr(0, row.told.size()), row.told) << row.fault;
    EXPECT_EQ(world_.clock().Elapsed() - begin, row.took) << row.fault;
    EXPECT_EQ(site_.shelf.count("v1") > 0, row.applied) << row.fault;
    EXPECT_EQ(Count().seen, 1u) << row.fault;
    EXPECT_EQ(Last().status, 0) << row.fault;
  }
}

TEST_F(WireEffectsTest, APlainConnectionFailsOnlyWhenItIsAsked) {
  const auto told = [this](std::string_view fault) {
    Start(Effect(Concat({R"({"connect-fault": )", fault, "}"})));
    Request request = Make("PUT", "/v1", "body");
    request.url.scheme = "http";
    const auto answer = transport_->Send(std::move(request), world_.clock().Elapsed() + minutes(2));
    return answer ? std::to_string(answer->status) : std::string(Name(answer.error().code()));
  };
  EXPECT_EQ(told(R"("refused")"), "unavailable");
  EXPECT_EQ(told(R"("reset")"), "ambiguous");
  EXPECT_EQ(told(R"("expired")"), "201");  // there is no certificate
  const Duration begin = world_.clock().Elapsed();
  EXPECT_EQ(told(R"("silent")"), "timeout");
  EXPECT_EQ(world_.clock().Elapsed() - begin, minutes(2));
}

TEST_F(WireEffectsTest, ConnectionsAreToldApart) {
  const auto fires = [this](std::string_view when) {
    Start(Concat({R"({"name": "r", "when": {)", when, R"(}, "do": {"reply": {"status": 400}}})"}));
    return Told("PUT", "/v1", "body") == "400";
  };
  EXPECT_TRUE(fires(R"("address": "203.0.113.*")"));
  EXPECT_FALSE(fires(R"("address": "198.51.100.*")"));
  EXPECT_TRUE(fires(R"("connection": 1)"));
  EXPECT_FALSE(fires(R"("connection": 2)"));
  EXPECT_TRUE(fires(R"("connection": {"to": 3})"));
  EXPECT_FALSE(fires(R"("connection": {"from": 2, "to": 3})"));
  EXPECT_TRUE(fires(R"("protocol": "HTTP/1.1")"));
  EXPECT_FALSE(fires(R"("protocol": "HTTP/1.0")"));
}

TEST_F(WireEffectsTest, SizesAndAgesAreMatched) {
  const auto fires = [this](std::string_view when, std::string_view body) {
    Start(Concat({R"({"name": "r", "when": {"operation": "manifest.put", )", when,
                  R"(}, "do": {"reply": {"status": 400}}})"}));
    return Told("PUT", "/v1", std::string(body)) == "400";
  };
  EXPECT_TRUE(fires(R"("size": {"content-length": {"from": 4}})", "body"));
  EXPECT_FALSE(fires(R"("size": {"content-length": {"from": 5}})", "body"));
  EXPECT_TRUE(
      fires(R"("size": {"content-length": {"from": 4, "to": 4}, "manifest": {"to": 4}})", "body"));
  EXPECT_FALSE(fires(R"("size": {"manifest": {"to": 3}})", "body"));
  EXPECT_FALSE(fires(R"("age": {"connection": "5m"})", "body"));
  EXPECT_TRUE(fires(R"("age": {"connection": {"to": "5m"}})", "body"));
  Start(R"({"name": "old", "when": {"age": {"connection": "5m"}}, "do": {"reply": {"status": 400}}},
           {"name": "hold", "do": {"hold": "70s", "at": "request-head"}},
           {"name": "late", "when": {"age": {"request": {"from": "60s", "to": "80s"}}},
            "do": {"reply": {"status": 408}}})");
  EXPECT_EQ(Told("PUT", "/v1", "body"), "408");
  ASSERT_TRUE(world_.clock().SleepFor(minutes(5)).ok());
  EXPECT_EQ(Told("PUT", "/v1", "body"), "400");
}

}  // namespace
}  // namespace drydock::simulator
