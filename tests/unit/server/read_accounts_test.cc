#include "simulator/server/read_accounts.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace drydock::simulator {
namespace {

TEST(ReadAccounts, ReadsNamesAndPasswords) {
  const auto accounts = ParseAccounts(
      "{ // who may push\n \"accounts\": [{\"name\": \"acme\", \"password\": \"a:b\"},\n"
      "  {\"name\": \"other\", \"password\": \"c\"}] }",
      "accounts.json");
  ASSERT_TRUE(accounts.ok()) << accounts.error().message();
  ASSERT_EQ(2U, accounts->size());
  EXPECT_EQ("acme", (*accounts)[0].name);
  EXPECT_EQ("a:b", (*accounts)[0].password);
}

TEST(ReadAccounts, ReadsAccessTokens) {
  const auto accounts = ParseAccounts(
      R"({"accounts": [{"name": "acme", "password": "p", "access-tokens": [
          {"token": "a", "permission": "public-read"}, {"token": "b", "permission": "read"},
          {"token": "c", "permission": "write"}, {"token": "d", "permission": "delete"}]}]})",
      "accounts.json");
  ASSERT_TRUE(accounts.ok()) << accounts.error().message();
  const std::vector<AccessToken>& tokens = (*accounts)[0].access_tokens;
  ASSERT_EQ(4U, tokens.size());
  EXPECT_EQ("a", tokens[0].token);
  EXPECT_EQ(TokenPermission::kPublicRead, tokens[0].permission);
  EXPECT_EQ(TokenPermission::kRead, tokens[1].permission);
  EXPECT_EQ(TokenPermission::kReadWrite, tokens[2].permission);
  EXPECT_EQ(TokenPermission::kReadWriteDelete, tokens[3].permission);
}

TEST(ReadAccounts, NamesWhatIsWrongButNoPassword) {
  const struct {
    std::string text;
    std::string message;
  } rows[] = {
      {"{}", "f:1: accounts file: missing key \"accounts\""},
      {"{\"accounts\": {}}", "f:1: accounts: expected an array of at most 1000"},
      {"{\"accounts\": [],\n\"users\": []}", "f:2: accounts file: unknown key \"users\""},
      {"{\"accounts\": [\n{\"name\": \"acme\"}]}", "f:2: account: missing key \"password\""},
      {"{\"accounts\": [\n{\"name\": \"acme\", \"password\": 12345}]}",
       "f:2: account: \"password\": expected a string that is not empty"},
      {"{\"accounts\": [\n{\"name\": \"acme\", \"password\": \"\"}]}",
       "f:2: account: \"password\": expected a string that is not empty"},
      {R"({"accounts": [{"name": "a", "password": "p", "access-tokens": {}}]})",
       "f:1: account: \"access-tokens\": expected an array of at most 1000"},
      {R"({"accounts": [{"name": "a", "password": "p", "access-tokens": [{"token": "secret"}]}]})",
       "f:1: access token: missing key \"permission\""},
      {R"({"accounts": [{"name": "a", "password": "p", "access-tokens": [{"token": "secret", )"
       R"("permission": "all"}]}]})",
       "f:1: access token: \"permission\": expected public-read, read, write or delete"},
      {"{\"accounts\": [{\"name\": \"Acme\", \"password\": \"secret\"}]}",
       "f:1: account: \"name\": not the namespace of an account: \"Acme\""},
      {"{\"accounts\": [{\"name\": \"acme/app\", \"password\": \"secret\"}]}",
       "f:1: account: \"name\": not the namespace of an account: \"acme/app\""},
      {"{\"accounts\": [{\"name\": \"a\", \"password\": \"secret\"},\n{\"name\": \"a\", "
       "\"password\": "
       "\"secret\"}]}",
       "f:2: account: name stands twice: \"a\""},
  };
  for (const auto& row : rows) {
    const auto accounts = ParseAccounts(row.text, "f");
    ASSERT_FALSE(accounts.ok()) << row.text;
    EXPECT_EQ(row.message, accounts.error().message().substr(0, row.message.size())) << row.text;
    EXPECT_EQ(std::string::npos, accounts.error().message().find("secret"));
    EXPECT_EQ(std::string::npos, accounts.error().message().find("12345"));
  }
  EXPECT_EQ(ErrorCode::kNotFound, ReadAccountsFile("/nowhere/accounts.json").error().code());
}

}  // namespace
}  // namespace drydock::simulator
