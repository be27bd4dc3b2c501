// Tokens: asked once, reused until shortly before their end, one a scope; and passwords: to whom
// they go and to whom they never go.
#include "publisher/registry/authenticator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"
#include "tests/unit/publisher/scripted_transport.h"

namespace drydock::publisher {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPull = "repository:a/b:pull";
constexpr const char* kPush = "repository:a/b:pull,push";

const Url kHub = *Url::Parse("https://registry-1.docker.io");

class AuthenticatorTest : public ::testing::Test {
 protected:
  Outcome<std::string> Answer(std::string_view scope,
                              std::string challenge = R"(Bearer realm="https://auth.docker.io/)"
                                                      R"(token",service="registry.docker.io")",
                              const Url& origin = kHub) {
    return authenticator_.Answer("docker.io", origin, scope, {std::move(challenge)});
  }
  void ThenToken(std::string_view token, std::string_view extra = ",\"expires_in\":300") {
    transport_.Then(200, {}, Concat({R"({"token":")", token, "\"", extra, "}"}));
  }

  ScriptedTransport transport_;
  FakeClock clock_;
  Authenticator authenticator_{transport_, clock_, Credentials{{"docker.io", {"me", "hunter2"}}},
                               RequestTime()};
};

TEST_F(AuthenticatorTest, AsksTheTokenServiceWithThePasswordAndRemembers) {
  EXPECT_EQ(authenticator_.Remembered("docker.io", kPull), "");
  ThenToken("t1");
  const auto answered = Answer(kPull);
  ASSERT_TRUE(answered.ok());
  EXPECT_EQ(answered.value(), "Bearer t1");
  ASSERT_EQ(transport_.sent().size(), 1u);
  const Sent& sent = transport_.sent()[0];
  EXPECT_EQ(
      sent.Line(),
      "GET https://auth.docker.io/token?service=registry.docker.io&scope=repository:a/b:pull");
  EXPECT_EQ(sent.headers.Get("Authorization"), Concat({"Basic ", Base64("me:hunter2")}));
  EXPECT_EQ(authenticator_.Remembered("docker.io", kPull), "Bearer t1");
  EXPECT_EQ(authenticator_.Remembered("docker.io", kPush), "");
  EXPECT_EQ(authenticator_.Remembered("ghcr.io", kPull), "");
}

TEST_F(AuthenticatorTest, DropsATokenShortlyBeforeItsEnd) {
  ThenToken("t1");
  ASSERT_TRUE(Answer(kPull).ok());
  clock_.Advance(seconds(269));
  EXPECT_EQ(authenticator_.Remembered("docker.io", kPull), "Bearer t1");
  clock_.Advance(seconds(1));
  EXPECT_EQ(authenticator_.Remembered("docker.io", kPull), "");
}

TEST_F(AuthenticatorTest, CountsFromTheMomentOfAsking) {
  transport_.Then([&](const Sent&) -> Result<Response> {
    clock_.Advance(seconds(100));
    return MakeResponse(200, {}, R"({"token":"slow","expires_in":300})");
  });
  ASSERT_TRUE(Answer(kPull).ok());
  clock_.Advance(seconds(169));
  EXPECT_EQ(authenticator_.Remembered("docker.io", kPull), "Bearer slow");
  clock_.Advance(seconds(1));
  EXPECT_EQ(authenticator_.Remembered("docker.io", kPull), "");
}

TEST_F(AuthenticatorTest, AssumesAMinuteWhenNoLifetimeIsTold) {
  for (const char* extra :
       {"", ",\"expires_in\":0", ",\"expires_in\":-7", ",\"expires_in\":\"300\""}) {
    ThenToken("t", extra);
    ASSERT_TRUE(Answer(kPull).ok());
    clock_.Advance(seconds(47));
    EXPECT_EQ(authenticator_.Remembered("docker.io", kPull), "Bearer t") << extra;
    clock_.Advance(seconds(1));
    EXPECT_EQ(authenticator_.Remembered("docker.io", kPull), "") << extra;
  }
}

TEST_F(AuthenticatorTest, KeepsOneTokenAScope) {
  ThenToken("pull");
  ThenToken("push");
  ASSERT_TRUE(Answer(kPull).ok());
  ASSERT_TRUE(Answer(kPush).ok());
  EXPECT_EQ(authenticator_.Remembered("docker.io", kPull), "Bearer pull");
  EXPECT_EQ(authenticator_.Remembered("docker.io", kPush), "Bearer push");
  authenticator_.Forget("docker.io", kPull, authenticator_.Remembered("docker.io", kPull));
  EXPECT_EQ(authenticator_.Remembered("docker.io", kPull), "");
  EXPECT_EQ(authenticator_.Remembered("docker.io", kPush), "Bearer push");
}

TEST_F(AuthenticatorTest, SendsSeveralScopesAsSeveralParameters) {
  ThenToken("t");
  ASSERT_TRUE(Answer("repository:a/b:pull repository:c/d:pull,push").ok());
  EXPECT_THAT(transport_.sent()[0].url.query,
              HasSubstr("scope=repository:a/b:pull&scope=repository:c/d:pull%2Cpush"));
}

TEST_F(AuthenticatorTest, TakesTheChallengesScopeWhenThereIsNoOther) {
  ThenToken("t");
  ASSERT_TRUE(
      Answer("", R"(Bearer realm="https://auth.docker.io/token",scope="registry:catalog:*")").ok());
  EXPECT_EQ(transport_.sent()[0].url.QueryValue("scope"), "registry:catalog:*");
  EXPECT_EQ(transport_.sent()[0].url.QueryValue("service"), std::nullopt);
}

TEST_F(AuthenticatorTest, UnderstandsBothNamesOfAToken) {
  transport_.Then(200, {}, R"({"access_token":"oauth"})");
  EXPECT_EQ(Answer(kPull).value(), "Bearer oauth");
}

TEST_F(AuthenticatorTest, NeverSendsThePasswordToAForeignRealm) {
  for (const char* realm : {"https://evil.test/token", "https://auth.docker.io.evil.test/token",
                            "https://evildocker.io/token", "http://auth.docker.io/token",
                            "https://io/token", "https://203.0.113.9/token"}) {
    const auto answered = Answer(kPull, Concat({"Bearer realm=\"", realm, "\""}));
    ASSERT_FALSE(answered.ok()) << realm;
    EXPECT_EQ(answered.failure().persistence, Persistence::kDeterministic);
    EXPECT_THAT(answered.failure().ToString(), Not(HasSubstr("hunter2")));
  }
  EXPECT_TRUE(transport_.sent().empty());
}

TEST_F(AuthenticatorTest, AsksAForeignRealmAnonymouslyWhenThereIsNoPassword) {
  ThenToken("anonymous");
  const auto answered =
      authenticator_.Answer("other.test", *Url::Parse("https://other.test"), kPull,
                            {R"(Bearer realm="https://tokens.example/t")"});
  ASSERT_TRUE(answered.ok());
  EXPECT_FALSE(transport_.sent()[0].headers.Has("Authorization"));
}

TEST_F(AuthenticatorTest, RefusesABrokenRealm) {
  for (const char* realm : {"ftp://auth.docker.io/x", "https://", "https://user@auth.docker.io/"}) {
    EXPECT_FALSE(Answer(kPull, Concat({"Bearer realm=\"", realm, "\""})).ok()) << realm;
  }
  EXPECT_TRUE(transport_.sent().empty());
}

TEST_F(AuthenticatorTest, AnswersBasicWithThePasswordAndRemembersItForEveryScope) {
  const auto answered = Answer(kPush, R"(Basic realm="x")");
  ASSERT_TRUE(answered.ok());
  EXPECT_EQ(answered.value(), Concat({"Basic ", Base64("me:hunter2")}));
  EXPECT_EQ(authenticator_.Remembered("docker.io", kPull), answered.value());
  EXPECT_EQ(authenticator_.Remembered("ghcr.io", kPull), "");
  authenticator_.Forget("docker.io", kPull, authenticator_.Remembered("docker.io", kPull));
  EXPECT_EQ(authenticator_.Remembered("docker.io", kPull), "");
  EXPECT_TRUE(transport_.sent().empty());
}

TEST_F(AuthenticatorTest, SaysWhichLoginIsMissing) {
  const auto answered = authenticator_.Answer("ghcr.io", *Url::Parse("https://ghcr.io"), kPull,
                                              {R"(Basic realm="x")"});
  ASSERT_FALSE(answered.ok());
  EXPECT_THAT(answered.failure().advice, HasSubstr("docker login ghcr.io"));
  EXPECT_FALSE(Answer(kPull, "Negotiate").ok());
}

TEST_F(AuthenticatorTest, SortsTheTokenServicesFailures) {
  transport_.Then(401, {}, R"({"details":"incorrect username or password"})");
  const auto refused = Answer(kPull);
  EXPECT_EQ(refused.failure().answerer, Answerer::kTokenService);
  EXPECT_EQ(refused.failure().persistence, Persistence::kDeterministic);
  EXPECT_THAT(refused.failure().words, HasSubstr("incorrect username"));
  transport_.Then(503, {}, "");
  EXPECT_EQ(Answer(kPull).failure().persistence, Persistence::kTransient);
  transport_.ThenError(ErrorCode::kAmbiguous);
  EXPECT_EQ(Answer(kPull).failure().answerer, Answerer::kNetwork);
  EXPECT_EQ(transport_.sent().size(), 3u);
}

TEST_F(AuthenticatorTest, TakesNoTokenThatIsNone) {
  for (const char* body :
       {"", "{}", "<html>", R"({"token":""})", R"({"token":7})", R"({"token":"a\r\nX-Evil: 1"})"}) {
    transport_.Then(200, {}, body);
    const auto answered = Answer(kPull);
    ASSERT_FALSE(answered.ok()) << body;
    EXPECT_EQ(answered.failure().answerer, Answerer::kTokenService);
    EXPECT_THAT(answered.failure().ToString(), HasSubstr("no token"));
  }
}

TEST(MaySendPassword, ToTheRegistrysOwnPlacesOnly) {
  struct Row {
    const char* registry;
    const char* realm;
    bool may;
  };
  const std::vector<Row> rows = {
      {"https://registry-1.docker.io", "https://auth.docker.io/token", true},
      {"https://registry.gitlab.com", "https://gitlab.com/jwt/auth", true},
      {"https://ghcr.io", "https://ghcr.io/token", true},
      {"https://ghcr.io", "https://GHCR.io/token", true},
      {"https://registry.test:5000", "https://registry.test:5001/token", true},
      {"http://127.0.0.1:5000", "http://127.0.0.1:5001/token", true},
      {"http://registry.test", "https://registry.test/token", true},
      {"https://registry.example.com", "https://auth.example.com/t", true},
      {"https://registry.test", "http://registry.test/token", false},
      {"https://ghcr.io", "https://quay.io/token", false},
      {"https://a.co.uk", "https://b.co.uk/t", false},
      {"https://registry.test", "https://auth.test/t", false},
      {"http://127.0.0.1:5000", "http://127.0.0.2:5000/t", false},
      {"http://[::1]:5000", "http://[::1]:6000/t", true},
      {"http://[::1]:5000", "http://[::2]:5000/t", false},
      {"https://example.com", "https://example.com.evil.test/t", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(MaySendPassword(*Url::Parse(row.registry), *Url::Parse(row.realm)), row.may)
        << row.registry << " " << row.realm;
  }
}

}  // namespace
}  // namespace drydock::publisher
