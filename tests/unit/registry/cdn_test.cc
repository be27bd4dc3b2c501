// Blobs by way of the CDN: the redirect, the signed URL, and everything it refuses.
#include "simulator/registry/cdn.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/text.h"
#include "simulator/registry/personalities.h"
#include "simulator/registry/traits.h"
#include "tests/unit/registry/bench.h"

namespace drydock::simulator {
namespace {

constexpr std::string_view kSecret = "the secret both services share";  // as the bench's

class CdnTest : public ::testing::Test {
 protected:
  CdnTest() : bench_(Hub()), cdn_(bench_.registry.store(), bench_.clock, std::string(kSecret)) {
    bench_.registry.store().PutBlob("joakimp/web", "hello");
  }

  static Personality Hub() {
    Personality hub = AnonymousPersonality();
    EXPECT_TRUE(SetTrait(hub, "cdn", "cdn.example"));
    EXPECT_TRUE(SetTrait(hub, "cdn-life", "60"));
    return hub;
  }

  std::string Redirect() {
    const BenchReply reply = bench_.Send("GET", "/v2/joakimp/web/blobs/" + Sha256("hello"));
    EXPECT_EQ(reply.status, 307);
    EXPECT_EQ(reply.body, "");
    return std::string(reply.headers.Get("Location"));
  }

  BenchReply Ask(const std::string& url, Headers headers = {}, std::string method = "GET") {
    const auto exchange = cdn_.Begin(
        {std::move(method), Url::Parse(url).value(), std::move(headers), std::nullopt, {}});
    route_ = exchange->route();
    auto refusal = exchange->Decide();
    const bool decided = refusal.has_value();
    Response response = decided ? std::move(*refusal) : exchange->Apply();
    auto body = ReadAll(response.body, 1 << 20);
    return {response.status, response.headers, *body, decided};
  }

  Bench bench_;
  Cdn cdn_;
  Route route_;
};

TEST_F(CdnTest, ServesTheBlobToWhoComesWithTheSignedUrl) {
  const std::string url = Redirect();
  EXPECT_TRUE(
      url.starts_with("https://cdn.example/registry-v2/docker/registry/v2/blobs/sha256/2c/"))
      << url;
  const BenchReply reply = Ask(url);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(reply.headers.Get("Content-Length"), "5");
  EXPECT_EQ(route_.operation, "cdn.get");
  EXPECT_EQ(route_.reference, Sha256("hello"));
  const BenchReply part = Ask(url, {{"Range", "bytes=1-2"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "el");
  EXPECT_EQ(part.headers.Get("Content-Range"), "bytes 1-2/5");
  EXPECT_EQ(Ask(url, {{"Range", "bytes=9-"}}).status, 416);
}

TEST_F(CdnTest, HeadStaysAtTheRegistry) {
  const BenchReply reply = bench_.Send("HEAD", "/v2/joakimp/web/blobs/" + Sha256("hello"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.Get("Content-Length"), "5");
}

TEST_F(CdnTest, RefusesInXml) {
  const std::string url = Redirect();
  std::string forged = url;
  forged.back() = forged.back() == '0' ? '1' : '0';
  std::string later = url;
  later.replace(later.find("expires=") + 8, 1, "9");
  const struct {
    std::string what, url, method, authorization;
    int status;
    std::string code;
  } kRows[] = {
      {"credentials", url, "GET", "Bearer x", 400, "InvalidArgument"},
      {"another signature", forged, "GET", "", 403, "SignatureDoesNotMatch"},
      {"a longer life", later, "GET", "", 403, "SignatureDoesNotMatch"},
      {"HEAD on a URL signed for GET", url, "HEAD", "", 403, ""},
      {"PUT", url, "PUT", "", 403, "SignatureDoesNotMatch"},
      {"no signature", url.substr(0, url.find('?')), "GET", "", 403, "SignatureDoesNotMatch"},
      {"another path", "https://cdn.example/x", "GET", "", 403, "SignatureDoesNotMatch"},
  };
  for (const auto& row : kRows) {
    const Headers headers =
        row.authorization.empty() ? Headers{} : Headers{{"Authorization", row.authorization}};
    const BenchReply reply = Ask(row.url, headers, row.method);
    EXPECT_EQ(reply.status, row.status) << row.what;
    EXPECT_EQ(reply.headers.Get("Content-Type"), "application/xml") << row.what;
    EXPECT_NE(reply.body.find(row.code.empty() ? "" : Concat({"<Code>", row.code, "</Code>"})),
              std::string::npos)
        << row.what << ": " << reply.body;
  }
}

TEST_F(CdnTest, TheUrlExpires) {
  const std::string url = Redirect();
  ASSERT_TRUE(bench_.clock.SleepFor(std::chrono::seconds(59)));
  EXPECT_EQ(Ask(url).status, 200);
  ASSERT_TRUE(bench_.clock.SleepFor(std::chrono::seconds(1)));
  const BenchReply reply = Ask(url);
  EXPECT_EQ(reply.status, 403);
  EXPECT_NE(reply.body.find("Request has expired"), std::string::npos);
}

TEST_F(CdnTest, ABlobThatIsGoneIsNoSuchKey) {
  const std::string url = Redirect();
  bench_.registry.store().DeleteBlob("joakimp/web", Digest::Of("hello"));
  const BenchReply reply = Ask(url);
  EXPECT_EQ(reply.status, 404);
  EXPECT_NE(reply.body.find("NoSuchKey"), std::string::npos);
}

// A server with one port sends its clients to its own other name, where they bring no credentials.
TEST(CdnSelf, IsTheOtherNameOfThisMachine) {
  Personality personality = AnonymousPersonality();
  ASSERT_TRUE(SetTrait(personality, "cdn", kCdnSelf));
  Bench bench(personality);
  bench.registry.store().PutBlob("app/web", "hello");
  const auto host = [&](std::string_view origin) {
    const BenchReply reply =
        bench.Send("GET", Concat({"https://", origin, "/v2/app/web/blobs/", Sha256("hello")}));
    const auto to = Url::Parse(reply.headers.Get("Location"));
    return reply.status == 307 && to ? to->host : std::to_string(reply.status);
  };
  EXPECT_EQ(host("127.0.0.1:5000"), "localhost:5000");
  EXPECT_EQ(host("localhost:5000"), "127.0.0.1:5000");
  EXPECT_EQ(host("[::1]:5000"), "localhost:5000");
  EXPECT_EQ(host("localhost"), "127.0.0.1");
  EXPECT_EQ(host("hub.example:5000"), "200");
}

}  // namespace
}  // namespace drydock::simulator
