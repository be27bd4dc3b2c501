#include "simulator/registry/account.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::array<std::string_view, 4> kPermissions = {"public-read", "read", "write", "delete"};

}  // namespace

std::string_view Name(TokenPermission permission) {
  return kPermissions[static_cast<std::size_t>(permission)];
}

std::optional<TokenPermission> ParseTokenPermission(std::string_view text) {
  const auto found = std::find(kPermissions.begin(), kPermissions.end(), text);
  return found == kPermissions.end()
             ? std::nullopt
             : std::optional(static_cast<TokenPermission>(found - kPermissions.begin()));
}

bool Reaches(TokenPermission permission, std::string_view action) {
  return action == "pull" || (action == "push" && permission >= TokenPermission::kReadWrite) ||
         (action == "delete" && permission == TokenPermission::kReadWriteDelete);
}

std::optional<Identity> Identify(const std::vector<Account>& accounts, std::string_view name,
                                 std::string_view password) {
  for (const Account& account : accounts) {
    if (account.name != name) {
      continue;
    }
    if (account.password == password) {
      return Identity{account.name, TokenPermission::kReadWriteDelete};
    }
    for (const AccessToken& token : account.access_tokens) {
      if (token.token == password) {
        return Identity{account.name, token.permission};
      }
    }
  }
  return std::nullopt;
}

std::optional<BasicCredentials> ReadBasicCredentials(std::string_view header) {
  constexpr std::string_view kScheme = "Basic ";
  if (!EqualsIgnoringCase(header.substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  const std::string decoded = FromBase64(Trim(header.substr(kScheme.size()))).value_or("");
  const std::size_t colon = std::min(decoded.find(':'), decoded.size());
  return BasicCredentials{decoded.substr(0, colon),
                          decoded.substr(std::min(colon + 1, decoded.size()))};
}

}  // namespace drydock::simulator
