#include "simulator/buildkit/authorizer.h"

#include <algorithm>
#include <set>

#include "core/json.h"
#include "core/text.h"
#include "simulator/buildkit/registry_host.h"

namespace drydock::simulator::buildkit {
namespace {

constexpr std::size_t kTokenBytesMax = 1u << 20;
constexpr std::chrono::seconds kDefaultLifetime{60};
constexpr int kFlightTurns = 32;
constexpr std::chrono::milliseconds kFlightPoll{1};

// Go's url.QueryEscape.
std::string QueryEscape(std::string_view text) {
  return ReplaceAll(PercentEncode(text), "%20", "+");
}

// {"repository:app/one", {"pull", "push"}} for "repository:app/one:pull,push".
std::pair<std::string, std::set<std::string>> SplitScope(const std::string& scope) {
  const std::size_t colon = scope.rfind(':');
  std::set<std::string> actions;
  for (std::string& action : Split(std::string_view(scope).substr(colon + 1), ',')) {
    actions.insert(std::move(action));
  }
  return {scope.substr(0, colon), std::move(actions)};
}

// Whether everything `wanted` asks for was part of `held`.
bool Covers(const Scopes& held, const Scopes& wanted) { return MergedScopes(held, wanted) == held; }

}  // namespace

Scopes MergedScopes(const Scopes& a, const Scopes& b) {
  std::map<std::string, std::set<std::string>> merged;
  for (const Scopes* scopes : {&a, &b}) {
    for (const std::string& scope : *scopes) {
      auto [resource, actions] = SplitScope(scope);
      merged[resource].merge(actions);
    }
  }
  Scopes result;
  for (const auto& [resource, actions] : merged) {
    result.push_back(Concat(
        {resource, ":", Join(std::vector<std::string>(actions.begin(), actions.end()), ",")}));
  }
  return result;
}

Authorizer::Authorizer(World& world, Transport& transport, std::optional<RegistryLogin> login,
                       OnToken on_token)
    : world_(world),
      transport_(transport),
      login_(std::move(login)),
      on_token_(std::move(on_token)) {}

std::optional<Authorizer::Challenge> Authorizer::ParseChallenge(const std::string& value) {
  const std::size_t blank = value.find(' ');
  const std::string scheme = ToLower(std::string_view(value).substr(0, blank));
  if (scheme != "basic" && scheme != "bearer") {
    return std::nullopt;
  }
  Challenge challenge;
  challenge.basic = scheme == "basic";
  std::size_t at = std::min(blank, value.size());
  while (at < value.size()) {
    const std::size_t equals = value.find('=', at);
    if (equals == std::string::npos) {
      break;
    }
    const std::size_t name_at = value.find_first_not_of(" ,", at);
    const std::string name = ToLower(std::string_view(value).substr(name_at, equals - name_at));
    const bool quoted = equals + 1 < value.size() && value[equals + 1] == '"';
    const std::size_t first = equals + (quoted ? 2 : 1);
    const std::size_t last = std::min(value.find(quoted ? '"' : ',', first), value.size());
    const std::string text = value.substr(first, last - first);
    if (name == "realm") {
      challenge.realm = text;
    } else if (name == "service") {
      challenge.service = text;
    } else if (name == "error") {
      challenge.error = text;
    } else if (name == "scope" && !text.empty()) {
      challenge.scopes = MergedScopes(Split(text, ' '), {});
    }
    at = last + 1;
  }
  return challenge;
}

Status Authorizer::TakeChallenge(const Response& refused, bool repeated) {
  for (const std::string& value : refused.headers.All("WWW-Authenticate")) {
    auto parsed = ParseChallenge(value);
    if (!parsed) {
      continue;
    }
    const bool refused_again = !parsed->error.empty() && repeated;
    const bool pointless = refused_again && challenge_ != nullptr &&
                           parsed->error == "insufficient_scope" &&
                           Covers(challenge_->scopes, parsed->scopes);
    if (pointless) {
      return Error(ErrorCode::kDenied,
                   Concat({"server message: ", parsed->error, ": authorization failed"}));
    }
    if (challenge_ == nullptr || refused_again) {
      challenge_ = std::make_shared<Challenge>(std::move(*parsed));
    }
    return Ok{};
  }
  return Ok{};
}

Status Authorizer::Authorize(Headers& headers, const Scopes& scopes) {
  const std::shared_ptr<Challenge> challenge = challenge_;
  if (challenge == nullptr) {
    return Ok{};
  }
  if (challenge->basic) {
    if (!login_) {
      return Error(ErrorCode::kDenied, "no basic auth credentials");
    }
    headers.Add("Authorization",
                "Basic " + Base64(Concat({login_->username, ":", login_->password})));
    return Ok{};
  }
  const Scopes wanted = MergedScopes(scopes, challenge->scopes);
  Token& token = challenge->tokens[Join(wanted, " ")];
  if (token.in_flight) {
    if (Status landed = AwaitFlight(token); !landed) {
      return landed;
    }
    if (token.failure) {
      return *token.failure;
    }
  }
  if (token.text.empty() || token.expires <= world_.clock().Now()) {
    token.in_flight = true;
    Result<Token> fetched = FetchToken(*challenge, wanted);
    token.in_flight = false;
    if (!fetched) {
      token.failure = fetched.error();
      return fetched.error();
    }
    token = std::move(*fetched);
  }
  headers.Add("Authorization", "Bearer " + token.text);
  return Ok{};
}

// One fetch serves all actors that want the same scopes. A flight that takes no virtual time is
// over after a few turns; only then time has to pass.
Status Authorizer::AwaitFlight(const Token& token) {
  for (int polls = 0; token.in_flight; ++polls) {
    Status waited = polls < kFlightTurns ? world_.Yield() : world_.clock().SleepFor(kFlightPoll);
    if (!waited) {
      return waited;
    }
  }
  return Ok{};
}

Result<Authorizer::Token> Authorizer::FetchToken(const Challenge& challenge, const Scopes& scopes) {
  const Result<Url> realm = Url::Parse(challenge.realm);
  if (!realm) {
    return Error(ErrorCode::kDenied, Concat({"invalid token realm: ", challenge.realm}));
  }
  on_token_(realm->host, scopes);
  Request get;
  get.url = *realm;
  for (const std::string& scope : scopes) {
    get.url.query += Concat({get.url.query.empty() ? "" : "&", "scope=", QueryEscape(scope)});
  }
  get.url.query += Concat({"&service=", QueryEscape(challenge.service)});
  get.headers.Add("User-Agent", kContainerdAgent);
  if (!login_) {
    get.headers.Add("Accept-Encoding", "gzip");
    get.headers.Add("Connection", "close");
    Result<Token> token = AskForToken(std::move(get));
    return token ? std::move(token) : token.error().At("failed to fetch anonymous token");
  }
  Request post;
  post.method = "POST";
  post.url = *realm;
  post.headers = {{"User-Agent", std::string(kContainerdAgent)},
                  {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                  {"Accept-Encoding", "gzip"},
                  {"Connection", "close"}};
  post.body = Body::FromString(Concat(
      {"client_id=buildkit-client&grant_type=password&password=", QueryEscape(login_->password),
       "&scope=", QueryEscape(Join(scopes, " ")), "&service=", QueryEscape(challenge.service),
       "&username=", QueryEscape(login_->username)}));
  Result<Token> token = AskForToken(std::move(post));
  // Registries without the OAuth form answer 404, 405 or 401; then the older GET is tried.
  if (!token && token.error().code() == ErrorCode::kNotFound) {
    get.headers.Add("Authorization",
                    "Basic " + Base64(Concat({login_->username, ":", login_->password})));
    get.headers.Add("Accept-Encoding", "gzip");
    get.headers.Add("Connection", "close");
    token = AskForToken(std::move(get));
  }
  return token ? std::move(token) : token.error().At("failed to fetch oauth token");
}

Result<Authorizer::Token> Authorizer::AskForToken(Request request) {
  const std::string method = request.method;
  const std::string url = request.url.ToString();
  Result<Response> answer = transport_.Send(std::move(request), kNoDeadline);
  if (!answer) {
    return RequestFailure(answer.error(), method, url, /*body_sent=*/true);
  }
  Result<std::string> text = ReadAll(answer->body, kTokenBytesMax);
  if (answer->status < 200 || answer->status > 299) {
    const bool other_way = answer->status == 404 || answer->status == 405 || answer->status == 401;
    return Error(other_way ? ErrorCode::kNotFound : ErrorCode::kDenied,
                 Concat({"unexpected status from ", method, " request to ", url, ": ",
                         StatusText(*answer)}));
  }
  const auto parsed = json::Parse(text ? std::string_view(*text) : std::string_view(), "token");
  Token token;
  if (parsed) {
    const std::string_view access = parsed->Text("access_token");
    token.text = access.empty() ? parsed->Text("token") : access;
  }
  if (token.text.empty()) {
    return Error(ErrorCode::kDenied,
                 "authorization server did not include a token in the response");
  }
  const json::Value* lifetime = parsed->Find("expires_in");
  const auto seconds = lifetime == nullptr ? std::nullopt : lifetime->as_integer();
  token.expires = world_.clock().Now() +
                  (seconds && *seconds > 0 ? std::chrono::seconds(*seconds) : kDefaultLifetime);
  return token;
}

}  // namespace drydock::simulator::buildkit
