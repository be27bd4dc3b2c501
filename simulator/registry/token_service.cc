#include "simulator/registry/token_service.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/text.h"
#include "simulator/registry/error_code.h"
#include "simulator/registry/route.h"
#include "simulator/registry/token.h"

namespace drydock::simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFormBytesMax = 65536;
constexpr std::size_t kScopesMax = 64;

struct Credentials {
  std::string name;
  std::string password;
};

// The parameters of a token request, whether they came in the query or in a form.
struct Form {
  std::optional<std::string> service;
  std::vector<Scope> scopes;
  std::string grant_type;
  Credentials credentials;
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

std::optional<Credentials> ReadBasic(std::string_view header) {
  constexpr std::string_view kScheme = "Basic ";
  if (!EqualsIgnoringCase(header.substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  const std::string decoded = FromBase64(Trim(header.substr(kScheme.size()))).value_or("");
  const std::size_t colon = std::min(decoded.find(':'), decoded.size());
  return Credentials{decoded.substr(0, colon), decoded.substr(std::min(colon + 1, decoded.size()))};
}

Response Refused(int status, std::string_view details) {
  return JsonAnswer(status, Json{{"details", details}}.dump());
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
    const bool post = head_.method == "POST";
    const Form form = ReadForm(post ? std::string_view(form_) : head_.url.query);
    if (form.service && *form.service != service_.options_.rule.service) {
      return Refused(400, "unknown service");
    }
    if (post && form.grant_type != "password") {
      return Refused(400, "unsupported grant_type");
    }
    const auto credentials =
        post ? std::optional(form.credentials) : ReadBasic(head_.headers.Get("Authorization"));
    if (credentials && !service_.Knows(credentials->name, credentials->password)) {
      return Refused(401, "incorrect username or password");
    }
    return service_.Issue(credentials ? credentials->name : "", form.scopes);
  }

  static Response Finished(Response response) {
    response.headers.Add("Content-Length", std::to_string(response.body.length().value_or(0)));
    return response;
  }

  TokenService& service_;
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

bool TokenService::Knows(std::string_view name, std::string_view password) const {
  return std::any_of(
      options_.accounts.begin(), options_.accounts.end(),
      [&](const Account& account) { return account.name == name && account.password == password; });
}

std::vector<std::string> TokenService::Granted(std::string_view account, const Scope& asked) const {
  if (asked.type != "repository" || !IsHubName(asked.name)) {
    return {};
  }
  const bool owner = !account.empty() && asked.name.substr(0, asked.name.find('/')) == account;
  const bool readable = owner || (store_.HasRepository(asked.name) &&
                                  options_.private_repositories.count(asked.name) == 0);
  std::vector<std::string> granted;
  for (const std::string_view action : {"pull", "push", "delete"}) {
    const bool wanted =
        std::any_of(asked.actions.begin(), asked.actions.end(),
                    [&](const std::string& one) { return one == action || one == "*"; });
    if (wanted && (owner || (readable && action == "pull"))) {
      granted.emplace_back(action);
    }
  }
  return granted;
}

Response TokenService::Issue(const std::string& account, const std::vector<Scope>& scopes) {
  const TimePoint now = std::chrono::floor<std::chrono::seconds>(clock_.Now());
  Grant grant{options_.rule.issuer,     options_.rule.service, account, now,
              now + options_.rule.life, rng_.Uuid(),           {}};
  for (const Scope& scope : scopes) {
    auto actions = Granted(account, scope);
    if (!actions.empty()) {
      grant.access.push_back({scope.type, scope.name, std::move(actions)});
    }
  }
  const std::string token = SignToken(grant, options_.secret);
  Json answer;
  answer["token"] = token;
  answer["access_token"] = token;
  answer["expires_in"] =
      std::chrono::duration_cast<std::chrono::seconds>(options_.rule.life).count();
  answer["issued_at"] = FormatRfc3339(now);
  return JsonAnswer(200, answer.dump());
}

SingleOriginHub::SingleOriginHub(Site& registry, Site& tokens, std::string token_path)
    : registry_(registry), tokens_(tokens), token_path_(std::move(token_path)) {}

std::unique_ptr<Exchange> SingleOriginHub::Begin(RequestHead head) {
  Site& site = head.url.path == token_path_ ? tokens_ : registry_;
  return site.Begin(std::move(head));
}

}  // namespace drydock::simulator
