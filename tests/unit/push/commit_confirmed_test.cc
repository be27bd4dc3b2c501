// A commit that came through after one that nobody knows the end of is looked at before it is
// believed. Source: incidents.md 9.3 (done wrongly).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/push/one_upload.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;

class CommitTest : public ::testing::Test {
 protected:
  CommitTest() {
    transport_.Otherwise([this](const Sent& sent) { return Answer(sent); });
  }

  // The answer to the first commit is lost and nothing was kept; the others are 201, and keep as
  // many bytes as `kept_` says, one after the other.
  Result<Response> Answer(const Sent& sent) {
    if (sent.method == "POST") {
      return MakeResponse(202, {{"Location", "/v2/a/b/blobs/uploads/u1"}});
    }
    if (sent.method == "PUT") {
      if (commits_++ == 0) {
        return Error(ErrorCode::kAmbiguous, "connection reset before an answer");
      }
      return MakeResponse(201);
    }
    const bool looks = sent.method == "HEAD" && commits_ > 1;
    return looks ? MakeResponse(200, {{"Content-Length", kept_.at(commits_ - 2)}})
                 : MakeResponse(404);
  }

  ScriptedTransport transport_;
  FakeClock clock_;
  std::vector<std::string> kept_;
  std::size_t commits_ = 0;
};

TEST_F(CommitTest, IsBelievedWhenTheBlobHasItsSize) {
  kept_ = {"5"};
  ASSERT_TRUE(UploadFiveBytes(transport_, clock_));
  EXPECT_EQ(commits_, 2U);
  EXPECT_EQ(transport_.sent().back().method, "HEAD");
}

TEST_F(CommitTest, IsMadeOnceMoreWhenTheBlobHasAnotherSize) {
  kept_ = {"3", "5"};
  ASSERT_TRUE(UploadFiveBytes(transport_, clock_));
  EXPECT_EQ(commits_, 3U);
}

TEST_F(CommitTest, ThatSpoilsTheBlobTwiceEndsTheUpload) {
  kept_ = {"3", "3"};
  const auto spoilt = UploadFiveBytes(transport_, clock_);
  ASSERT_FALSE(spoilt);
  EXPECT_THAT(spoilt.failure().words, HasSubstr("twice and keeps another size than 5"));
  EXPECT_EQ(commits_, 3U);
}

}  // namespace
}  // namespace drydock::publisher
