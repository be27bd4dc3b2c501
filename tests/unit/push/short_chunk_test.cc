// A chunk that the registry kept in part, and says so: the next one begins where that part ends.
// Source: OCI distribution-spec, "Pushing a blob in chunks"; incident short-range-ack.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/push/one_upload.h"

namespace drydock::publisher {
namespace {

using ::testing::ElementsAre;

TEST(ShortChunk, GoesOnWhereTheRegistryStopped) {
  std::string kept;
  std::vector<std::string> ranges;
  ScriptedTransport transport;
  transport.Otherwise([&](const Sent& sent) -> Result<Response> {
    if (sent.method == "POST") {
      return MakeResponse(202, {{"Location", "/v2/a/b/blobs/uploads/u1"}});
    }
    if (sent.method == "PATCH") {
      ranges.emplace_back(sent.headers.Get("Content-Range"));
      kept += kept.empty() ? sent.body.substr(0, 2) : sent.body;
      return MakeResponse(202, {{"Range", Concat({"0-", std::to_string(kept.size() - 1)})}});
    }
    if (sent.method == "GET") {
      return MakeResponse(204, {{"Range", Concat({"0-", std::to_string(kept.size() - 1)})}});
    }
    return MakeResponse(sent.method == "HEAD" ? 404 : kept == kFiveBytes ? 201 : 400);
  });
  FakeClock clock;
  const auto uploaded = UploadFiveBytes(transport, clock, 3);
  ASSERT_TRUE(uploaded) << uploaded.failure().ToString();
  EXPECT_THAT(ranges, ElementsAre("0-2", "2-4"));
  EXPECT_EQ(kept, kFiveBytes);
}

}  // namespace
}  // namespace drydock::publisher
