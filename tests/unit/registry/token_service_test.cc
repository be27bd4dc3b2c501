// The token service beyond its first token: OAuth2, refresh tokens, access tokens, several scopes,
// lockout, and one host for everything.
#include "simulator/registry/token_service.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/text.h"
#include "simulator/registry/cdn.h"
#include "simulator/registry/personalities.h"
#include "tests/unit/registry/bench.h"

namespace drydock::simulator {
namespace {

constexpr std::string_view kSecret = "key";
constexpr std::string_view kPushScope = "repository:joakimp/web:pull,push,delete";

class TokenServiceTest : public ::testing::Test {
 protected:
  explicit TokenServiceTest(TokenRule rule = {}) {
    store_.PutBlob("joakimp/web", "x");
    store_.PutBlob("joakimp/private", "x");
    store_.PutBlob("library/debian", "x");
    Make(std::move(rule));
  }

  void Make(TokenRule rule) {
    rule.service = "hub";
    service_.emplace(TokenServiceOptions{rule,
                                         std::string(kSecret),
                                         {{"joakimp",
                                           "secret",
                                           {{"pat-read", TokenPermission::kRead},
                                            {"pat-public", TokenPermission::kPublicRead},
                                            {"pat-write", TokenPermission::kReadWrite}}}},
                                         {"joakimp/private"}},
                     store_, clock_, Rng(1));
  }

  BenchReply Send(std::string method, const std::string& query, const std::string& form = {},
                  Headers headers = {}, std::string address = "203.0.113.7") {
    RequestHead head{std::move(method),
                     Url::Parse("https://auth.example/token" + query).value(),
                     std::move(headers),
                     form.size(),
                     {"", std::move(address), 0}};
    const auto exchange = service_->Begin(std::move(head));
    auto refusal = exchange->Decide();
    if (!refusal) {
      exchange->Receive(form);
    }
    Response response = refusal ? std::move(*refusal) : exchange->Apply();
    auto body = ReadAll(response.body, 1 << 20);
    return {response.status, response.headers, *body, refusal.has_value()};
  }

  BenchReply Get(std::string_view scopes, std::string_view password = "",
                 std::string_view more = "", std::string address = "203.0.113.7") {
    Headers headers;
    if (!password.empty()) {
      headers.Add("Authorization", Concat({"Basic ", Base64(Concat({"joakimp:", password}))}));
    }
    return Send("GET", Concat({"?service=hub", scopes, more}), "", headers, std::move(address));
  }

  static std::string Member(const BenchReply& reply, std::string_view name) {
    const auto parsed = json::Parse(reply.body, "token");
    return parsed ? std::string(parsed->Text(name)) : "";
  }

  // What the token allows: "repository:joakimp/web:pull,push …".
  std::string Allowed(const BenchReply& reply) {
    const auto grant = CheckToken(Member(reply, "token"), kSecret, "hub", clock_.Now());
    EXPECT_TRUE(grant) << reply.status << " " << reply.body;
    std::vector<std::string> scopes;
    for (const Scope& scope : grant ? grant->access : std::vector<Scope>{}) {
      scopes.push_back(scope.ToString());
    }
    return Join(scopes, " ");
  }

  static std::string ScopeQuery(std::string_view scope) { return Concat({"&scope=", scope}); }

  ManualClock clock_;
  Store store_;
  std::optional<TokenService> service_;
};

TEST_F(TokenServiceTest, AnAccessTokenTakesRightsAway) {
  const struct {
    std::string_view password, scope, allowed;
  } kRows[] = {
      {"secret", kPushScope, kPushScope},
      {"pat-write", kPushScope, "repository:joakimp/web:pull,push"},
      {"pat-read", kPushScope, "repository:joakimp/web:pull"},
      {"pat-public", kPushScope, "repository:joakimp/web:pull"},
      {"pat-read", "repository:joakimp/private:pull", "repository:joakimp/private:pull"},
      {"pat-public", "repository:joakimp/private:pull", ""},
      {"", "repository:joakimp/private:pull", ""},
      {"", kPushScope, "repository:joakimp/web:pull"},
      {"secret", "repository:library/debian:pull,push", "repository:library/debian:pull"},
      {"secret", "repository:debian:pull", ""},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(Allowed(Get(ScopeQuery(row.scope), row.password)), row.allowed)
        << row.password << " " << row.scope;
  }
}

TEST_F(TokenServiceTest, ReadsSeveralScopesInBothForms) {
  const std::string both = "repository:joakimp/web:pull,push repository:library/debian:pull";
  EXPECT_EQ(Allowed(Get("&scope=repository:joakimp/web:pull,push"
                        "&scope=repository:library/debian:pull",
                        "secret")),
            both);
  EXPECT_EQ(
      Allowed(Send("POST", "",
                   "grant_type=password&service=hub&username=joakimp&password=secret&scope="
                   "repository%3Ajoakimp%2Fweb%3Apull%2Cpush+repository:library/debian:pull")),
      both);
}

TEST_F(TokenServiceTest, ARegistryMayLookAtOneScopeAlone) {
  for (const auto& [read, allowed] : std::vector<std::pair<ScopesRead, std::string>>{
           {ScopesRead::kFirst, "repository:joakimp/web:pull,push"},
           {ScopesRead::kLast, "repository:library/debian:pull"}}) {
    TokenRule rule;
    rule.scopes_read = read;
    Make(rule);
    EXPECT_EQ(Allowed(Get("&scope=repository:joakimp/web:pull,push"
                          "&scope=repository:library/debian:pull",
                          "secret")),
              allowed);
  }
}

TEST_F(TokenServiceTest, RefreshTokensStandForTheLogin) {
  const BenchReply first = Get(ScopeQuery(kPushScope), "pat-write", "&offline_token=true");
  const std::string refresh = Member(first, "refresh_token");
  ASSERT_FALSE(refresh.empty()) << first.body;
  ASSERT_TRUE(clock_.SleepFor(std::chrono::hours(24 * 30)));
  const auto renew = [&](std::string_view token) {
    return Send("POST", "",
                Concat({"grant_type=refresh_token&service=hub&refresh_token=", token,
                        "&scope=", kPushScope}));
  };
  const BenchReply renewed = renew(refresh);
  // Of the access token it came from, no more.
  EXPECT_EQ(Allowed(renewed), "repository:joakimp/web:pull,push");
  EXPECT_EQ(Member(renewed, "refresh_token"), "");
  EXPECT_EQ(renew(refresh + "x").status, 401);
  EXPECT_EQ(renew("").status, 401);
  EXPECT_EQ(renew(Member(first, "token")).status, 401);  // a Bearer token is none
  ASSERT_TRUE(clock_.SleepFor(std::chrono::hours(24 * 366)));
  EXPECT_EQ(renew(refresh).status, 401);
}

TEST_F(TokenServiceTest, GivesARefreshTokenOnlyToWhoAsksAndLoggedIn) {
  EXPECT_EQ(Member(Get("", "secret"), "refresh_token"), "");
  EXPECT_EQ(Member(Get("", "", "&offline_token=true"), "refresh_token"), "");
  EXPECT_NE(Member(Send("POST", "",
                        "grant_type=password&service=hub&username=joakimp&password=secret"
                        "&access_type=offline"),
                   "refresh_token"),
            "");
  TokenRule rule;
  rule.refresh_tokens = false;
  Make(rule);
  EXPECT_EQ(Member(Get("", "secret", "&offline_token=true"), "refresh_token"), "");
}

TEST_F(TokenServiceTest, MayNotSayWhenATokenExpires) {
  EXPECT_NE(Get("").body.find("\"expires_in\":300"), std::string::npos);
  TokenRule rule;
  rule.says_expiry = false;
  Make(rule);
  const BenchReply reply = Get(ScopeQuery(kPushScope), "secret");
  EXPECT_EQ(reply.body.find("expires_in"), std::string::npos);
  // What is not said is 60 s, and whoever assumes more is found out.
  const std::string token = Member(reply, "token");
  EXPECT_TRUE(CheckToken(token, kSecret, "hub", clock_.Now() + std::chrono::seconds(59)));
  EXPECT_FALSE(CheckToken(token, kSecret, "hub", clock_.Now() + std::chrono::seconds(60)));
}

// moby/moby#45726: Docker Hub, whoever's the repository is.
TEST_F(TokenServiceTest, MayRefuseAnAccessTokenAskedForMoreThanItMay) {
  TokenRule rule;
  rule.excess_refused = true;
  Make(rule);
  constexpr std::string_view kPull = "repository:joakimp/web:pull";
  const struct {
    std::string_view password, scope;
    int status;
  } kRows[] = {
      {"pat-read", kPull, 200},
      {"pat-read", kPushScope, 401},
      {"pat-read", "repository:joakimp/web:*", 401},
      {"pat-read", "repository:library/debian:pull,push", 401},
      {"pat-public", "repository:joakimp/private:pull", 200},
      {"pat-write", "repository:joakimp/web:pull,push", 200},
      {"pat-write", "repository:joakimp/web:delete", 401},
      {"pat-read", "repository:joakimp/web:pull,sing", 200},
      {"secret", "repository:library/debian:pull,push", 200},
      {"", kPushScope, 200},
  };
  for (const auto& row : kRows) {
    const BenchReply reply = Get(ScopeQuery(row.scope), row.password);
    EXPECT_EQ(reply.status, row.status) << row.password << " " << row.scope;
    if (row.status == 401) {
      EXPECT_EQ(reply.body, R"({"details":"access token has insufficient scopes"})");
    }
  }
  const BenchReply several =
      Get(Concat({"&scope=", kPull, "&scope=repository:a/b:push"}), "pat-read");
  EXPECT_EQ(several.status, 401);
  const BenchReply posted =
      Send("POST", "",
           Concat({"grant_type=password&service=hub&username=joakimp&password=pat-read&scope=",
                   kPushScope}));
  EXPECT_EQ(posted.status, 401);
  const std::string refresh = Member(Get("", "pat-read", "&offline_token=true"), "refresh_token");
  ASSERT_FALSE(refresh.empty());
  const BenchReply renewed =
      Send("POST", "",
           Concat({"grant_type=refresh_token&service=hub&refresh_token=", refresh,
                   "&scope=", kPushScope}));
  EXPECT_EQ(renewed.status, 401);
}

TEST_F(TokenServiceTest, MayNotKnowPost) {
  TokenRule rule;
  rule.oauth_post = false;
  Make(rule);
  const BenchReply reply = Send("POST", "", "grant_type=password");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.body, "404 page not found\n");
  EXPECT_EQ(Get("").status, 200);
}

TEST_F(TokenServiceTest, LocksOutWhoGuesses) {
  TokenRule rule;
  rule.lockout = Allowance{2, std::chrono::minutes(15)};
  Make(rule);
  EXPECT_EQ(Get("", "guess").status, 401);
  EXPECT_EQ(Get("", "secret").status, 200);  // no lockout yet, and none forgotten
  EXPECT_EQ(Get("", "guess").status, 401);
  const BenchReply locked = Get("", "secret");
  EXPECT_EQ(locked.status, 429);
  EXPECT_EQ(locked.Code(), "TOOMANYREQUESTS");
  EXPECT_EQ(Get("", "secret", "", "198.51.100.1").status, 429);  // the name is locked out
  EXPECT_EQ(Get("").status, 200);                                // nobody logs in here
  ASSERT_TRUE(clock_.SleepFor(std::chrono::minutes(15)));
  EXPECT_EQ(Get("", "secret").status, 200);
}

TEST_F(TokenServiceTest, LocksOutTheAddressThatGuesses) {
  TokenRule rule;
  rule.lockout = Allowance{1, std::chrono::minutes(15)};
  Make(rule);
  const auto as = [&](std::string_view credentials) {
    return Send("GET", "?service=hub", "",
                {{"Authorization", Concat({"Basic ", Base64(credentials)})}})
        .status;
  };
  EXPECT_EQ(as("somebody:guess"), 401);
  EXPECT_EQ(as("joakimp:secret"), 429);
}

TEST(SingleOriginHub, SendsTheRealmToTheTokenServiceAndTheCdnsPathsToTheCdn) {
  Bench bench(StrictPersonality());
  Cdn cdn(bench.registry.store(), bench.clock, "key");
  SingleOriginHub hub(bench.registry, &bench.tokens, cdn);
  const auto operation = [](SingleOriginHub& site, const std::string& target) {
    return site.Begin({"GET", Url::Parse("http://127.0.0.1:5000" + target).value(), {}, {}, {}})
        ->route()
        .operation;
  };
  EXPECT_EQ(operation(hub, "/token?service=drydock"), "token");
  EXPECT_EQ(operation(hub, "/v2/"), "ping");
  EXPECT_EQ(operation(hub, "/tokens"), "");
  EXPECT_EQ(operation(hub, Concat({kCdnPathPrefix, "sha256/x"})), "cdn.get");
  SingleOriginHub open(bench.registry, nullptr, cdn);
  EXPECT_EQ(operation(open, "/token"), "");
}

}  // namespace
}  // namespace drydock::simulator
