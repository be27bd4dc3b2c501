#include "simulator/server/read_accounts.h"

#include <set>

#include "core/json.h"
#include "core/reference.h"
#include "core/text.h"

namespace drydock::simulator {
namespace {

// A secret; not through Read, since what that says about a wrong value repeats the value.
void ReadSecret(json::ObjectReader& reader, std::string_view key, std::string& into) {
  if (const json::Value* value = reader.Required(key)) {
    const std::string* text = value->as_string();
    if (text == nullptr || text->empty()) {
      reader.Fail(key, "expected a string that is not empty");
    } else {
      into = *text;
    }
  }
}

AccessToken ReadAccessToken(json::Source& source, const json::Value& value) {
  AccessToken token;
  json::ObjectReader reader(source, value, "access token");
  ReadSecret(reader, "token", token.token);
  std::string permission;
  if (reader.Require("permission", permission)) {
    if (const auto known = ParseTokenPermission(permission)) {
      token.permission = *known;
    } else {
      reader.Fail("permission", Concat({"expected public-read, read, write or delete, not \"",
                                        permission, "\""}));
    }
  }
  reader.Finish();
  return token;
}

void ReadAccessTokens(json::Source& source, json::ObjectReader& reader, Account& account) {
  const json::Value* list = reader.Optional("access-tokens");
  if (list == nullptr) {
    return;
  }
  const json::Value::Array* entries = list->as_array();
  if (entries == nullptr || entries->size() > kAccountsMax) {
    reader.Fail("access-tokens",
                Concat({"expected an array of at most ", std::to_string(kAccountsMax)}));
    return;
  }
  for (const json::Value& entry : *entries) {
    account.access_tokens.push_back(ReadAccessToken(source, entry));
  }
}

Account ReadAccount(json::Source& source, const json::Value& value) {
  Account account;
  json::ObjectReader reader(source, value, "account");
  if (reader.Require("name", account.name) &&
      (!IsRepositoryName(account.name) || account.name.find('/') != std::string::npos)) {
    reader.Fail("name", Concat({"not the namespace of an account: \"", account.name, "\""}));
  }
  ReadSecret(reader, "password", account.password);
  ReadAccessTokens(source, reader, account);
  reader.Finish();
  return account;
}

Result<std::vector<Account>> ReadAccounts(const json::Value& document, const std::string& path) {
  json::Source source(path);
  std::vector<Account> accounts;
  json::ObjectReader reader(source, document, "accounts file");
  if (const json::Value* list = reader.Required("accounts")) {
    accounts = ReadAccountList(source, *list);
  }
  reader.Finish();
  if (!source.ok()) {
    return source.status().error();
  }
  return accounts;
}

}  // namespace

std::vector<Account> ReadAccountList(json::Source& source, const json::Value& list) {
  const json::Value::Array* entries = list.as_array();
  if (entries == nullptr || entries->size() > kAccountsMax) {
    source.Fail(list.line(),
                Concat({"accounts: expected an array of at most ", std::to_string(kAccountsMax)}));
    return {};
  }
  std::vector<Account> accounts;
  std::set<std::string, std::less<>> names;
  for (const json::Value& entry : *entries) {
    accounts.push_back(ReadAccount(source, entry));
    if (!names.insert(accounts.back().name).second) {
      source.Fail(entry.line(),
                  Concat({"account: name stands twice: \"", accounts.back().name, "\""}));
    }
  }
  return accounts;
}

Result<std::vector<Account>> ParseAccounts(std::string_view text, const std::string& path) {
  const Result<json::Value> document = json::Parse(text, path, {.comments = true});
  return document ? ReadAccounts(*document, path) : document.error();
}

Result<std::vector<Account>> ReadAccountsFile(const std::string& path) {
  const Result<json::Value> document = json::ParseFile(path);
  return document ? ReadAccounts(*document, path) : document.error();
}

}  // namespace drydock::simulator
