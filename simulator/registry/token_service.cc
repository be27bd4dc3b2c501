#include "simulator/registry/token_service.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/text.h"
#include "simulator/registry/cdn.h"
#include "simulator/registry/error_code.h"
#include "simulator/registry/route.h"
#include "simulator/registry/token.h"
#include "simulator/registry/traits.h"

namespace drydock::simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFormBytesMax = 65536;
constexpr std::size_t kScopesMax = 64;
constexpr Duration kRefreshLife = std::chrono::hours(24 * 365);
constexpr Duration kUnsaidLife = std::chrono::seconds(60);   // as the specification has it
constexpr std::string_view kPermissionScope = "permission";  // in refresh tokens only

// The parameters of a token request, whether they came in the query or in a form.
struct Form {
  std::optional<std::string> service;
  std::vector<Scope> scopes;
  std::string grant_type;
  std::string refresh_token;
  bool offline = false;  // a refresh token is wanted
  BasicCredentials credentials;
};

Form ReadForm(std::string_view text) {
  Form form;
  for (const std::string& pair : Split(text, '&')) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string name = PercentDecode(std::string_view(pair).substr(0, equals));
    const std::string value =
        PercentDecode(ReplaceAll(pair.substr(std::min(equals + 1, pair.size())), "+", " "));
    if (name == "service") {
      form.service = value;
    } else if (name == "grant_type") {
      form.grant_type = value;
    } else if (name == "refresh_token") {
      form.refresh_token = value;
    } else if ((name == "offline_token" && value == "true") ||
               (name == "access_type" && value == "offline")) {
      form.offline = true;
    } else if (name == "username") {
      form.credentials.name = value;
    } else if (name == "password") {
      form.credentials.password = value;
    } else if (name == "scope") {
      for (const std::string& one : Split(value, ' ')) {
        auto scope = ParseScope(one);
        if (scope && form.scopes.size() < kScopesMax) {
          form.scopes.push_back(std::move(*scope));
        }
      }
    }
  }
  return form;
}

Response Refused(int status, std::string_view details) {
  return JsonAnswer(status, Json{{"details", details}}.dump());
}

std::vector<Scope> LookedAt(std::vector<Scope> scopes, ScopesRead read) {
  if (read == ScopesRead::kNone) {
    return {};
  }
  if (read == ScopesRead::kPull) {
    for (Scope& scope : scopes) {
      std::erase_if(scope.actions, [](const std::string& action) { return action != "pull"; });
    }
  }
  if (read == ScopesRead::kAll || read == ScopesRead::kPull || scopes.empty()) {
    return scopes;
  }
  return {read == ScopesRead::kFirst ? scopes.front() : scopes.back()};
}

// Whether somebody may less than the scopes ask for, whoever's the repositories are.
bool Exceeds(const std::vector<Scope>& scopes, TokenPermission permission) {
  return std::any_of(scopes.begin(), scopes.end(), [&](const Scope& scope) {
    return std::any_of(scope.actions.begin(), scope.actions.end(), [&](const std::string& action) {
      const bool known = action == "pull" || action == "push" || action == "delete";
      return (known || action == "*") && !Reaches(permission, known ? action : "delete");
    });
  });
}

bool IsHubName(std::string_view repository) {
  return std::count(repository.begin(), repository.end(), '/') == 1;
}

}  // namespace

class TokenService::TokenExchange : public Exchange {
 public:
  TokenExchange(TokenService& service, RequestHead head)
      : service_(service), head_(std::move(head)) {
    route_.operation = std::string(kTokenOperation);
  }

  const Route& route() const override { return route_; }
  void Treat(std::shared_ptr<Treatment> treatment) override {
    Personality bent;
    bent.tokens = rule_;
    bent = Bent(bent, treatment->traits);
    rule_ = bent.tokens.value_or(rule_);
  }

  std::optional<Response> Decide() override {
    if (head_.method != "GET" && head_.method != "POST") {
      Response response = Refused(405, "method not allowed");
      response.headers.Add("Allow", "GET, POST");
      return Finished(std::move(response));
    }
    if (head_.content_length.value_or(0) > kFormBytesMax) {
      return Finished(Refused(413, "form too large"));
    }
    return std::nullopt;
  }

  void Receive(std::string_view piece) override {
    too_large_ = too_large_ || form_.size() + piece.size() > kFormBytesMax;
    if (!too_large_) {
      form_.append(piece);
    }
  }

  Response Apply() override { return Finished(Answer()); }

 private:
  Response Answer() {
    if (too_large_) {
      return Refused(413, "form too large");
    }
    const TokenRule& rule = rule_;
    const bool post = head_.method == "POST";
    if (post && !rule.oauth_post) {
      return PlainAnswer(404, "404 page not found\n");
    }
    const Form form = ReadForm(post ? std::string_view(form_) : head_.url.query);
    if (form.service && *form.service != rule.service) {
      return Refused(400, "unknown service");
    }
    const std::vector<Scope> scopes = LookedAt(form.scopes, rule.scopes_read);
    if (post && form.grant_type == "refresh_token" && rule.refresh_tokens) {
      const auto identity = service_.ReadRefreshToken(form.refresh_token);
      return identity ? service_.Issue(rule, *identity, scopes, form.offline)
                      : Refused(401, "invalid refresh token");
    }
    if (post && form.grant_type != "password") {
      return Refused(400, "unsupported grant_type");
    }
    const auto credentials = post ? std::optional(form.credentials)
                                  : ReadBasicCredentials(head_.headers.Get("Authorization"));
    if (!credentials) {
      return service_.Issue(rule, {}, scopes, false);
    }
    return LogIn(*credentials, scopes, form.offline);
  }

  // Wrong passwords count against the name and against the address; while either is locked out the
  // right one is refused too.
  Response LogIn(const BasicCredentials& credentials, const std::vector<Scope>& scopes,
                 bool offline) {
    const auto& lockout = rule_.lockout;
    const TimePoint now = service_.clock_.Now();
    const std::array<std::string, 2> sources = {Concat({"name ", credentials.name}),
                                                Concat({"address ", head_.caller.address})};
    for (const std::string& source : sources) {
      if (lockout && service_.failures_.Used(source, now, lockout->window) >= lockout->count) {
        return Refusal({ApiCode::kTooManyRequests, "", "",
                        "too many failed login attempts for username or IP address"});
      }
    }
    if (const auto identity =
            Identify(service_.options_.accounts, credentials.name, credentials.password)) {
      return service_.Issue(rule_, *identity, scopes, offline);
    }
    for (const std::string& source : sources) {
      service_.failures_.Count(source, now, lockout.value_or(Allowance{}).window);
    }
    return Refused(401, "incorrect username or password");
  }

  static Response Finished(Response response) {
    response.headers.Add("Content-Length", std::to_string(response.body.length().value_or(0)));
    return response;
  }

  TokenService& service_;
  TokenRule rule_ = service_.options_.rule;
  RequestHead head_;
  Route route_;
  std::string form_;
  bool too_large_ = false;
};

TokenService::TokenService(TokenServiceOptions options, const Store& store, Clock& clock, Rng rng)
    : options_(std::move(options)), store_(store), clock_(clock), rng_(rng) {}

std::unique_ptr<Exchange> TokenService::Begin(RequestHead head) {
  return std::make_unique<TokenExchange>(*this, std::move(head));
}

// A token of the same make, for another audience: nothing has to be remembered.
std::string TokenService::RefreshToken(const Identity& identity, TimePoint now) {
  return SignToken({options_.rule.issuer,
                    Concat({options_.rule.service, " refresh"}),
                    identity.account,
                    now,
                    now + kRefreshLife,
                    rng_.Uuid(),
                    {{std::string(kPermissionScope), std::string(Name(identity.permission)), {}}}},
                   options_.secret);
}

std::optional<Identity> TokenService::ReadRefreshToken(std::string_view token) const {
  const auto grant =
      CheckToken(token, options_.secret, Concat({options_.rule.service, " refresh"}), clock_.Now());
  if (!grant || grant->access.empty()) {
    return std::nullopt;
  }
  const auto permission = ParseTokenPermission(grant->access.front().name);
  return permission ? std::optional(Identity{grant->account, *permission}) : std::nullopt;
}

std::vector<std::string> TokenService::Granted(const Identity& identity, const Scope& asked) const {
  if (asked.type != "repository" || !IsHubName(asked.name)) {
    return {};
  }
  const bool is_private = options_.private_repositories.count(asked.name) != 0;
  const bool owner = !identity.account.empty() &&
                     asked.name.substr(0, asked.name.find('/')) == identity.account &&
                     !(is_private && identity.permission == TokenPermission::kPublicRead);
  const bool readable = owner || (store_.HasRepository(asked.name) && !is_private);
  std::vector<std::string> granted;
  for (const std::string_view action : {"pull", "push", "delete"}) {
    const bool wanted =
        std::any_of(asked.actions.begin(), asked.actions.end(),
                    [&](const std::string& one) { return one == action || one == "*"; });
    if (wanted &&
        ((owner && Reaches(identity.permission, action)) || (readable && action == "pull"))) {
      granted.emplace_back(action);
    }
  }
  return granted;
}

Response TokenService::Issue(const TokenRule& rule, const Identity& identity,
                             const std::vector<Scope>& scopes, bool offline) {
  if (rule.excess_refused && Exceeds(scopes, identity.permission)) {
    return Refused(401, "access token has insufficient scopes");
  }
  const TimePoint now = std::chrono::floor<std::chrono::seconds>(clock_.Now());
  const Duration life = rule.says_expiry ? rule.life : std::min(rule.life, kUnsaidLife);
  Grant grant{rule.issuer, rule.service, identity.account, now, now + life, rng_.Uuid(), {}};
  for (const Scope& scope : scopes) {
    auto actions = Granted(identity, scope);
    if (!actions.empty()) {
      grant.access.push_back({scope.type, scope.name, std::move(actions)});
    }
  }
  const std::string token = SignToken(grant, options_.secret);
  Json answer;
  answer["token"] = token;
  answer["access_token"] = token;
  if (rule.says_expiry) {
    answer["expires_in"] = std::chrono::duration_cast<std::chrono::seconds>(rule.life).count();
  }
  answer["issued_at"] = FormatRfc3339(now);
  if (offline && rule.refresh_tokens && !identity.account.empty()) {
    answer["refresh_token"] = RefreshToken(identity, now);
  }
  return JsonAnswer(200, answer.dump());
}

SingleOriginHub::SingleOriginHub(Site& registry, Site* tokens, Site& cdn, std::string token_path)
    : registry_(registry), tokens_(tokens), cdn_(cdn), token_path_(std::move(token_path)) {}

std::unique_ptr<Exchange> SingleOriginHub::Begin(RequestHead head) {
  Site& site = tokens_ != nullptr && head.url.path == token_path_ ? *tokens_
               : head.url.path.starts_with(kCdnPathPrefix)        ? cdn_
                                                                  : registry_;
  return site.Begin(std::move(head));
}

}  // namespace drydock::simulator
