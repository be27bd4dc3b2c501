// The recorded traffic against drydock with the manners of distribution 2.8, in process: equal, or
// the difference stands in docs/fidelity.md with its reason.
#include "tests/traffic/traffic.h"

#include <gtest/gtest.h>

namespace drydock::simulator::traffic {
namespace {

constexpr char kNewline[] = "tags.list 200: Content-Length";  // the only one that clients meet

std::set<std::string> DifferencesOf(const std::string& file) {
  std::set<std::string> found;
  for (const Recording& recording : LoadRecordings(file)) {
    SCOPED_TRACE(recording.name);
    Bench bench(Distribution28Personality());
    found.merge(Differences(recording, [&](const Ask& ask) { return bench.Send(ask); }));
  }
  return found;
}

TEST(Traffic, OfClientsGetsTheAnswersOfDistribution) {
  for (const std::string& file : RecordingFiles()) {
    if (file != kCorners) {
      std::set<std::string> found = DifferencesOf(file);
      found.erase(kNewline);
      EXPECT_EQ(Lines(found), "") << file;
    }
  }
}

TEST(Traffic, OfOurOwnDiffersFromDistributionOnlyAsListed) {
  EXPECT_EQ(Lines(DifferencesOf(kCorners)), Lines(ListedDifferences()));
}

TEST(Traffic, SeesADifference) {
  Recording recording{"one", {}, {}, {}};
  recording.exchanges.push_back(
      {{"GET", "/v2/"}, 200, {{"Content-Length", "3"}, {"X-Gone", "x"}}, "{ }", 3});
  recording.exchanges.push_back({{"GET", "/v2/app/web/manifests/v1"}, 200, {}, std::nullopt, 0});
  Bench bench(Distribution28Personality());
  const std::set<std::string> found =
      Differences(recording, [&](const Ask& ask) { return bench.Send(ask); });
  EXPECT_EQ(found, (std::set<std::string>{"manifest.get 200: answered 404",
                                          "ping 200: Content-Length", "ping 200: also Content-Type",
                                          "ping 200: also Docker-Distribution-Api-Version",
                                          "ping 200: body", "ping 200: no X-Gone"}));
}

}  // namespace
}  // namespace drydock::simulator::traffic
