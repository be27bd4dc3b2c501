// What npm announces and what it really has: the two must agree before anything is built.
#include "publisher/release/npm_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/text.h"
#include "tests/unit/publisher/scripted_transport.h"

namespace drydock::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr const char* kSlim = R"({
  "name": "oh-my-opencode-slim",
  "dist-tags": {"latest": "1.0.7"},
  "versions": {
    "1.0.6": {"dist": {"tarball": "https://npm.test/oh-my-opencode-slim/-/slim-1.0.6.tgz"}},
    "1.0.7": {
      "dependencies": {"@opencode-ai/sdk": "1.14.44", "zod": "^3.0.0", "left-pad": "=1.3.0",
                       "odd": 7, "any": "*"},
      "dist": {"tarball": "https://npm.test/oh-my-opencode-slim/-/slim-1.0.7.tgz"}}}})";
constexpr const char* kSdk = R"({"dist-tags": {"latest": "1.14.44"}, "versions": {"1.14.44":
    {"dist": {"tarball": "https://npm.test/@opencode-ai/sdk/-/sdk-1.14.44.tgz"}}}})";
constexpr const char* kLeftPad = R"({"versions": {"1.3.0":
    {"dist": {"tarball": "/left-pad/-/left-pad-1.3.0.tgz"}}}})";

class NpmClientTest : public ::testing::Test {
 protected:
  NpmClientTest() {
    pages_ = {{"/npm/oh-my-opencode-slim", kSlim},
              {"/npm/@opencode-ai%2Fsdk", kSdk},
              {"/npm/left-pad", kLeftPad},
              {"/oh-my-opencode-slim/-/slim-1.0.7.tgz", "bytes"},
              {"/@opencode-ai/sdk/-/sdk-1.14.44.tgz", "bytes"},
              {"/left-pad/-/left-pad-1.3.0.tgz", "bytes"}};
    transport_.Otherwise([this](const Sent& sent) -> Result<Response> {
      const auto page = pages_.find(sent.url.path);
      return page == pages_.end() ? MakeResponse(404, {}, R"({"error":"Not found"})")
                                  : MakeResponse(200, {}, page->second);
    });
  }

  ScriptedTransport transport_;
  FakeClock clock_;
  Journal journal_{clock_};
  std::map<std::string, std::string> pages_;
  NpmClient client_{transport_,    clock_, Rng(1), journal_, *Url::Parse("https://npm.test/npm/"),
                    RetryBudget{}, "host"};
};

TEST_F(NpmClientTest, ResolvesTheNewestToOneConcreteVersion) {
  const auto version = client_.Resolve("oh-my-opencode-slim", "");
  ASSERT_TRUE(version.ok()) << version.failure().ToString();
  EXPECT_EQ(version->version, "1.0.7");
  EXPECT_EQ(version->tarball, "https://npm.test/oh-my-opencode-slim/-/slim-1.0.7.tgz");
  EXPECT_THAT(version->pinned,
              ElementsAre(Pair("@opencode-ai/sdk", "1.14.44"), Pair("left-pad", "1.3.0")));
}

TEST_F(NpmClientTest, TakesAPinnedVersionThatIsPublished) {
  EXPECT_EQ(client_.Resolve("oh-my-opencode-slim", "1.0.6")->version, "1.0.6");
  const auto absent = client_.Resolve("oh-my-opencode-slim", "9.9.9");
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.failure().answerer, Answerer::kPackageRegistry);
  EXPECT_EQ(absent.failure().persistence, Persistence::kDeterministic);
  EXPECT_THAT(absent.failure().words, HasSubstr("oh-my-opencode-slim@9.9.9"));
}

TEST_F(NpmClientTest, RefusesWhatIsNoVersionWithoutAsking) {
  for (const char* vague : {"latest", "null", "^1.0.0", "1.0", "1.0.x", ">=1.0.0", "1.2.3 || 2.0.0",
                            "1.2.3-", "v1.2.3", "file:../x"}) {
    EXPECT_FALSE(client_.Resolve("oh-my-opencode-slim", vague).ok()) << vague;
  }
  EXPECT_TRUE(transport_.sent().empty());
}

TEST_F(NpmClientTest, RefusesADistTagThatNamesNothing) {
  for (const char* metadata :
       {R"({})", R"({"dist-tags":{"latest":""}})", R"({"dist-tags":{"latest":null}})",
        R"({"dist-tags":{"latest":"latest"}})", R"({"dist-tags":{"latest":"1.0.0"}})",
        R"({"dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{}}})",
        R"({"dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"dist":{"tarball":""}}}})",
        "<html>", ""}) {
    pages_["/npm/oh-my-opencode-slim"] = metadata;
    const auto version = client_.Resolve("oh-my-opencode-slim", "");
    ASSERT_FALSE(version.ok()) << metadata;
    EXPECT_EQ(version.failure().persistence, Persistence::kDeterministic);
  }
}

TEST_F(NpmClientTest, AnUnknownPackageIsNotAskedForTwice) {
  const auto version = client_.Resolve("typo", "");
  ASSERT_FALSE(version.ok());
  EXPECT_EQ(version.failure().status, 404);
  EXPECT_EQ(version.failure().answerer, Answerer::kPackageRegistry);
  EXPECT_EQ(transport_.sent().size(), 1u);
}

TEST_F(NpmClientTest, RepeatsWhatMayGoAway) {
  transport_.Then(503);
  transport_.ThenError(ErrorCode::kAmbiguous);
  EXPECT_TRUE(client_.Resolve("oh-my-opencode-slim", "").ok());
  EXPECT_EQ(transport_.sent().size(), 3u);
  transport_.Then(429, {{"Retry-After", "20"}});
  const Duration before = clock_.Elapsed();
  EXPECT_TRUE(client_.Resolve("oh-my-opencode-slim", "").ok());
  EXPECT_EQ(clock_.Elapsed() - before, std::chrono::seconds(20));
}

TEST_F(NpmClientTest, InstallableMeansEveryPinnedTarballAnswers) {
  const auto version = client_.Resolve("oh-my-opencode-slim", "");
  EXPECT_TRUE(client_.CheckInstallable(version.value()).ok());
}

TEST_F(NpmClientTest, NamesTheDependencyWhoseTarballIsNotThereYet) {
  pages_.erase("/@opencode-ai/sdk/-/sdk-1.14.44.tgz");
  const auto version = client_.Resolve("oh-my-opencode-slim", "");
  const auto installable = client_.CheckInstallable(version.value());
  ASSERT_FALSE(installable.ok());
  EXPECT_EQ(installable.failure().status, 404);
  EXPECT_EQ(installable.failure().persistence, Persistence::kTransient);
  EXPECT_EQ(installable.failure().attempts, 4);
  EXPECT_THAT(installable.failure().words, HasSubstr("@opencode-ai/sdk@1.14.44"));
  EXPECT_THAT(installable.failure().words, HasSubstr("oh-my-opencode-slim@1.0.7"));
  EXPECT_THAT(installable.failure().advice, HasSubstr("announces"));
}

TEST_F(NpmClientTest, WaitsForATarballThatComesWithinItsBudget) {
  pages_.erase("/oh-my-opencode-slim/-/slim-1.0.7.tgz");
  const auto version = client_.Resolve("oh-my-opencode-slim", "");
  transport_.Then([&](const Sent&) -> Result<Response> {
    pages_["/oh-my-opencode-slim/-/slim-1.0.7.tgz"] = "bytes";
    return MakeResponse(404);
  });
  EXPECT_TRUE(client_.CheckInstallable(version.value()).ok());
}

TEST_F(NpmClientTest, FollowsATarballToItsCdn) {
  pages_.erase("/oh-my-opencode-slim/-/slim-1.0.7.tgz");
  pages_["/cdn/slim"] = "bytes";
  const auto version = client_.Resolve("oh-my-opencode-slim", "");
  transport_.Then(302, {{"Location", "https://cdn.test/cdn/slim"}});
  EXPECT_TRUE(client_.CheckInstallable(version.value()).ok());
  transport_.Otherwise([](const Sent&) -> Result<Response> {
    return MakeResponse(302, {{"Location", "/round"}});
  });
  EXPECT_FALSE(client_.CheckInstallable(version.value()).ok());
}

}  // namespace
}  // namespace drydock::publisher
