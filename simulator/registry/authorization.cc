#include "simulator/registry/authorization.h"

#include <vector>

#include "core/text.h"
#include "simulator/registry/account.h"
#include "simulator/registry/error_code.h"

namespace drydock::simulator {
namespace {

std::vector<Scope> NeededScopes(const Call& call) {
  const std::string& repository = call.route.repository;
  switch (RowOf(call.route.operation).access) {
    case Access::kNone:
      return {};
    case Access::kPull:
      return {{"repository", repository, {"pull"}}};
    case Access::kDelete:
      return {{"repository", repository, {"delete"}}};
    case Access::kCatalog:
      return {{"registry", "catalog", {"*"}}};
    case Access::kPush:
      break;
  }
  std::vector<Scope> scopes = {{"repository", repository, {"pull", "push"}}};
  if (call.route.operation == Operation::kUploadMount) {
    const std::string from = call.head.url.QueryValue("from").value_or("");
    if (!from.empty() && from != repository) {
      scopes.push_back({"repository", from, {"pull"}});
    }
  }
  return scopes;
}

bool AllowsAll(const Grant& grant, const std::vector<Scope>& scopes) {
  for (const Scope& scope : scopes) {
    for (const std::string& action : scope.actions) {
      if (!grant.Allows(scope.type, scope.name, action)) {
        return false;
      }
    }
  }
  return true;
}

// Quoted strings of a header: what would end or split them is left out.
std::string Quotable(std::string_view text) {
  std::string kept;
  for (const char c : text) {
    if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
      kept += c;
    }
  }
  return kept;
}

Response Challenge(const Call& call, const std::vector<Scope>& scopes, std::string_view error) {
  const TokenRule& rule = *call.state.personality.tokens;
  const std::string realm =
      rule.realm.rfind('/', 0) == 0 ? Concat({call.head.url.Origin(), rule.realm}) : rule.realm;
  std::string challenge = Concat({"Bearer realm=\"", realm, "\",service=\"", rule.service, "\""});
  if (!scopes.empty()) {
    std::vector<std::string> texts;
    texts.reserve(scopes.size());
    for (const Scope& scope : scopes) {
      texts.push_back(scope.ToString());
    }
    challenge += Concat({",scope=\"", Quotable(Join(texts, " ")), "\""});
  }
  if (!error.empty()) {
    challenge += Concat({",error=\"", error, "\""});
  }
  Response response = Refusal({ApiCode::kUnauthorized});
  response.headers.Add("WWW-Authenticate", challenge);
  return response;
}

// What an operation does, in the words of scopes.
std::string_view ActionOf(Operation operation) {
  const Access access = RowOf(operation).access;
  return access == Access::kPush ? "push" : access == Access::kDelete ? "delete" : "pull";
}

// Whoever logs in may do everything, as far as an access token reaches.
std::optional<Response> AuthorizeBasic(Call& call) {
  const auto credentials = ReadBasicCredentials(call.head.headers.Get("Authorization"));
  const auto identity =
      credentials ? Identify(call.state.accounts, credentials->name, credentials->password)
                  : std::nullopt;
  if (!identity) {
    Response response = Refusal({ApiCode::kUnauthorized});
    response.headers.Add("WWW-Authenticate", "Basic realm=\"registry\"");
    return response;
  }
  if (!Reaches(identity->permission, ActionOf(call.route.operation))) {
    return Refusal({ApiCode::kDenied});
  }
  call.grant.account = identity->account;
  return std::nullopt;
}

}  // namespace

std::optional<Response> Authorize(Call& call) {
  if (call.state.personality.basic) {
    return AuthorizeBasic(call);
  }
  const auto& rule = call.state.personality.tokens;
  if (!rule) {
    return std::nullopt;
  }
  const std::vector<Scope> scopes = NeededScopes(call);
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view header = call.head.headers.Get("Authorization");
  if (!EqualsIgnoringCase(header.substr(0, kScheme.size()), kScheme)) {
    return Challenge(call, scopes, "");
  }
  auto grant = CheckToken(Trim(header.substr(kScheme.size())), call.state.token_secret,
                          rule->service, call.state.clock.Now());
  if (!grant) {
    return Challenge(call, scopes, "invalid_token");
  }
  if (!AllowsAll(*grant, scopes)) {
    return Challenge(call, scopes, "insufficient_scope");
  }
  call.grant = std::move(*grant);
  return std::nullopt;
}

}  // namespace drydock::simulator
