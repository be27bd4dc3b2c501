// Limiters in front of a registry: who is counted, what it costs, when it comes back, what is said.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/world/small_hub.h"

namespace drydock::simulator {
namespace {

using std::chrono::seconds;

std::string Rule(std::string_view bucket) {
  return Concat({R"({"name": "b", "do": {"bucket": {)", bucket, "}}}"});
}
std::string Asked(SmallHub& hub, int times, Headers headers = {}) {
  std::string statuses;
  for (int i = 0; i < times; ++i) {
    statuses += std::to_string(hub.Ask("GET", "/v2/", "", headers).status) + " ";
  }
  return statuses;
}

TEST(BucketTest, RefusesWhatIsBeyondItsSize) {
  SmallHub hub(Rule(R"("size": 2, "every": "10s")"));
  EXPECT_EQ(Asked(hub, 3), "200 200 429 ");
  EXPECT_EQ(hub.Count().matched, 3u);
  EXPECT_EQ(hub.Count().fired, 1u);
  EXPECT_EQ(hub.Count().seen, 1u);
  hub.Wait(seconds(10) - Duration(1));
  EXPECT_EQ(Asked(hub, 1), "429 ");
  hub.Wait(Duration(1));
  EXPECT_EQ(Asked(hub, 3), "200 200 429 ");
}

TEST(BucketTest, ComesBackBitByBit) {
  SmallHub hub(Rule(R"("size": 3, "refill": 1, "every": "10s")"));
  EXPECT_EQ(Asked(hub, 4), "200 200 200 429 ");
  hub.Wait(seconds(25));
  EXPECT_EQ(Asked(hub, 3), "200 200 429 ");
  hub.Wait(seconds(5));
  EXPECT_EQ(Asked(hub, 2), "200 429 ") << "half of a span was over already";
  hub.Wait(seconds(1000));
  EXPECT_EQ(Asked(hub, 4), "200 200 200 429 ") << "never more than its size";
}

TEST(BucketTest, CostsByOperation) {
  SmallHub hub(Rule(R"("size": 3, "every": "1h", "cost": {"manifest.head": 0, "manifest.*": 2})"));
  EXPECT_EQ(hub.PutIndex("v1", SmallHub::Index("x")).status, 201);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(hub.Ask("HEAD", "/v2/a/b/manifests/v1").status, 200);
  }
  EXPECT_EQ(hub.Ask("GET", "/v2/a/b/manifests/v1").status, 429);
  EXPECT_EQ(Asked(hub, 2), "200 429 ");
}

TEST(BucketTest, CountsByAddressAccountOrHost) {
  const Headers basic = {{"Authorization", "Basic " + Base64("joakimp:password")}};
  const std::string claims = Base64Url(R"({"sub":"somebody"})");
  const Headers bearer = {{"Authorization", Concat({"Bearer x.", claims, ".y"})}};
  struct Row {
    const char* by;
    const char* told;
  };
  for (const Row& row : {Row{"address", "200 429 429 429 "}, Row{"host", "200 429 429 429 "},
                         Row{"account", "200 200 200 429 "}}) {
    SmallHub hub(Rule(Concat({R"("size": 1, "every": "1h", "by": ")", row.by, "\""})));
    std::string told = Asked(hub, 1, basic);
    told += Asked(hub, 1, bearer);
    told += Asked(hub, 1);
    told += Asked(hub, 1, bearer);
    EXPECT_EQ(told, row.told) << row.by;
  }
}

TEST(BucketTest, ShowsWhatIsLeft) {
  SmallHub docker(Rule(R"("size": 2, "every": "6h", "headers": "docker")"));
  EXPECT_EQ(docker.Ask("GET", "/v2/").headers.Get("ratelimit-limit"), "2;w=21600");
  EXPECT_EQ(docker.Ask("GET", "/v2/").headers.Get("ratelimit-remaining"), "0;w=21600");
  EXPECT_EQ(docker.Ask("GET", "/v2/").headers.Get("ratelimit-remaining"), "0;w=21600");
  SmallHub reset(Rule(R"("size": 2, "every": "1h", "headers": "reset")"));
  const Response answer = reset.Ask("GET", "/v2/");
  EXPECT_EQ(answer.headers.Get("X-RateLimit-Limit"), "2");
  EXPECT_EQ(answer.headers.Get("X-RateLimit-Remaining"), "1");
  EXPECT_EQ(answer.headers.Get("X-RateLimit-Reset"), "1779951600");
}

TEST(BucketTest, SaysWhenToComeBack) {
  struct Row {
    const char* form;
    const char* value;
  };
  for (const Row& row : {Row{"seconds", "9"}, Row{"date", "Thu, 28 May 2026 06:00:10 GMT"},
                         Row{"unix", "1779948010"}, Row{"nonsense", "soon"}, Row{"none", ""}}) {
    SmallHub hub(Rule(Concat({R"("size": 1, "every": "10s", "retry-after": ")", row.form, "\""})));
    EXPECT_EQ(Asked(hub, 1), "200 ");
    hub.Wait(std::chrono::milliseconds(1500));
    const Response refused = hub.Ask("GET", "/v2/");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.headers.Get("Retry-After"), row.value) << row.form;
    EXPECT_EQ(refused.headers.Has("Retry-After"), *row.value != '\0');
  }
}

TEST(BucketTest, SaysItInItsOwnWords) {
  SmallHub hub(Rule(R"("size": 1, "every": "10s", "reply": {"status": 503, "text": "busy"})"));
  EXPECT_EQ(Asked(hub, 1), "200 ");
  Response refused = hub.Ask("GET", "/v2/");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(SmallHub::Text(std::move(refused)), "busy");
}

}  // namespace
}  // namespace drydock::simulator
