// The recorded traffic against Debian's docker-registry 2.8.2 itself: what the recordings say is
// still true, and replaying them adds nothing of its own.
#include "tests/support/docker_registry.h"

#include <gtest/gtest.h>

#include "core/text.h"
#include "tests/conformance/wire_client.h"
#include "tests/traffic/traffic.h"

namespace drydock::simulator::traffic {
namespace {

class RealRegistry : public ::testing::TestWithParam<std::string> {};

TEST_P(RealRegistry, AnswersAsRecorded) {
  testing::DockerRegistry registry;
  ASSERT_TRUE(registry.WaitUntilItServes()) << registry.complaints();
  WireClient client(registry.port());
  const std::string origin = Concat({"http://127.0.0.1:", std::to_string(registry.port())});
  std::set<std::string> found;
  for (const Recording& recording : LoadRecordings(GetParam())) {
    SCOPED_TRACE(recording.name);
    registry.Forget();
    found.merge(Differences(recording, [&](const Ask& ask) {
      registry.Listen();
      return client.Send(ask, Url::Parse(origin + ask.target).value());
    }));
  }
  EXPECT_EQ(Lines(found), "");
}

INSTANTIATE_TEST_SUITE_P(Recordings, RealRegistry, ::testing::ValuesIn(RecordingFiles()),
                         [](const auto& file) { return ReplaceAll(file.param, ".", "_"); });

}  // namespace
}  // namespace drydock::simulator::traffic
