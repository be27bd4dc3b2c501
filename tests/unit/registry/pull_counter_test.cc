#include "simulator/registry/pull_counter.h"

#include <gtest/gtest.h>

#include <string>

namespace drydock::simulator {
namespace {

constexpr TimePoint kNow{std::chrono::seconds(1779948000)};
constexpr Duration kHour = std::chrono::hours(1);

const PullSource kAddress{"203.0.113.7", false};
const PullSource kUserName{"joakimp", true};

std::string Remaining(const PullCounter& pulls, const PullLimit& limit, const PullSource& source,
                      TimePoint now) {
  Headers headers;
  pulls.AddHeaders(limit, source, now, headers);
  return std::string(headers.Get("ratelimit-remaining"));
}

TEST(PullCounter, CountsDownAndStartsAgainWhenTheWindowIsOver) {
  PullCounter pulls;
  const PullLimit limit{2, 0, kHour};
  EXPECT_EQ(Remaining(pulls, limit, kAddress, kNow), "2;w=3600");
  pulls.Count(limit, kAddress, kNow);
  EXPECT_EQ(Remaining(pulls, limit, kAddress, kNow), "1;w=3600");
  EXPECT_FALSE(pulls.Exhausted(limit, kAddress, kNow));
  pulls.Count(limit, kAddress, kNow + kHour / 2);
  EXPECT_TRUE(pulls.Exhausted(limit, kAddress, kNow + kHour - Duration(1)));
  EXPECT_FALSE(pulls.Exhausted(limit, kAddress, kNow + kHour));
  EXPECT_EQ(Remaining(pulls, limit, kAddress, kNow + kHour), "2;w=3600");
  pulls.Count(limit, kAddress, kNow + kHour);
  EXPECT_EQ(Remaining(pulls, limit, kAddress, kNow + kHour), "1;w=3600");
}

TEST(PullCounter, CountsNetworksOfSixtyFourBits) {
  EXPECT_EQ(LimitSource("203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(LimitSource("2604:a880:400:d0:12:34:56:78"), "2604:a880:400:d0::");
  EXPECT_EQ(LimitSource("2001:db8::1"), LimitSource("2001:db8::2"));
  EXPECT_NE(LimitSource("2001:db8:0:1::1"), LimitSource("2001:db8:0:2::1"));
  EXPECT_EQ(LimitSource("::1"), "::");
  EXPECT_EQ(LimitSource("::2:3:4:5:6:7:8"), "0:2:3:4::");
  EXPECT_EQ(LimitSource("1:2:3:4:5:6:7::"), "1:2:3:4::");
  EXPECT_EQ(LimitSource("fe80::"), "fe80::");
  EXPECT_EQ(LimitSource("somewhere"), "somewhere");
}

TEST(PullCounter, LimitsAccountsWhenTold) {
  PullCounter pulls;
  const PullLimit limit{1, 2, kHour};
  pulls.Count(limit, kUserName, kNow);
  EXPECT_FALSE(pulls.Exhausted(limit, kUserName, kNow));
  pulls.Count(limit, kUserName, kNow);
  EXPECT_TRUE(pulls.Exhausted(limit, kUserName, kNow));
}

TEST(PullCounter, SaysNothingToASourceWithoutLimit) {
  PullCounter pulls;
  const PullLimit limit{1, 0, kHour};
  for (int i = 0; i < 10; ++i) {
    pulls.Count(limit, kUserName, kNow);
  }
  EXPECT_FALSE(pulls.Exhausted(limit, kUserName, kNow));
  EXPECT_EQ(Remaining(pulls, limit, kUserName, kNow), "");
}

TEST(PullCounter, ForgetsSourcesRatherThanGrowing) {
  PullCounter pulls;
  const PullLimit limit{1, 0, kHour};
  for (int i = 0; i < 10000; ++i) {
    pulls.Count(limit, {std::to_string(i), false}, kNow);
  }
  EXPECT_TRUE(pulls.Exhausted(limit, {"9999", false}, kNow));
  EXPECT_FALSE(pulls.Exhausted(limit, {"0", false}, kNow));
}

}  // namespace
}  // namespace drydock::simulator
