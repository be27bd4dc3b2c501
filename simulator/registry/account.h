// Who may log in. Threads: values. Source: Docker Hub's personal access tokens (anchors.md, "Facts
// for the Hub personality"); incident `insufficient-scope-permanent`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drydock::simulator {

// What a personal access token may do at most.
enum class TokenPermission { kPublicRead, kRead, kReadWrite, kReadWriteDelete };

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

struct BasicCredentials {
  std::string name;
  std::string password;
};

// What an Authorization header says; nullopt when it is not of the Basic scheme.
std::optional<BasicCredentials> ReadBasicCredentials(std::string_view header);

}  // namespace drydock::simulator
