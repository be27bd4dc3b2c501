// The registry client against a scripted transport: what it sends for each answer, what it never
// sends, and how it settles what it cannot know.
#include "publisher/registry/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/media_type.h"
#include "core/text.h"
#include "tests/unit/publisher/client_bench.h"

namespace drydock::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const Failure& WhyUnknown(const ProbeAnswer& answer) { return std::get<Unknown>(answer).why; }

// --- probe

TEST_F(ClientTest, ProbeTakesTheDigestOfAHead) {
  ThenNames(kDigest);
  const ProbeAnswer answer = client_.Probe(kTag);
  ASSERT_TRUE(std::holds_alternative<Exists>(answer));
  EXPECT_EQ(std::get<Exists>(answer).digest, kDigest);
  EXPECT_EQ(std::get<Exists>(answer).media_type, media_type::kOciIndex);
  const Sent& sent = transport_.sent()[0];
  EXPECT_EQ(sent.Line(), "HEAD https://registry.test/v2/a/b/manifests/v1");
  EXPECT_THAT(std::string(sent.headers.Get("Accept")),
              HasSubstr(std::string(media_type::kOciIndex)));
  EXPECT_THAT(std::string(sent.headers.Get("Accept")),
              HasSubstr(std::string(media_type::kDockerManifest)));
  EXPECT_EQ(sent.headers.Get("User-Agent"), kUserAgent);
}

TEST_F(ClientTest, ProbeHashesTheManifestWhenTheHeaderIsMissing) {
  transport_.Then(200);
  transport_.Then(200, {{"Content-Type", std::string(media_type::kOciManifest)}}, kManifest);
  const ProbeAnswer answer = client_.Probe(kTag);
  ASSERT_TRUE(std::holds_alternative<Exists>(answer));
  EXPECT_EQ(std::get<Exists>(answer).digest, kDigest);
  EXPECT_THAT(Steps(), ElementsAre("HEAD v1", "GET v1"));
}

TEST_F(ClientTest, ProbeAsksByGetWhereHeadIsNotLetThrough) {
  for (const int status : {405, 501}) {
    transport_.Then(status);
    ThenManifest();
    const ProbeAnswer answer = client_.Probe(kTag);
    ASSERT_TRUE(std::holds_alternative<Exists>(answer)) << status;
    EXPECT_EQ(std::get<Exists>(answer).digest, kDigest);
  }
  EXPECT_THAT(Steps(), ElementsAre("HEAD v1", "GET v1", "HEAD v1", "GET v1"));
}

TEST_F(ClientTest, MissingIsOnlyA404InTheRegistrysOwnWords) {
  for (const char* code : {"MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"}) {
    transport_.Then(404);
    ThenRegistry(404, code);
    EXPECT_TRUE(std::holds_alternative<Missing>(client_.Probe(kTag))) << code;
  }
}

TEST_F(ClientTest, EverythingElseIsUnknown) {
  struct Row {
    const char* name;
    Response (*answer)();
  };
  const std::vector<Row> rows = {
      {"429",
       [] {
         return MakeResponse(429, {{"Retry-After", "1"}});
       }},
      {"503", [] { return HtmlPage(503); }},
      {"500", [] { return MakeResponse(500); }},
      {"400 page", [] { return HtmlPage(400); }},
      {"403", [] { return RegistryError(403, "DENIED"); }},
      {"403 page", [] { return HtmlPage(403); }},
      {"404 page", [] { return HtmlPage(404); }},
      {"404 text", [] { return MakeResponse(404, {}, "404 page not found\n"); }},
      {"405 without a body", [] { return MakeResponse(405); }},
      {"404 without a body", [] { return MakeResponse(404); }},
      {"404 of a gateway", [] { return MakeResponse(404, {}, R"({"message":"no route"})"); }},
      {"404 that is a denial", [] { return RegistryError(404, "DENIED"); }},
      {"404 of an outage", [] { return RegistryError(404, "BLOB_UNKNOWN"); }},
      {"200 page", [] { return HtmlPage(200); }},
      {"302 to nowhere", [] { return MakeResponse(302); }},
      {"401 without challenge", [] { return MakeResponse(401); }},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    ScriptedTransport transport;
    transport.Otherwise([&](const Sent&) -> Result<Response> { return row.answer(); });
    RegistryClient client(transport, clock_, Rng(1), journal_, MakeOptions());
    const ProbeAnswer answer = client.Probe(kTag);
    EXPECT_TRUE(std::holds_alternative<Unknown>(answer));
    for (const Sent& sent : transport.sent()) {
      EXPECT_TRUE(sent.method == "HEAD" || sent.method == "GET");
    }
  }
}

TEST_F(ClientTest, ProbeIsRepeatedWithinItsBudgetOnly) {
  transport_.Otherwise([](const Sent&) -> Result<Response> { return HtmlPage(503); });
  const ProbeAnswer answer = client_.Probe(kTag);
  EXPECT_EQ(WhyUnknown(answer).attempts, 4);
  EXPECT_EQ(transport_.sent().size(), 4u);
  EXPECT_EQ(WhyUnknown(answer).persistence, Persistence::kTransient);
}

TEST_F(ClientTest, ProbeRecoversFromALostAnswer) {
  transport_.ThenError(ErrorCode::kAmbiguous);
  ThenNames(kDigest);
  EXPECT_TRUE(std::holds_alternative<Exists>(client_.Probe(kTag)));
}

TEST_F(ClientTest, ProbeByDigestRefusesAnotherDigest) {
  transport_.Otherwise(
      [](const Sent&) -> Result<Response> { return MakeResponse(200, Named(kForeign)); });
  EXPECT_TRUE(std::holds_alternative<Unknown>(client_.Probe(kByDigest)));
  EXPECT_TRUE(std::holds_alternative<Unknown>(client_.Probe(Ref("registry.test/a/b"))));
}

// --- manifests

TEST_F(ClientTest, GetManifestHashesWhatItGets) {
  ThenManifest();
  const auto manifest = client_.GetManifest(kTag);
  ASSERT_TRUE(manifest.ok());
  EXPECT_EQ(manifest->digest, kDigest);
  EXPECT_EQ(manifest->bytes, kManifest);
  EXPECT_EQ(manifest->media_type, media_type::kOciIndex);
}

TEST_F(ClientTest, ATruncatedOrForeignManifestIsNoManifest) {
  for (const std::string& bytes : {kManifest.substr(0, 10), kManifest + " ", std::string()}) {
    ScriptedTransport transport;
    transport.Otherwise(
        [&](const Sent&) -> Result<Response> { return MakeResponse(200, Named(kDigest), bytes); });
    RegistryClient client(transport, clock_, Rng(1), journal_, MakeOptions());
    const auto manifest = client.GetManifest(kByDigest);
    ASSERT_FALSE(manifest.ok());
    EXPECT_THAT(manifest.failure().words, HasSubstr("expected sha256:"));
  }
}

TEST_F(ClientTest, ABodyThatBreaksOffIsReadAgain) {
  transport_.Then([](const Sent&) -> Result<Response> {
    Response response = MakeResponse(200, Named(kDigest));
    response.body = Body::FromReader(
        std::make_unique<BrokenBody>("{", Error(ErrorCode::kAmbiguous, "reset")), 100);
    return response;
  });
  ThenManifest();
  EXPECT_TRUE(client_.GetManifest(kTag).ok());
}

TEST_F(ClientTest, AnEndlessManifestIsGivenUp) {
  transport_.Then(200, {}, std::string(kManifestBytesMax + 1, ' '));
  const auto manifest = client_.GetManifest(kTag);
  ASSERT_FALSE(manifest.ok());
  EXPECT_EQ(manifest.failure().persistence, Persistence::kDeterministic);
}

// --- authentication

TEST_F(ClientTest, AnswersAChallengeOnceAndReusesTheToken) {
  ThenChallenge();
  ThenToken("t1");
  ThenNames(kDigest);
  ThenNames(kOld);
  client_.Probe(kTag);
  client_.Probe(kLatest);
  EXPECT_THAT(Steps(), ElementsAre("HEAD v1", "GET token", "HEAD v1", "HEAD latest"));
  EXPECT_EQ(transport_.sent()[1].url.QueryValue("scope"), "repository:a/b:pull");
  EXPECT_EQ(transport_.sent()[2].headers.Get("Authorization"), "Bearer t1");
  EXPECT_EQ(transport_.sent()[3].headers.Get("Authorization"), "Bearer t1");
}

TEST_F(ClientTest, RepeatsTheWholeRequestWhenATokenRanOut) {
  bool moved = false;
  transport_.Otherwise([&](const Sent& sent) -> Result<Response> {
    if (sent.url.path == "/token") {
      return MakeResponse(200, {}, R"({"token":"fresh"})");
    }
    if (sent.headers.Get("Authorization") != "Bearer fresh") {
      return MakeResponse(401,
                          {{"WWW-Authenticate", R"(Bearer realm="https://registry.test/token")"}});
    }
    moved = moved || sent.method == "PUT";
    return sent.method == "PUT" ? MakeResponse(201, Named(kDigest))
                                : MakeResponse(200, Named(moved ? kDigest : kOld), kManifest);
  });
  ThenNames(kDigest);  // of v1
  ThenNames(kOld);     // of latest
  ThenManifest();
  EXPECT_TRUE(client_.Promote(kTag, kLatest).ok());
  std::vector<std::string> bodies;
  for (const Sent& sent : transport_.sent()) {
    if (sent.method == "PUT") {
      bodies.push_back(sent.body);
    }
  }
  EXPECT_THAT(bodies, ElementsAre(kManifest, kManifest));
}

TEST_F(ClientTest, StopsAtOnceAtARefusedPassword) {
  ThenChallenge();
  transport_.Then(401, {}, R"({"details":"incorrect username or password"})");
  const Failure why = WhyUnknown(client_.Probe(kTag));
  EXPECT_EQ(why.answerer, Answerer::kTokenService);
  EXPECT_EQ(why.attempts, 1);
  EXPECT_EQ(transport_.sent().size(), 2u);
}

TEST_F(ClientTest, SendsARefusedBasicPasswordOnlyOnce) {
  transport_.Otherwise([](const Sent&) -> Result<Response> {
    return MakeResponse(401, {{"WWW-Authenticate", "Basic realm=\"x\""}});
  });
  const Failure why = WhyUnknown(client_.Probe(kTag));
  EXPECT_EQ(why.persistence, Persistence::kDeterministic);
  ASSERT_EQ(transport_.sent().size(), 2u);
  EXPECT_FALSE(transport_.sent()[0].headers.Has("Authorization"));
}

TEST_F(ClientTest, GivesUpOnTokensThatAreNeverTaken) {
  transport_.Otherwise([](const Sent& sent) -> Result<Response> {
    return sent.url.path == "/token"
               ? MakeResponse(200, {}, R"({"token":"t"})")
               : MakeResponse(
                     401, {{"WWW-Authenticate", R"(Bearer realm="https://registry.test/token")"}});
  });
  const Failure why = WhyUnknown(client_.Probe(kTag));
  EXPECT_EQ(why.persistence, Persistence::kDeterministic);
  EXPECT_THAT(why.advice, HasSubstr("Check the login"));
  EXPECT_THAT(Steps(), ElementsAre("HEAD v1", "GET token", "HEAD v1", "GET token", "HEAD v1"));
}

TEST_F(ClientTest, TakesAnInsufficientScopeForAnAnswer) {
  ThenChallenge();
  ThenToken("weak");
  ThenChallenge(",error=\"insufficient_scope\"");
  const Failure why = WhyUnknown(client_.Probe(kTag));
  EXPECT_EQ(why.persistence, Persistence::kDeterministic);
  EXPECT_THAT(why.advice, HasSubstr("no right"));
  EXPECT_TRUE(transport_.AllAnswered());
}

// --- redirects

TEST_F(ClientTest, LeavesTheLoginBehindWhenRedirectedToAnotherOrigin) {
  const std::string config = R"({"os":"linux","architecture":"arm64","variant":"v8"})";
  const std::string manifest =
      Concat({R"({"config":{"digest":")", Digest::Of(config).ToString(), R"("},"layers":[]})"});
  transport_.Otherwise([&](const Sent& sent) -> Result<Response> {
    if (sent.url.host == "cdn.test") {
      return sent.headers.Has("Authorization") ? HtmlPage(400) : MakeResponse(200, {}, config);
    }
    if (sent.url.path == "/token") {
      return MakeResponse(200, {}, R"({"token":"t"})");
    }
    if (!sent.headers.Has("Authorization")) {
      return MakeResponse(401,
                          {{"WWW-Authenticate", R"(Bearer realm="https://registry.test/token")"}});
    }
    if (sent.url.path.find("/blobs/") != std::string::npos) {
      return MakeResponse(307, {{"Location", "https://cdn.test/x?X-Amz-Signature=s3cret"}});
    }
    return MakeResponse(200, {{"Content-Type", std::string(media_type::kOciManifest)}}, manifest);
  });
  const auto platforms = client_.PlatformsOf(kTag);
  ASSERT_TRUE(platforms.ok()) << platforms.failure().ToString();
  EXPECT_THAT(platforms.value(), ElementsAre("linux/arm64"));
}

TEST_F(ClientTest, KeepsTheLoginOnTheSameOriginAndEndsLoops) {
  ThenChallenge();
  ThenToken("t");
  transport_.Otherwise([](const Sent&) -> Result<Response> {
    return MakeResponse(301, {{"Location", "/v2/a/b/manifests/v1?again"}});
  });
  EXPECT_EQ(WhyUnknown(client_.Probe(kTag)).status, 301);
  EXPECT_EQ(transport_.sent().size(), 2u + 6u);
  EXPECT_EQ(transport_.sent().back().headers.Get("Authorization"), "Bearer t");
}

TEST_F(ClientTest, NeverFollowsToPlainHttpNorAWrite) {
  transport_.Then(307, {{"Location", "http://registry.test/v2/a/b/manifests/v1"}});
  EXPECT_EQ(WhyUnknown(client_.Probe(kTag)).status, 307);
  EXPECT_EQ(transport_.sent().size(), 1u);
  ThenNames(kOld);
  ThenManifest();
  transport_.Then(307, {{"Location", "https://elsewhere.test/x"}});
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_FALSE(promoted.ok());
  EXPECT_EQ(promoted.failure().status, 307);
  EXPECT_EQ(promoted.failure().persistence, Persistence::kDeterministic);
}

TEST_F(ClientTest, A404OfTheCdnIsNotTheRegistrys) {
  transport_.Otherwise([](const Sent& sent) -> Result<Response> {
    return sent.url.host == "cdn.test" ? HtmlPage(404)
                                       : MakeResponse(307, {{"Location", "https://cdn.test/m"}});
  });
  EXPECT_TRUE(std::holds_alternative<Unknown>(client_.Probe(kTag)));
}

// --- platforms

TEST_F(ClientTest, PlatformsOfAnIndexLeaveAttestationsOut) {
  const std::string index = R"({"manifests":[
    {"platform":{"os":"linux","architecture":"amd64"}},
    {"platform":{"os":"linux","architecture":"arm64","variant":"v8"}},
    {"platform":{"os":"linux","architecture":"arm","variant":"v7"}},
    {"platform":{"os":"unknown","architecture":"unknown"}},
    {"platform":{"os":"linux","architecture":"s390x"},
     "annotations":{"vnd.docker.reference.type":"attestation-manifest"}},
    {"digest":"x"}]})";
  transport_.Then(200, Named(Digest::Of(index)), index);
  const auto platforms = client_.PlatformsOf(kTag);
  ASSERT_TRUE(platforms.ok()) << platforms.failure().ToString();
  EXPECT_THAT(platforms.value(), ElementsAre("linux/amd64", "linux/arm64", "linux/arm/v7"));
  EXPECT_EQ(transport_.sent().size(), 1u);
}

TEST_F(ClientTest, PlatformsOfWhatIsNoImageAreAFailure) {
  const Headers index = {{"Content-Type", std::string(media_type::kOciIndex)}};
  const Headers manifest = {{"Content-Type", std::string(media_type::kOciManifest)}};
  transport_.Then(200, index, R"({"manifests":7})");
  EXPECT_FALSE(client_.PlatformsOf(kTag).ok());
  transport_.Then(200, manifest, R"({"config":{"digest":"sha256:short"}})");
  EXPECT_FALSE(client_.PlatformsOf(kTag).ok());
  transport_.Then(200, manifest, "not JSON");
  EXPECT_FALSE(client_.PlatformsOf(kTag).ok());
}

// --- secrets, origins

TEST_F(ClientTest, NoCredentialGetsIntoTheJournalOrAFailure) {
  int answers = 0;
  transport_.Otherwise([&](const Sent& sent) -> Result<Response> {
    if (sent.url.path == "/token") {
      return MakeResponse(200, {}, R"({"token":"toptoken","expires_in":1})");
    }
    if (++answers % 2 == 1) {
      return MakeResponse(401,
                          {{"WWW-Authenticate", R"(Bearer realm="https://registry.test/token")"}});
    }
    return MakeResponse(503, {}, Concat({"you sent ", sent.headers.Get("Authorization")}));
  });
  const Failure why = WhyUnknown(client_.Probe(kTag));
  for (const std::string& secret :
       {std::string("hunter2"), std::string("toptoken"), Base64("me:hunter2")}) {
    EXPECT_THAT(JournalText(), Not(HasSubstr(secret)));
    EXPECT_THAT(why.ToString(), Not(HasSubstr(secret)));
  }
  EXPECT_THAT(JournalText(), HasSubstr("probe registry.test/a/b:v1"));
}

TEST(RegistryOrigin, KnowsDockerHubAndPlainPlaces) {
  EXPECT_EQ(RegistryOrigin("docker.io", {}).Origin(), "https://registry-1.docker.io");
  EXPECT_EQ(RegistryOrigin("ghcr.io", {}).Origin(), "https://ghcr.io");
  EXPECT_EQ(RegistryOrigin("ghcr.io", {"ghcr.io"}).Origin(), "http://ghcr.io");
  EXPECT_EQ(RegistryOrigin("127.0.0.1:5000", {}).Origin(), "https://127.0.0.1:5000");
}

TEST(RegistryOrigin, LoopbackIsAMatterOfTheHostsName) {
  for (const char* here :
       {"127.0.0.1:5000", "127.9.9.9", "localhost:5000", "localhost", "[::1]:5000"}) {
    EXPECT_TRUE(IsLoopbackRegistry(here)) << here;
  }
  for (const char* elsewhere :
       {"localhost.evil.test", "127.evil.test", "docker.io", "[::2]:5000", ""}) {
    EXPECT_FALSE(IsLoopbackRegistry(elsewhere)) << elsewhere;
  }
}

}  // namespace
}  // namespace drydock::publisher
