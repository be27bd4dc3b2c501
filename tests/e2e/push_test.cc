// The program `drydock push` against `drydock serve`, also after kill -9.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/text.h"
#include "tests/e2e/oci_layout.h"
#include "tests/e2e/served.h"

namespace drydock::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kChunk = std::size_t{1} << 20;

class Push : public ::testing::Test {
 protected:
  std::vector<std::string> CommandLine(const Served& server, const std::string& layout,
                                       const std::vector<std::string>& flags) const {
    std::vector<std::string> argv = {
        DRYDOCK_PROGRAM, "push", folder_.At(layout),
        Concat({"127.0.0.1:", std::to_string(server.port()), "/app/one:v1"})};
    argv.insert(argv.end(), flags.begin(), flags.end());
    return argv;
  }
  std::vector<std::string> Environment() const {
    return {Concat({"HOME=", folder_.At("home")}), "DOCKER_CONFIG="};
  }
  int Run(const Served& server, const std::string& layout, std::string& said,
          const std::vector<std::string>& flags = {}) const {
    return RunClient(CommandLine(server, layout, flags), &said, Environment());
  }
  // Body bytes of all requests of uploads.
  static std::uint64_t UploadedBytes(const Served& server) {
    std::uint64_t bytes = 0;
    for (const std::string& line : Split(server.JournalText(), '\n')) {
      const auto event = json::Parse(line, "journal");
      const json::Value* size = event ? event->Find("requestBytes") : nullptr;
      if (size != nullptr && event->Text("operation").starts_with("upload.")) {
        bytes += static_cast<std::uint64_t>(size->as_integer().value_or(0));
      }
    }
    return bytes;
  }

  TempFolder folder_;
};

TEST_F(Push, PushesOnceAndFindsItAllThereTheSecondTime) {
  const Served server;
  const OciLayout image(folder_, "two", {"amd64", "arm64"}, 3'000'000);
  std::string said;
  ASSERT_EQ(0, Run(server, "two", said, {"--chunk-bytes", "1MiB"})) << said;
  EXPECT_THAT(said, HasSubstr(image.top().ToString()));
  const auto writes = [&] {
    const std::vector<Seen> requests = server.Requests();
    return std::count_if(requests.begin(), requests.end(), [](const Seen& seen) {
      return seen.method != "GET" && seen.method != "HEAD";
    });
  };
  const auto before = writes();
  ASSERT_EQ(0, Run(server, "two", said, {"--json"})) << said;
  EXPECT_EQ(before, writes());
  const auto report = json::Parse(said, "report");
  ASSERT_TRUE(report) << said;
  EXPECT_EQ(report->Text("digest"), image.top().ToString());
}

TEST_F(Push, AfterKillMinus9SendsAtMostOneChunkTwice) {
  const auto server = Served::WithFaults(R"({"faults": [{
      "name": "pause", "when": {"operation": "upload.patch"},
      "do": {"reply": {"status": 429, "headers": {"Retry-After": "100"}}},
      "times": {"nth": 15}}]})");
  const OciLayout image(folder_, "large", {"amd64"}, 16 * kChunk);
  const std::vector<std::string> flags = {"--chunk-bytes", "1MiB"};
  {
    Child killed(CommandLine(*server, "large", flags), Environment());
    while (!Contains(killed.out(), "waiting 1m 40s: upload of ") &&
           killed.Read(std::chrono::milliseconds(100))) {
    }
    killed.Signal(SIGKILL);
    EXPECT_EQ(128 + SIGKILL, killed.Wait()) << killed.out() << killed.err();
  }
  std::string said;
  ASSERT_EQ(0, Run(*server, "large", said, flags)) << said;
  std::uint64_t whole = 0;
  for (const std::string& blob : BlobsOf(folder_.At("large"))) {
    whole += std::filesystem::file_size(folder_.At(Concat({"large/blobs/sha256/", blob})));
  }
  EXPECT_LE(UploadedBytes(*server), whole + kChunk);
  EXPECT_GT(UploadedBytes(*server), 16 * kChunk);
  EXPECT_THAT(server->Sequence(), HasSubstr("upload.status 204"));
}

TEST_F(Push, ACutChunkIsResumedOverASocket) {
  const auto server = Served::WithFaults(R"({"faults": [{
      "name": "cut", "when": {"operation": "upload.patch"},
      "do": {"cut": "rst", "at": "request-body", "after-bytes": 500000},
      "times": {"nth": 5}}]})");
  const OciLayout image(folder_, "large", {"amd64"}, 6 * kChunk);
  std::string said;
  ASSERT_EQ(0, Run(*server, "large", said, {"--chunk-bytes", "1MiB"})) << said;
  EXPECT_THAT(said, HasSubstr("waiting "));
  EXPECT_LE(UploadedBytes(*server), 8 * kChunk);
}

TEST_F(Push, SaysHowItEnded) {
  const auto server = Served::WithFaults(R"({"faults": [{
      "name": "denied", "when": {"operation": "manifest.put", "reference": "v1"},
      "do": {"reply": {"status": 403, "error": "DENIED"}}}]})");
  const OciLayout image(folder_, "one", {"amd64"}, 5'000);
  std::string said;
  EXPECT_EQ(6, Run(*server, "one", said)) << said;
  EXPECT_THAT(said, HasSubstr("registry answered 403 DENIED to PUT"));
  EXPECT_EQ(2, Run(*server, "nowhere", said));
  EXPECT_EQ(2, Run(*server, "one", said, {"--image", "v9"}));
  EXPECT_THAT(said, HasSubstr("no image named v9 (expected one of: v1)"));
  EXPECT_EQ(2, Run(*server, "one", said, {"--deadline", "soon"}));
  EXPECT_THAT(said, HasSubstr("--deadline"));
}

}  // namespace
}  // namespace drydock::testing
