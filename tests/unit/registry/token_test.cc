#include "simulator/registry/token.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr TimePoint kNow{std::chrono::seconds(1779948000)};
constexpr std::string_view kSecret = "secret";
constexpr std::string_view kService = "registry.docker.io";

Grant SomeGrant() {
  return {"auth.docker.io",
          std::string(kService),
          "joakimp",
          kNow,
          kNow + std::chrono::seconds(300),
          "id-1",
          {{"repository", "joakimp/web", {"pull", "push"}}, {"repository", "a/b", {"pull"}}}};
}

std::string SomeToken() { return SignToken(SomeGrant(), kSecret); }

struct ScopeRow {
  std::string text;
  std::optional<Scope> scope;
};

const std::vector<ScopeRow> kScopeRows = {
    {"repository:a/b:pull", Scope{"repository", "a/b", {"pull"}}},
    {"repository:a/b:push,pull", Scope{"repository", "a/b", {"push", "pull"}}},
    {"repository:host:5000/a:pull", Scope{"repository", "host:5000/a", {"pull"}}},
    {"repository(plugin):a/b:pull", Scope{"repository(plugin)", "a/b", {"pull"}}},
    {"registry:catalog:*", Scope{"registry", "catalog", {"*"}}},
    {"repository:a/b:", Scope{"repository", "a/b", {}}},
    {"repository:a/b:,pull,", Scope{"repository", "a/b", {"pull"}}},
    {"", std::nullopt},
    {"repository", std::nullopt},
    {"repository:a/b", std::nullopt},
    {"::", std::nullopt},
    {":a/b:pull", std::nullopt},
    {"repository::pull", std::nullopt},
};

TEST(ParseScope, EveryRow) {
  for (const ScopeRow& row : kScopeRows) {
    SCOPED_TRACE(row.text);
    EXPECT_EQ(ParseScope(row.text), row.scope);
  }
}

TEST(Scope, ReadsWhatItWrites) {
  const Scope scope{"repository", "host:5000/a", {"pull", "push"}};
  EXPECT_EQ(ParseScope(scope.ToString()), scope);
}

TEST(Token, SaysWhatWasSigned) {
  const auto grant = CheckToken(SomeToken(), kSecret, kService, kNow);
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->issuer, "auth.docker.io");
  EXPECT_EQ(grant->account, "joakimp");
  EXPECT_EQ(grant->id, "id-1");
  EXPECT_EQ(grant->issued, kNow);
  EXPECT_EQ(grant->expires, kNow + std::chrono::seconds(300));
  EXPECT_EQ(grant->access, SomeGrant().access);
}

TEST(Token, AllowsWhatItNamesAndNothingElse) {
  const Grant grant = SomeGrant();
  EXPECT_TRUE(grant.Allows("repository", "joakimp/web", "push"));
  EXPECT_TRUE(grant.Allows("repository", "a/b", "pull"));
  EXPECT_FALSE(grant.Allows("repository", "a/b", "push"));
  EXPECT_FALSE(grant.Allows("repository", "a/c", "pull"));
  EXPECT_FALSE(grant.Allows("registry", "a/b", "pull"));
}

TEST(Token, HoldsWithinItsLife) {
  const auto valid = [](Duration later) {
    return CheckToken(SomeToken(), kSecret, kService, kNow + later).has_value();
  };
  EXPECT_FALSE(valid(-std::chrono::seconds(1)));
  EXPECT_TRUE(valid(Duration(0)));
  EXPECT_TRUE(valid(std::chrono::seconds(300) - Duration(1)));
  EXPECT_FALSE(valid(std::chrono::seconds(300)));
}

TEST(Token, IsForOneServiceAndOneSecret) {
  EXPECT_FALSE(CheckToken(SomeToken(), kSecret, "other", kNow));
  EXPECT_FALSE(CheckToken(SomeToken(), "other", kService, kNow));
}

TEST(Token, IsRefusedWithAnyCharacterChanged) {
  const std::string token = SomeToken();
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(CheckToken(changed, kSecret, kService, kNow)) << i;
  }
}

TEST(Token, IsRefusedCutOrMadeUp) {
  const std::string token = SomeToken();
  for (std::size_t size = 0; size < token.size(); ++size) {
    EXPECT_FALSE(CheckToken(token.substr(0, size), kSecret, kService, kNow)) << size;
  }
  for (const std::string_view text :
       {".", "..", "...", "a.b", "a.b.c", "eyJ.eyJ.", "a b.c d.e f"}) {
    EXPECT_FALSE(CheckToken(text, kSecret, kService, kNow)) << text;
  }
}

TEST(TokenReader, SaysOfATokenItKnowsWhatItSaidBefore) {
  TokenReader reader{std::string(kSecret)};
  for (int time = 0; time < 2; ++time) {
    const auto grant = reader.Check(SomeToken(), kService, kNow);
    ASSERT_TRUE(grant);
    EXPECT_TRUE(grant->Allows("repository", "a/b", "pull"));
    EXPECT_FALSE(reader.Check(SomeToken(), "other", kNow));
    EXPECT_FALSE(reader.Check(SomeToken(), kService, kNow - std::chrono::seconds(1)));
    EXPECT_FALSE(reader.Check(SomeToken(), kService, kNow + std::chrono::seconds(300)));
    EXPECT_FALSE(reader.Check(SomeToken() + "A", kService, kNow));
  }
}

TEST(TokenReader, ReadsMoreTokensThanItRemembers) {
  TokenReader reader{std::string(kSecret)};
  for (int round = 0; round < 2; ++round) {
    for (int account = 0; account < 100; ++account) {
      Grant given;
      given.account = std::to_string(account);
      given.audience = kService;
      given.expires = kNow + std::chrono::seconds(1);
      const auto grant = reader.Check(SignToken(given, kSecret), kService, kNow);
      ASSERT_TRUE(grant);
      EXPECT_EQ(grant->account, given.account);
      EXPECT_LE(reader.held(), 64u);
    }
  }
}

}  // namespace
}  // namespace drydock::simulator
