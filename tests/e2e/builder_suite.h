// What `drydock publish` must do with every real builder, to the fake Docker Hub with TLS and
// tokens. A Place has a builder installed for a release clone:
//   std::string Begin(std::string_view faults);   starts the registry; "" or why it cannot
//   Published Run(std::vector<std::string> flags); publishes
//   const ReleaseClone& clone() const; const Served& server() const;
// Threads: one. Source: issue "Proof"; incidents.md token-expiry-mid-push.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "tests/e2e/release_clone.h"

namespace drydock::testing {

template <class Place>
class BuilderPublish : public ::testing::Test {
 protected:
  void Begin(std::string_view faults = R"({"faults": []})") { ASSERT_EQ("", place_.Begin(faults)); }
  // A run that must end published and verified, with everything there.
  void PublishWhole() {
    const Published done = place_.Run({});
    ASSERT_EQ(0, done.exit_code) << done.out << done.err << place_.server().Sequence();
    EXPECT_THAT(done.out, ::testing::HasSubstr("verdict: published-and-verified"));
    ExpectWholeRelease(place_.clone().Tags());
  }

  Place place_;
};

TYPED_TEST_SUITE_P(BuilderPublish);

TYPED_TEST_P(BuilderPublish, PublishesForTwoPlatformsThenFindsEverythingInPlace) {
  this->Begin();
  this->PublishWhole();
  const Served& server = this->place_.server();
  EXPECT_THAT(TagPuts(server),
              ::testing::ElementsAre(::testing::StartsWith("base-"), "base-latest", "v1.2.3",
                                     "latest", "v1.2.3-omos", "latest-omos"));
  const std::size_t writes = Writes(server);
  const Published second = this->place_.Run({});
  EXPECT_EQ(0, second.exit_code) << second.out << second.err;
  EXPECT_EQ(writes, Writes(server)) << server.Sequence();
  EXPECT_THAT(server.JournalText(), ::testing::Not(::testing::HasSubstr(kPassword)));
  // Each variant says of which commit it is.
  EXPECT_THAT(second.out, ::testing::Not(::testing::HasSubstr("of which commit is not said")));
}

TYPED_TEST_P(BuilderPublish, GetsOverAnswersThatGoAway) {
  this->Begin(R"({"faults": [
    {"name": "blob", "when": {"operation": "upload.commit"},
     "do": {"reply": {"status": 503, "page": "nginx"}}, "times": 1},
    {"name": "index", "when": {"operation": "manifest.put", "reference": "v1.2.3"},
     "do": {"reply": {"status": 503, "page": "nginx"}}, "times": 1},
    {"name": "alias", "when": {"operation": "manifest.put", "reference": "latest"},
     "do": {"reply": {"status": 503, "page": "nginx"}}, "times": 1}]})");
  this->PublishWhole();
}

TYPED_TEST_P(BuilderPublish, StopsWhenTheEdgeRefusesTheBase) {
  this->Begin(R"({"faults": [{"name": "edge", "when": {"operation": "upload.commit"},
     "do": {"reply": {"status": 400, "page": "hub-edge"}}}]})");
  const Published stopped = this->place_.Run({});
  EXPECT_EQ(6, stopped.exit_code) << stopped.out << stopped.err;
  EXPECT_THAT(stopped.out, ::testing::HasSubstr("the regression has spread to image push"));
  EXPECT_THAT(TagPuts(this->place_.server()), ::testing::IsEmpty());
}

// Tokens live five seconds; a blob and the index of the first variant take seven. Whoever was
// given a token before finds it too old afterwards, and the push goes on with another.
TYPED_TEST_P(BuilderPublish, OutlivesTheTokensOfAPush) {
  this->Begin(R"({"faults": [
    {"name": "short", "do": {"policy": {"token-life": 5}}},
    {"name": "slow-blob", "when": {"operation": "upload.commit"},
     "do": {"hold": "7s", "at": "decide"}, "times": 1},
    {"name": "slow-index", "when": {"operation": "manifest.put", "reference": "v1.2.3"},
     "do": {"hold": "7s", "at": "decide"}, "times": 1}]})");
  this->PublishWhole();
  const std::vector<Seen> requests = this->place_.server().Requests();
  const auto blob = std::find_if(requests.begin(), requests.end(), [](const Seen& seen) {
    return seen.operation == "upload.commit";
  });
  ASSERT_NE(requests.end(), blob);
  const auto is = [](std::string_view operation, int status) {
    return [=](const Seen& seen) { return seen.operation == operation && seen.status == status; };
  };
  const auto expired =
      std::find_if(blob, requests.end(), [](const Seen& seen) { return seen.status == 401; });
  EXPECT_TRUE(std::any_of(expired, requests.end(), is("token", 200)));
  const auto tags = TagPuts(this->place_.server());
  for (const char* tag : {"base-latest", "v1.2.3", "latest", "latest-omos"}) {
    EXPECT_EQ(1, std::count(tags.begin(), tags.end(), tag)) << tag;
  }
}

REGISTER_TYPED_TEST_SUITE_P(BuilderPublish, PublishesForTwoPlatformsThenFindsEverythingInPlace,
                            GetsOverAnswersThatGoAway, StopsWhenTheEdgeRefusesTheBase,
                            OutlivesTheTokensOfAPush);

}  // namespace drydock::testing
