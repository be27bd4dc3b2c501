#include "simulator/registry/authorization.h"

#include <algorithm>
#include <utility>
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

constexpr std::string_view kBasicChallenge = "Basic realm=\"registry\"";

std::string Shouted(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return text;
}

// `parameters` have names in small letters.
std::string Written(std::vector<std::pair<std::string, std::string>> parameters,
                    ChallengeForm form) {
  if (form == ChallengeForm::kReordered) {
    std::reverse(parameters.begin(), parameters.end());
  }
  const bool bare = form == ChallengeForm::kUnquoted;
  std::vector<std::string> texts;
  texts.reserve(parameters.size());
  for (const auto& [name, value] : parameters) {
    // A bare value ends at a comma or a blank, so that some cannot go without quotes.
    const char* quote = bare && value.find_first_of(", ") == std::string::npos ? "" : "\"";
    texts.push_back(Concat(
        {form == ChallengeForm::kUpperCase ? Shouted(name) : name, "=", quote, value, quote}));
  }
  const std::string_view scheme = form == ChallengeForm::kUpperCase   ? "BEARER"
                                  : form == ChallengeForm::kLowerCase ? "bearer"
                                                                      : "Bearer";
  return Concat({form == ChallengeForm::kSeveral ? kBasicChallenge : "",
                 form == ChallengeForm::kSeveral ? ", " : "", scheme, " ", Join(texts, ",")});
}

Response Challenge(const Call& call, const std::vector<Scope>& scopes, std::string_view error) {
  const TokenRule& rule = *call.personality().tokens;
  const std::string realm =
      rule.realm.rfind('/', 0) == 0 ? Concat({call.head.url.Origin(), rule.realm}) : rule.realm;
  std::vector<std::string> texts;
  texts.reserve(scopes.size());
  for (const Scope& scope : scopes) {
    texts.push_back(scope.ToString());
  }
  const ChallengeForm form = call.personality().challenge;
  std::vector<std::pair<std::string, std::string>> parameters = {{"realm", realm}};
  if (form != ChallengeForm::kNoService) {
    parameters.emplace_back("service", rule.service);
  }
  if (!texts.empty() && form != ChallengeForm::kNoScope) {
    parameters.emplace_back("scope", Quotable(Join(texts, " ")));
  }
  if (!error.empty()) {
    parameters.emplace_back("error", error);
  }
  Response response = Refusal({ApiCode::kUnauthorized});
  if (form == ChallengeForm::kTwoFields) {
    response.headers.Add("WWW-Authenticate", kBasicChallenge);
  }
  response.headers.Add("WWW-Authenticate", Written(std::move(parameters), form));
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
    response.headers.Add("WWW-Authenticate", kBasicChallenge);
    return response;
  }
  if (!Reaches(identity->permission, ActionOf(call.route.operation))) {
    return Refusal({ApiCode::kDenied});
  }
  call.grant.account = identity->account;
  return std::nullopt;
}

constexpr std::string_view kBearer = "Bearer ";

std::optional<Grant> GrantOf(const Call& call) {
  const std::string_view header = call.head.headers.Get("Authorization");
  const auto& rule = call.personality().tokens;
  if (!rule || !EqualsIgnoringCase(header.substr(0, kBearer.size()), kBearer)) {
    return std::nullopt;
  }
  return call.state.tokens.Check(
      Trim(header.substr(kBearer.size())), rule->service,
      call.state.clock.Now() + std::chrono::seconds(call.personality().clock_skew));
}

}  // namespace

std::optional<TimePoint> TokenIssued(const Call& call) {
  const auto grant = GrantOf(call);
  return grant ? std::optional(grant->issued) : std::nullopt;
}

std::optional<Response> Authorize(Call& call) {
  if (call.personality().basic) {
    return AuthorizeBasic(call);
  }
  const auto& rule = call.personality().tokens;
  if (!rule) {
    return std::nullopt;
  }
  const std::vector<Scope> scopes = NeededScopes(call);
  const std::string_view header = call.head.headers.Get("Authorization");
  if (!EqualsIgnoringCase(header.substr(0, kBearer.size()), kBearer)) {
    return Challenge(call, scopes, "");
  }
  auto grant = GrantOf(call);
  if (!grant || grant->issued < call.state.revoked_before ||
      (!call.state.revoked_token.empty() && header.ends_with(call.state.revoked_token))) {
    return Challenge(call, scopes, "invalid_token");
  }
  if (!AllowsAll(*grant, scopes)) {
    return Challenge(call, scopes, "insufficient_scope");
  }
  call.grant = std::move(*grant);
  return std::nullopt;
}

}  // namespace drydock::simulator
