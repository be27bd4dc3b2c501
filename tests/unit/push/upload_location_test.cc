// Where an upload's Location leads, and what goes along.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/push/one_upload.h"

namespace drydock::publisher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class LocationTest : public ::testing::Test {
 protected:
  LocationTest() {
    transport_.Otherwise([this](const Sent& sent) { return Answer(sent); });
  }

  // Wants a login, misses the blob, opens sessions at `location_` and takes everything. At port
  // 5000 nobody listens.
  Result<Response> Answer(const Sent& sent) {
    if (sent.url.host == "registry.test:5000") {
      return Error(ErrorCode::kUnavailable, "cannot connect");
    }
    if (sent.url.path == "/lost") {
      return Error(ErrorCode::kUnavailable, "cannot connect");
    }
    const bool login = sent.headers.Has("Authorization");
    if (sent.url.host == "registry.test" && !login) {
      return MakeResponse(401, {{"WWW-Authenticate", "Basic realm=\"r\""}});
    }
    if (sent.method == "HEAD") {
      return MakeResponse(404);
    }
    if (sent.method == "POST") {
      return MakeResponse(202, {{"Location", location_}});
    }
    return MakeResponse(201);
  }

  Outcome<BlobReport> Upload(const std::string& location) {
    location_ = location;
    return UploadFiveBytes(transport_, clock_);
  }

  const Sent& Last() const { return transport_.sent().back(); }

  ScriptedTransport transport_;
  FakeClock clock_;
  std::string location_;
};

TEST_F(LocationTest, EveryFormLeadsToItsPlace) {
  const std::string digest = Digest::Of("bytes").ToString();
  const struct {
    const char* location;
    std::string url;
  } rows[] = {
      {"/v2/a/b/blobs/uploads/u1", "https://registry.test/v2/a/b/blobs/uploads/u1?digest="},
      {"/v2/a/b/blobs/uploads/u1?_state=x%3D",
       "https://registry.test/v2/a/b/blobs/uploads/u1?_state=x%3D&digest="},
      {"u1?x=y", "https://registry.test/v2/a/b/blobs/uploads/u1?x=y&digest="},
      {"https://registry.test/other/u1", "https://registry.test/other/u1?digest="},
      {"//registry.test/u1", "https://registry.test/u1?digest="},
      // A registry behind a proxy that ends TLS.
      {"http://registry.test/v2/a/b/blobs/uploads/u1",
       "https://registry.test/v2/a/b/blobs/uploads/u1?digest="},
      {"http://registry.test:5000/u1", "https://registry.test/u1?digest="},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.location);
    ASSERT_TRUE(Upload(row.location));
    EXPECT_EQ(Last().Line(), Concat({"PUT ", row.url, digest}));
    EXPECT_TRUE(Last().headers.Has("Authorization"));
    EXPECT_EQ(Last().body, "bytes");
  }
}

TEST_F(LocationTest, APortWhereNobodyListensIsLeftForTheRegistrysOwn) {
  ASSERT_TRUE(Upload("https://registry.test:5000/u1"));
  EXPECT_THAT(Last().Line(), HasSubstr("PUT https://registry.test/u1?digest="));
  EXPECT_EQ(transport_.sent()[transport_.sent().size() - 2].url.host, "registry.test:5000");
  EXPECT_EQ(clock_.Elapsed(), Duration::zero()) << "nothing to wait for";
  const auto lost = Upload("https://registry.test:5000/lost");
  ASSERT_FALSE(lost);
  EXPECT_THAT(lost.failure().words, AllOf(HasSubstr("nobody answers at https://registry.test:5000"),
                                          HasSubstr("then tried at https://registry.test,")));
}

TEST_F(LocationTest, TheLoginStaysAtTheRegistry) {
  ASSERT_TRUE(Upload("https://store.test/bucket?X-Signature=s"));
  EXPECT_THAT(Last().Line(), HasSubstr("PUT https://store.test/bucket?X-Signature=s&digest="));
  EXPECT_FALSE(Last().headers.Has("Authorization"));
}

TEST_F(LocationTest, AnotherHostWithoutEncryptionIsRefused) {
  const auto refused = Upload("http://store.test/bucket");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().next, NextMove::kStop);
  EXPECT_THAT(refused.failure().words, HasSubstr("http://store.test"));
  EXPECT_EQ(Last().method, "POST");
}

}  // namespace
}  // namespace drydock::publisher
