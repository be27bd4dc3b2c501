// What no good client sends: a clear answer or a clean end, and nobody else notices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/server/served_hub.h"

namespace drydock::simulator {
namespace {

using testing::End;
using testing::RawAnswer;
using testing::RawClient;
using testing::RequestText;

std::string ManyRanges(std::size_t count) {
  std::string ranges = "bytes=0-0";
  for (std::size_t i = 1; i < count; ++i) {
    ranges += ",0-0";
  }
  return ranges;
}

TEST(BadPeers, GetNoMoreThanThereIsForHugeRanges) {
  ServedHub hub;
  const std::string blob(1000, 'b');
  ServedHub::Push(*hub.client, "app/one", blob);
  const std::string target = "/v2/app/one/blobs/" + Digest::Of(blob).ToString();
  for (const std::string& range :
       {std::string("bytes=0-18446744073709551615"), std::string("bytes=0-99999999999999999999"),
        std::string("bytes=-18446744073709551615"), std::string("bytes=18446744073709551615-"),
        std::string("bytes=5-1"), ManyRanges(3), ManyRanges(1000), ManyRanges(20'000)}) {
    const RawAnswer answer = hub.Ask("GET", target, "", Concat({"Range: ", range, "\r\n"}));
    EXPECT_THAT(answer.status, ::testing::AnyOf(200, 206, 400, 416, 431)) << range.substr(0, 40);
    EXPECT_LE(answer.body.size(), 2 * blob.size()) << range.substr(0, 40);
  }
}

TEST(BadPeers, FindNoWayRoundInThePath) {
  ServedHub hub;
  for (const char* target :
       {"/_drydock/v1/worlds/../worlds", "/_drydock/v1/worlds/%2e%2e%2f", "/_drydock/v1//worlds",
        "/_drydock/", "/_drydock/v1", "/_drydock/v1/worlds/%00", "/_drydock/v1/worlds/default/",
        "/v2/../_drydock/v1/worlds", "/v2/%2e%2e/_drydock/v1/worlds", "/%5fdrydock/v1/worlds",
        "/v2/_drydock/v1/tags/list", "/v2/a/../b/tags/list", "/v2/a//b/tags/list",
        "/v2/%61%2fb/tags/list", "/v2/.%2e/tags/list", "/v2/a\\b/tags/list"}) {
    const RawAnswer answer = hub.Ask("GET", target);
    EXPECT_GE(answer.status, 400) << target;
    EXPECT_LT(answer.status, 500) << target;
  }
}

TEST(BadPeers, DisturbNobody) {
  ServerOptions options = ServedHub::Plain();
  options.limits.head_time = std::chrono::milliseconds(50);
  ServedHub hub(std::move(options));
  const std::string long_text(100'000, 'x');
  const std::vector<std::string> noise = {
      long_text,
      std::string(5000, '\0'),
      "GET /v2/ HTTP/1.1\r\n" + long_text,
      std::string("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 11),  // NOLINT: a ClientHello
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      RequestText("PUT", "/v2/a/manifests/v1", "Content-Length: 18446744073709551615\r\n"),
      RequestText("PUT", "/v2/a/manifests/v1", "Transfer-Encoding: chunked\r\n") +
          "ffffffffffffffff\r\nx",
      RequestText("POST", "/_drydock/v1/worlds", "Content-Length: 99999999999\r\n") + "{",
      "GET /v2/ HTT",
  };
  for (const std::string& bytes : noise) {
    RawClient rude(hub.port);
    rude.Send(bytes);
    EXPECT_EQ(200, hub.Ask("GET", "/v2/").status);
    rude.EndSending();
    EXPECT_THAT(rude.ReadToEnd(), ::testing::AnyOf("", ::testing::StartsWith("HTTP/1.1 4"),
                                                   ::testing::StartsWith("HTTP/1.1 5")))
        << bytes.substr(0, 60);
    EXPECT_NE(End::kStillOpen, rude.end()) << bytes.substr(0, 60);
  }
}

}  // namespace
}  // namespace drydock::simulator
