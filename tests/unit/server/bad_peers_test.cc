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

std::uint64_t MemoryUsed(ServedHub& hub) {
  const std::string text = hub.Ask("GET", "/_drydock/v1/metrics").body;
  constexpr std::string_view kName = "\ndrydock_memory_bytes ";
  const std::size_t at = text.find(kName) + kName.size();
  return ParseUnsigned(text.substr(at, text.find('\n', at) - at)).value_or(0);
}

TEST(BadPeers, FillNoMoreMemoryThanThereIs) {
  ServerOptions options = ServedHub::Plain();
  options.memory_max = 100'000;
  ServedHub hub(std::move(options));
  const std::string uploads = "/v2/app/one/blobs/uploads/";
  const std::string huge(200'000, 'h');
  const auto put = [&](const std::string& bytes) {
    return hub.Ask("POST", Concat({uploads, "?digest=", Digest::Of(bytes).ToString()}), bytes);
  };
  const RawAnswer refused = put(huge);
  EXPECT_EQ(403, refused.status);
  EXPECT_THAT(refused.body, ::testing::HasSubstr("DENIED"));
  EXPECT_THAT(refused.body, ::testing::HasSubstr("100 kB in memory"));
  EXPECT_EQ(403, hub.Ask("PUT", "/v2/app/one/manifests/v1", huge,
                         "Content-Type: application/vnd.oci.image.index.v1+json\r\n")
                     .status);
  EXPECT_EQ(0U, MemoryUsed(hub)) << "all of it was given back";

  // Sessions that nobody ends.
  std::vector<std::string> open;
  int status = 202;
  while (status == 202 && open.size() < 100) {
    const std::string location = hub.Ask("POST", uploads).Field("Location");
    status = hub.Ask("PATCH", location, std::string(9'000, 'x')).status;
    open.push_back(location);
  }
  EXPECT_EQ(403, status);
  EXPECT_EQ(12U, open.size()) << "the last one was ended";
  EXPECT_EQ(404, hub.Ask("PATCH", open.back(), "x").status);
  EXPECT_LE(MemoryUsed(hub), 100'000U);
  EXPECT_EQ(200, hub.Ask("GET", "/v2/").status);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(204, hub.Ask("DELETE", open[static_cast<std::size_t>(i)]).status);
  }

  const std::string large(60'000, 'l');
  EXPECT_EQ(201, put(large).status);
  EXPECT_EQ(403, put(large + "x").status);
  EXPECT_EQ(202, hub.Ask("DELETE", "/v2/app/one/blobs/" + Digest::Of(large).ToString()).status);
  EXPECT_EQ(201, put(large + "x").status);
}

// A world's memory is the server's, and comes back with the world.
TEST(BadPeers, FillNoWorldAtTheCostOfAnother) {
  ServerOptions options = ServedHub::Plain();
  options.memory_max = 100'000;
  ServedHub hub(std::move(options));
  hub.Control(201, "POST", "/worlds", R"({"name": "w", "hosts": ["registry.test"]})");
  ServedHub::Push(*hub.client, "app/one", std::string(60'000, 'a'));
  RawClient usual(hub.port);
  const auto push = [&] {
    const std::string bytes(60'000, 'b');
    EXPECT_TRUE(usual.Send(
        Concat({"POST /v2/app/one/blobs/uploads/?digest=", Digest::Of(bytes).ToString(),
                " HTTP/1.1\r\nHost: usual.test\r\nContent-Length: 60000\r\n\r\n", bytes})));
    return usual.ReadAnswer().status;
  };
  EXPECT_EQ(403, push());
  hub.Control(204, "DELETE", "/worlds/w");
  EXPECT_EQ(201, push());
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
