#include "simulator/neighbours/npm_registry.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <utility>

#include "core/digest.h"
#include "core/json.h"
#include "core/text.h"
#include "tests/unit/neighbours/standing_clock.h"

namespace drydock::simulator {
namespace {

struct Got {
  Route route;
  int status = 0;
  Headers headers;
  std::string body;
};

class NpmRegistryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Publish({"oh-my-opencode-slim", "1.0.6", {}, {}});
    Publish({"oh-my-opencode-slim", "1.0.7", {{"@opencode-ai/sdk", "1.14.44"}}, {}});
    Publish({"@opencode-ai/sdk", "1.14.44", {}, *ParseRfc3339("2026-05-09T20:26:00Z")});
    ASSERT_TRUE(npm_.SetDistTag("oh-my-opencode-slim", "latest", "1.0.7").ok());
    ASSERT_TRUE(npm_.SetDistTag("@opencode-ai/sdk", "latest", "1.14.44").ok());
  }

  void Publish(NpmVersion version) { ASSERT_TRUE(npm_.Publish(std::move(version)).ok()); }

  Got Ask(std::string_view path, std::string_view method = "GET") {
    RequestHead head;
    head.method = method;
    head.url = *Url::Parse(Concat({"https://npm.example", path}));
    const auto exchange = npm_.Begin(head);
    EXPECT_FALSE(exchange->Decide().has_value());
    exchange->Receive("ignored");
    Response response = exchange->Apply();
    Got got{exchange->route(), response.status, response.headers, ""};
    got.body = *ReadAll(response.body, 1 << 20);
    return got;
  }
  json::Value AskJson(std::string_view path) {
    const Got got = Ask(path);
    EXPECT_EQ(got.status, 200) << path;
    EXPECT_EQ(got.headers.Get("Content-Type"), "application/json");
    return *json::Parse(got.body, "npm");
  }

  StandingClock clock_{"2026-05-09T20:20:00Z"};
  NpmRegistry npm_{clock_};
};

TEST_F(NpmRegistryTest, RoutesSayPackageAndVersion) {
  struct Row {
    const char* path;
    const char* operation;
    const char* package;
    const char* reference;
    int status;
  };
  const Row rows[] = {
      {"/oh-my-opencode-slim", "npm.package", "oh-my-opencode-slim", "", 200},
      {"/@opencode-ai/sdk", "npm.package", "@opencode-ai/sdk", "", 200},
      {"/@opencode-ai%2fsdk", "npm.package", "@opencode-ai/sdk", "", 200},
      {"/@opencode-ai%2Fsdk/1.14.44", "npm.version", "@opencode-ai/sdk", "1.14.44", 200},
      {"/oh-my-opencode-slim/latest", "npm.version", "oh-my-opencode-slim", "latest", 200},
      {"/oh-my-opencode-slim/1.0.6", "npm.version", "oh-my-opencode-slim", "1.0.6", 200},
      {"/oh-my-opencode-slim/9.9.9", "npm.version", "oh-my-opencode-slim", "9.9.9", 404},
      {"/-/package/@opencode-ai/sdk/dist-tags", "npm.dist-tags", "@opencode-ai/sdk", "", 200},
      {"/oh-my-opencode-slim/-/oh-my-opencode-slim-1.0.7.tgz", "npm.tarball", "oh-my-opencode-slim",
       "1.0.7", 200},
      {"/@opencode-ai/sdk/-/sdk-1.14.44.tgz", "npm.tarball", "@opencode-ai/sdk", "1.14.44", 404},
      {"/oh-my-opencode-slim/-/other-1.0.7.tgz", "npm.tarball", "oh-my-opencode-slim", "", 404},
      {"/oh-my-opencode-slim/-/oh-my-opencode-slim-.tgz", "npm.tarball", "oh-my-opencode-slim", "",
       404},
      {"/oh-my-opencode-slim/-/oh-my-opencode-slim-latest.tgz", "npm.tarball",
       "oh-my-opencode-slim", "latest", 404},
      {"/nobody", "npm.package", "nobody", "", 404},
      {"/oh-my-opencode-slim/1.0.6/more", "", "oh-my-opencode-slim", "", 404},
      {"/", "", "", "", 404},
      {"/@opencode-ai", "", "", "", 404},
      {"/UPPER", "", "", "", 404},
      {"/-/package//dist-tags", "", "-", "", 404},
  };
  for (const Row& row : rows) {
    const Got got = Ask(row.path);
    EXPECT_EQ(got.route.operation, row.operation) << row.path;
    EXPECT_EQ(got.route.repository, row.package) << row.path;
    EXPECT_EQ(got.route.reference, row.reference) << row.path;
    EXPECT_EQ(got.status, row.status) << row.path;
  }
}

TEST_F(NpmRegistryTest, MetadataNamesTagsVersionsAndTarballs) {
  const json::Value metadata = AskJson("/oh-my-opencode-slim");
  EXPECT_EQ(metadata.Text("name"), "oh-my-opencode-slim");
  EXPECT_EQ(metadata.At("/dist-tags")->Text("latest"), "1.0.7");
  ASSERT_NE(metadata.At("/versions/1.0.6"), nullptr);
  EXPECT_EQ(metadata.At("/versions/1.0.6/dependencies"), nullptr);
  EXPECT_EQ(*metadata.At("/versions/1.0.7/dependencies/@opencode-ai~1sdk")->as_string(), "1.14.44");
  EXPECT_EQ(*metadata.At("/versions/1.0.7/dist/tarball")->as_string(),
            "https://npm.example/oh-my-opencode-slim/-/oh-my-opencode-slim-1.0.7.tgz");
  EXPECT_EQ(AskJson("/oh-my-opencode-slim/latest").Text("version"), "1.0.7");
  EXPECT_EQ(AskJson("/-/package/oh-my-opencode-slim/dist-tags").Text("latest"), "1.0.7");
}

TEST_F(NpmRegistryTest, ATarballIsAnArchiveWithTheIntegrityItsMetadataSays) {
  const Got tarball = Ask("/oh-my-opencode-slim/-/oh-my-opencode-slim-1.0.7.tgz");
  const json::Value version = AskJson("/oh-my-opencode-slim/1.0.7");
  const std::string integrity = *version.At("/dist/integrity")->as_string();
  ASSERT_EQ(integrity.substr(0, 7), "sha512-");
  EXPECT_EQ(ToHex(*FromBase64(integrity.substr(7))),
            Digest::Of(tarball.body, DigestAlgorithm::kSha512).hex());

  std::string packed = tarball.body;
  std::string archive(4096, '\0');
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(archive.data());
  stream.avail_out = static_cast<uInt>(archive.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  archive.resize(stream.total_out);
  inflateEnd(&stream);
  ASSERT_EQ(archive.size(), 4u * 512) << "header, one block, two empty blocks";
  EXPECT_STREQ(archive.c_str(), "package/package.json");
  EXPECT_EQ(archive.substr(257, 8), std::string_view("ustar\0"
                                                     "00",
                                                     8));
  const std::string content = archive.substr(512, std::stoul(archive.substr(124, 11), nullptr, 8));
  EXPECT_EQ(json::Parse(content, "package.json")->Text("version"), "1.0.7");
}

TEST_F(NpmRegistryTest, ATarballMayComeLaterThanItsMetadata) {
  const std::string_view tarball = "/@opencode-ai/sdk/-/sdk-1.14.44.tgz";
  EXPECT_EQ(AskJson("/@opencode-ai/sdk").At("/dist-tags")->Text("latest"), "1.14.44");
  EXPECT_EQ(Ask(tarball).status, 404);
  ASSERT_TRUE(clock_.SleepFor(std::chrono::minutes(6) - Duration(1)).ok());
  EXPECT_EQ(Ask(tarball).status, 404);
  ASSERT_TRUE(clock_.SleepFor(Duration(1)).ok());
  EXPECT_EQ(Ask(tarball).status, 200);
}

TEST_F(NpmRegistryTest, ReleasedTarballsAnswerAtOnce) {
  npm_.ReleaseTarballs();
  EXPECT_EQ(Ask("/@opencode-ai/sdk/-/sdk-1.14.44.tgz").status, 200);
}

TEST_F(NpmRegistryTest, OnlyReads) {
  const Got got = Ask("/oh-my-opencode-slim", "PUT");
  EXPECT_EQ(got.status, 405);
  EXPECT_EQ(got.headers.Get("Allow"), "GET, HEAD");
  EXPECT_EQ(Ask("/oh-my-opencode-slim", "HEAD").status, 200);
}

TEST_F(NpmRegistryTest, RefusesWhatNpmWould) {
  struct Row {
    NpmVersion version;
    ErrorCode code;
  };
  const Row rows[] = {
      {{"", "1.0.0", {}, {}}, ErrorCode::kInvalid},
      {{"Upper", "1.0.0", {}, {}}, ErrorCode::kInvalid},
      {{"@scope", "1.0.0", {}, {}}, ErrorCode::kInvalid},
      {{"@scope/a/b", "1.0.0", {}, {}}, ErrorCode::kInvalid},
      {{".hidden", "1.0.0", {}, {}}, ErrorCode::kInvalid},
      {{std::string(215, 'a'), "1.0.0", {}, {}}, ErrorCode::kInvalid},
      {{"a", "latest", {}, {}}, ErrorCode::kInvalid},
      {{"a", "1.0", {}, {}}, ErrorCode::kInvalid},
      {{"a", "1.0.0/x", {}, {}}, ErrorCode::kInvalid},
      {{"a", "", {}, {}}, ErrorCode::kInvalid},
      {{"oh-my-opencode-slim", "1.0.7", {}, {}}, ErrorCode::kConflict},
  };
  for (const Row& row : rows) {
    const Status status = npm_.Publish(row.version);
    ASSERT_FALSE(status.ok()) << row.version.package << "@" << row.version.version;
    EXPECT_EQ(status.error().code(), row.code) << status.error().message();
  }
  EXPECT_TRUE(npm_.Publish({"a", "1.0.0-beta.1+build.5", {}, {}}).ok());
  EXPECT_EQ(npm_.SetDistTag("a", "latest", "2.0.0").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(npm_.SetDistTag("b", "latest", "1.0.0").error().code(), ErrorCode::kNotFound);
}

TEST_F(NpmRegistryTest, HasALimit) {
  for (std::size_t i = 2; i < NpmRegistry::kPackagesMax; ++i) {
    ASSERT_TRUE(npm_.Publish({"p" + std::to_string(i), "1.0.0", {}, {}}).ok()) << i;
  }
  EXPECT_EQ(npm_.Publish({"one-more", "1.0.0", {}, {}}).error().code(), ErrorCode::kDenied);
  EXPECT_TRUE(npm_.Publish({"p2", "1.0.1", {}, {}}).ok()) << "a known package may grow";
}

}  // namespace
}  // namespace drydock::simulator
