// What the client reads beside tags: greeting and login, whole images, the list of tags.
#include <gmock/gmock.h>

#include "publisher/registry/image_check.h"
#include "publisher/registry/reception.h"
#include "tests/unit/publisher/client_bench.h"

namespace drydock::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const ImageReference kImage = Ref("registry.test/a/b");

std::string Jwt(std::string_view claims) {
  return Concat({"Bearer e30.", Base64Url(claims), ".c2ln"});
}

struct RightRow {
  std::string name;
  std::string authorization;
  PushRight right;
};
void PrintTo(const RightRow& row, std::ostream* out) { *out << row.name; }

class RightTest : public ::testing::TestWithParam<RightRow> {};

TEST_P(RightTest, IsWhatTheTokenSays) {
  EXPECT_EQ(RightToPush(GetParam().authorization, "a/b"), GetParam().right);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, RightTest,
    ::testing::Values(
        RightRow{"push", Jwt(R"({"access":[{"type":"repository","name":"a/b",
                             "actions":["pull","push"]}]})"),
                 PushRight::kGranted},
        RightRow{"all", Jwt(R"({"access":[{"type":"repository","name":"a/b","actions":["*"]}]})"),
                 PushRight::kGranted},
        RightRow{"pull_only",
                 Jwt(R"({"access":[{"type":"repository","name":"a/b","actions":["pull"]}]})"),
                 PushRight::kRefused},
        RightRow{"another_repository",
                 Jwt(R"({"access":[{"type":"repository","name":"a/c","actions":["push"]}]})"),
                 PushRight::kRefused},
        RightRow{"nothing", Jwt(R"({"access":[]})"), PushRight::kRefused},
        RightRow{"no_claim", Jwt(R"({"sub":"me"})"), PushRight::kUntold},
        RightRow{"opaque", "Bearer djE6bWU6MTIz", PushRight::kUntold},
        RightRow{"no_json", "Bearer a.b.c", PushRight::kUntold},
        RightRow{"basic", "Basic bWU6aHVudGVyMg==", PushRight::kUntold}),
    [](const auto& row) { return row.param.name; });

// --- the greeting

TEST_F(ClientTest, GreetTakes200AsOpen) {
  transport_.Then(200, {{"Date", "Thu, 28 May 2026 06:00:00 GMT"}}, "{}");
  const auto greeted = client_.Greet(kImage);
  ASSERT_TRUE(greeted.ok());
  EXPECT_EQ(greeted->push, PushRight::kOpen);
  EXPECT_EQ(greeted->date, ParseRfc3339("2026-05-28T06:00:00Z"));
  transport_.Then(401, {}, RegistryErrorBody("UNAUTHORIZED"));
  EXPECT_EQ(client_.Greet(Ref("docker.io/a/b"))->push, PushRight::kUntold);
  EXPECT_THAT(transport_.Lines(),
              ElementsAre("GET https://registry.test/v2/", "GET https://registry-1.docker.io/v2/"));
}

TEST_F(ClientTest, GreetAsksTheTokenServiceForPushAndKeepsTheToken) {
  ThenChallenge();
  const std::string token = Jwt(R"({"access":[]})").substr(std::string("Bearer ").size());
  ThenToken(token.c_str());
  const auto greeted = client_.Greet(kImage);
  ASSERT_TRUE(greeted.ok());
  EXPECT_EQ(greeted->push, PushRight::kRefused);
  EXPECT_EQ(transport_.sent()[1].url.QueryValue("scope"), "repository:a/b:pull,push");
}

TEST_F(ClientTest, GreetTriesAPasswordOut) {
  const Headers basic = {{"WWW-Authenticate", "Basic realm=\"r\""}};
  transport_.Then(401, basic, RegistryErrorBody("UNAUTHORIZED"));
  transport_.Then(401, basic, RegistryErrorBody("UNAUTHORIZED"));
  const auto greeted = client_.Greet(kImage);
  ASSERT_FALSE(greeted.ok());
  EXPECT_EQ(greeted.failure().status, 401);
  EXPECT_EQ(greeted.failure().persistence, Persistence::kDeterministic);
}

TEST_F(ClientTest, GreetTakesNothingElse) {
  ThenPage(200);
  EXPECT_FALSE(client_.Greet(kImage).ok());
  ThenRegistry(403, "DENIED");
  EXPECT_FALSE(client_.Greet(kImage).ok());
  transport_.Otherwise([](const Sent&) -> Result<Response> {
    return Error(ErrorCode::kUnavailable, "connection refused");
  });
  const auto unreachable = client_.Greet(kImage);
  EXPECT_EQ(unreachable.failure().answerer, Answerer::kNetwork);
  EXPECT_EQ(unreachable.failure().attempts, 4);
}

// --- tags

TEST_F(ClientTest, ListTagsFollowsThePages) {
  transport_.Then(200, {{"Link", R"(</v2/a/b/tags/list?n=1000&last=base-1>; rel="next")"}},
                  R"({"name":"a/b","tags":["base-1","v1"]})");
  transport_.Then(200, {}, R"({"name":"a/b","tags":["base-2"]})");
  const auto tags = client_.ListTags(kImage, "base-", 100);
  ASSERT_TRUE(tags.ok());
  EXPECT_THAT(tags.value(), ElementsAre("base-1", "base-2"));
}

TEST_F(ClientTest, ListTagsStaysAtTheRegistryAndWithinItsBound) {
  transport_.Then(200, {{"Link", R"(<https://elsewhere.test/x>; rel="next")"}},
                  R"({"tags":["base-1"]})");
  EXPECT_THAT(client_.ListTags(kImage, "base-", 100).value(), ElementsAre("base-1"));
  transport_.Otherwise([](const Sent&) -> Result<Response> {
    return MakeResponse(200, {{"Link", R"(</v2/a/b/tags/list?n=1000&last=x>; rel="next")"}},
                        R"({"tags":["x", "y"]})");
  });
  EXPECT_TRUE(client_.ListTags(kImage, "", 10).ok());
  EXPECT_EQ(transport_.sent().size(), 6U);
}

// --- whole images

const std::string kConfig = "{}";
const std::string kLayer = "the layer";
const std::string kChild =
    Concat({R"({"config":{"digest":")", Digest::Of(kConfig).ToString(),
            R"(","size":2},"layers":[{"digest":")", Digest::Of(kLayer).ToString(),
            R"(","size":9},{"mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar",)",
            R"("digest":")", Digest::Of("foreign").ToString(), R"(","size":7}]})"});
const std::string kIndex =
    Concat({R"({"manifests":[{"digest":")", Digest::Of(kChild).ToString(), R"("}]})"});
ImageReference Indexed() {
  ImageReference image = kImage;
  image.digest = Digest::Of(kIndex);
  return image;
}

struct PartRow {
  std::string name;
  std::string lost;   // the part that goes wrong
  int status;         // its answer
  std::string bytes;  // … and body
  std::string says;   // "": the image is whole
  bool deep = false;
};
void PrintTo(const PartRow& row, std::ostream* out) { *out << row.name; }

class WholeTest : public ::testing::TestWithParam<PartRow> {
 protected:
  static Result<Response> Answer(const Sent& sent) {
    const PartRow& row = GetParam();
    for (const std::string& bytes : {kIndex, kChild, kConfig, kLayer}) {
      if (!sent.url.path.ends_with(Digest::Of(bytes).ToString())) {
        continue;
      }
      const bool lost = bytes == row.lost;
      const std::string& body = lost ? row.bytes : bytes;
      Headers headers = {{"Content-Type", std::string(bytes == kIndex ? media_type::kOciIndex
                                                                      : media_type::kOciManifest)},
                         {"Content-Length", std::to_string(body.size())}};
      return MakeResponse(lost ? row.status : 200, headers, sent.method == "HEAD" ? "" : body);
    }
    return MakeResponse(404, {}, RegistryErrorBody("MANIFEST_UNKNOWN"));
  }
};

TEST_P(WholeTest, NamesThePartThatIsNotRight) {
  ScriptedTransport transport;
  transport.Otherwise(Answer);
  FakeClock clock;
  Journal journal(clock);
  RegistryClient client(transport, clock, Rng(1), journal, {});
  ImageCheck check(client, GetParam().deep ? ImageCheck::Depth::kBytes : ImageCheck::Depth::kSizes);
  const auto whole = check.Run(Indexed());
  EXPECT_EQ(whole.ok(), GetParam().says.empty());
  if (!whole.ok()) {
    EXPECT_THAT(whole.failure().ToString(), HasSubstr(GetParam().says));
    EXPECT_GT(whole.failure().attempts, 1) << "no patience for a registry that lags";
    return;
  }
  EXPECT_EQ(check.manifests(), 2U);
  EXPECT_EQ(check.blobs(), 2U);
  EXPECT_EQ(check.bytes(), 11U);
  EXPECT_EQ(client.manifest_gets(), 2U);
  const auto sent = transport.sent().size();
  EXPECT_TRUE(check.Run(Indexed()).ok());
  EXPECT_EQ(transport.sent().size(), sent) << "what was right once is asked for again";
}

INSTANTIATE_TEST_SUITE_P(
    Rows, WholeTest,
    ::testing::Values(
        PartRow{"whole", "", 0, "", ""}, PartRow{"whole_to_the_byte", "", 0, "", "", true},
        PartRow{"child_missing", kChild, 404, RegistryErrorBody("MANIFEST_UNKNOWN"), "said so"},
        PartRow{"child_changed", kChild, 200, kChild + " ", "the bytes served hash to"},
        PartRow{"layer_missing", kLayer, 404, "", "does not have this blob"},
        PartRow{"layer_short", kLayer, 200, "the lay", "serves 7 bytes of this blob"},
        PartRow{"layer_changed_is_not_seen", kLayer, 200, "THE LAYER", ""},
        PartRow{"layer_changed_is_seen_deeply", kLayer, 200, "THE LAYER", "hash otherwise", true},
        PartRow{"layer_missing_deeply", kLayer, 404, "", "does not have this blob", true}),
    [](const auto& row) { return row.param.name; });

TEST_F(ClientTest, ABlobThatHeadDoesNotTellAboutIsRead) {
  transport_.Then(405);
  transport_.Then(200, {}, kLayer);
  EXPECT_TRUE(client_.CheckBlob(kImage, {Digest::Of(kLayer), kLayer.size()}, false).ok());
}

TEST_F(ClientTest, AnAliasThatNamesNeitherIsLeftAlone) {
  ThenNames(kForeign);
  const auto promoted = client_.Promote(kByDigest, kLatest, kOld.ToString());
  ASSERT_FALSE(promoted.ok());
  EXPECT_THAT(promoted.failure().words, HasSubstr("somebody else moved it"));
  EXPECT_THAT(Steps(), ElementsAre("HEAD latest"));
}

// --- the pull limit

constexpr std::string_view kPullLimitWords = "You have reached your pull rate limit.";

TEST_F(ClientTest, AHeadStandsInForWhatIsKnownWhenThePullLimitIsUsedUp) {
  const auto limited = [this] {
    transport_.Then(429, {}, RegistryErrorBody("TOOMANYREQUESTS", kPullLimitWords));
  };
  limited();
  EXPECT_FALSE(client_.GetManifest(kByDigest).ok()) << "nobody knows its bytes";
  client_.Know({kManifest, std::string(media_type::kOciIndex), kDigest});
  ThenNames(kDigest);
  const auto known = client_.GetManifest(kByDigest);
  ASSERT_TRUE(known.ok());
  EXPECT_EQ(known->bytes, kManifest);
  EXPECT_EQ(client_.seen_by_head().count(kDigest), 1u);
  transport_.Then(404);
  limited();
  EXPECT_FALSE(client_.GetManifest(kByDigest).ok()) << "a 404 that may be anybody's";
  EXPECT_THAT(Steps(), ElementsAre(HasSubstr("GET sha256:"), HasSubstr("HEAD sha256:"),
                                   HasSubstr("HEAD sha256:"), HasSubstr("GET sha256:")));
  EXPECT_EQ(clock_.Elapsed(), Duration::zero()) << "the limit lasts for hours";
}

TEST_F(ClientTest, AMissingTagIsBelievedToTheRegistrysOwnHeadAtThePullLimit) {
  for (const bool own : {true, false}) {
    transport_.Then(404, own ? Headers{{"Docker-Distribution-Api-Version", "registry/2.0"}}
                             : Headers{{"Content-Type", "text/html"}});
    transport_.Then(429, {}, RegistryErrorBody("TOOMANYREQUESTS", kPullLimitWords));
    const ProbeAnswer answer = client_.Probe(kTag);
    EXPECT_EQ(std::holds_alternative<Missing>(answer), own);
  }
}

// --- trust

TEST_F(ClientTest, OneConnectionThatIsNotTrustedIsTriedOnceMore) {
  transport_.ThenError(ErrorCode::kDenied);
  ThenNames(kDigest);
  EXPECT_TRUE(std::holds_alternative<Exists>(client_.Probe(kTag)));
  transport_.ThenError(ErrorCode::kDenied);
  transport_.ThenError(ErrorCode::kDenied);
  const ProbeAnswer answer = client_.Probe(kTag);
  ASSERT_TRUE(std::holds_alternative<Unknown>(answer));
  EXPECT_EQ(std::get<Unknown>(answer).why.next, NextMove::kStop);
  EXPECT_EQ(transport_.sent().size(), 4u);
}

}  // namespace
}  // namespace drydock::publisher
