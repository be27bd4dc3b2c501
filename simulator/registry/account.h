// Who may log in and what a login may do: shared by the token service, Basic authentication and the
// Hub's management API. Threads: values and pure functions. Source: Docker Hub's personal access
// tokens (anchors.md, "Facts for the Hub personality"); incident `insufficient-scope-permanent`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drydock::simulator {

// What a personal access token may do at most.
enum class TokenPermission { kPublicRead, kRead, kReadWrite, kReadWriteDelete };

// "public-read", "read", "write", "delete"; nullopt for any other text.
std::string_view Name(TokenPermission permission);
std::optional<TokenPermission> ParseTokenPermission(std::string_view text);
// Whether a permission reaches as far as "pull", "push" or "delete".
bool Reaches(TokenPermission permission, std::string_view action);

// Taken in place of the password.
struct AccessToken {
  std::string token;
  TokenPermission permission = TokenPermission::kReadWriteDelete;
};

// Owns the namespace of its name: may pull, push and delete in "name/…".
struct Account {
  std::string name;
  std::string password;
  std::vector<AccessToken> access_tokens = {};
};

// Whom credentials prove somebody to be. No name: anybody.
struct Identity {
  std::string account;
  TokenPermission permission = TokenPermission::kReadWriteDelete;
};

// nullopt when no account has that name with that password or access token.
std::optional<Identity> Identify(const std::vector<Account>& accounts, std::string_view name,
                                 std::string_view password);

struct BasicCredentials {
  std::string name;
  std::string password;
};

// What an Authorization header says; nullopt when it is not of the Basic scheme.
std::optional<BasicCredentials> ReadBasicCredentials(std::string_view header);

}  // namespace drydock::simulator
