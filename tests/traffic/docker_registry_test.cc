// The recorded traffic against Debian's docker-registry 2.8.2 itself: what the recordings say is
// still true, and replaying them adds nothing of its own.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>

#include "core/text.h"
#include "tests/conformance/wire_client.h"
#include "tests/support/child.h"
#include "tests/support/temp_folder.h"
#include "tests/traffic/traffic.h"

namespace drydock::simulator::traffic {
namespace {

class DockerRegistry {
 public:
  DockerRegistry()
      : port_(testing::FreePort()),
        child_({"docker-registry", "serve", folder_.Write("config.yml", Configuration())}, {},
               "apt-get install docker-registry") {}
  ~DockerRegistry() { child_.Signal(SIGTERM); }
  DockerRegistry(const DockerRegistry&) = delete;
  DockerRegistry& operator=(const DockerRegistry&) = delete;

  // False when it does not answer within half a minute.
  bool WaitUntilItServes() {
    for (int i = 0; i < 300 && child_.running(); ++i) {
      if (testing::RawClient(port_).ok()) {
        return true;
      }
      child_.Read(std::chrono::milliseconds(100));
    }
    return false;
  }

  // Empty again. It keeps nothing in memory that outlives its files.
  void Forget() { std::filesystem::remove_all(folder_.path() / "data" / "docker"); }

  // Takes in what it complains of: with a full pipe it would stand still.
  void Listen() { child_.Read(std::chrono::milliseconds(0)); }

  std::uint16_t port() const { return port_; }
  const std::string& complaints() const { return child_.err(); }

 private:
  std::string Configuration() const {
    return Concat({"version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n",
                   "storage:\n  filesystem: {rootdirectory: ", folder_.At("data"),
                   "}\n  delete: {enabled: true}\nhttp: {addr: \"127.0.0.1:", std::to_string(port_),
                   "\"}\n"});
  }

  testing::TempFolder folder_;
  std::uint16_t port_;
  testing::Child child_;
};

class RealRegistry : public ::testing::TestWithParam<std::string> {};

TEST_P(RealRegistry, AnswersAsRecorded) {
  DockerRegistry registry;
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
