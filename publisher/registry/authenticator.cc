#include "publisher/registry/authenticator.h"

#include <algorithm>

#include "core/json.h"
#include "core/text.h"
#include "publisher/registry/sending.h"

namespace drydock::publisher {
namespace {

constexpr std::string_view kBasicForAnyScope = "*";
constexpr std::size_t kTokenAnswerBytesMax = 1u << 20;
constexpr Duration kLifetimeUntold = std::chrono::seconds(60);  // token specification
constexpr Duration kLifetimeMax = std::chrono::hours(24);
constexpr Duration kSpareMax = std::chrono::seconds(30);
constexpr int kRefusalsMax = 2;  // of a login that could write before

std::string HostWithoutPort(const Url& url) {
  const std::size_t bracket = url.host.rfind(']');
  const std::size_t colon = url.host.rfind(':');
  const bool port = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  return ToLower(port ? url.host.substr(0, colon) : url.host);
}

bool IsAddress(std::string_view host) {
  return host.find_first_not_of("0123456789.") == std::string_view::npos ||
         host.find('[') != std::string_view::npos;
}

// "registry.example.com" gives "example.com"; "" when what is left is one that anybody may register
// names under ("com", "co.uk").
std::string_view ParentDomain(std::string_view host) {
  const std::size_t dot = host.find('.');
  const std::string_view parent = dot == std::string_view::npos ? "" : host.substr(dot + 1);
  const std::size_t inner = parent.find('.');
  if (inner == std::string_view::npos) {
    return {};
  }
  const bool public_suffix = inner <= 3 && parent.size() - inner - 1 == 2;
  return public_suffix ? std::string_view() : parent;
}

std::string BasicValue(const Credential& credential) {
  return Concat({"Basic ", Base64(Concat({credential.username, ":", credential.secret}))});
}

Failure Refusal(const Url& url, std::string words, std::string advice) {
  Failure failure;
  failure.answerer = Answerer::kRegistry;
  failure.status = 401;
  failure.url = url.Origin();
  failure.words = std::move(words);
  failure.advice = std::move(advice);
  return failure;
}

}  // namespace

std::string TokenShelf::Find(std::string_view registry, std::string_view scope, Duration now) {
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find({std::string(registry), std::string(scope)});
  return found != tokens_.end() && found->second.expires > now ? found->second.authorization : "";
}

void TokenShelf::Put(std::string_view registry, std::string_view scope, Token token) {
  const std::lock_guard lock(mutex_);
  tokens_[{std::string(registry), std::string(scope)}] = std::move(token);
}

void TokenShelf::Drop(std::string_view registry, std::string_view scope,
                      std::string_view authorization) {
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find({std::string(registry), std::string(scope)});
  if (found != tokens_.end() && found->second.authorization == authorization) {
    tokens_.erase(found);
  }
}

void TokenShelf::NoteWrite(std::string_view registry, std::string_view repository) {
  const std::lock_guard lock(mutex_);
  refusals_[{std::string(registry), std::string(repository)}] = 0;
}

bool TokenShelf::NoteRefusal(std::string_view registry, std::string_view repository) {
  const std::lock_guard lock(mutex_);
  const auto found = refusals_.find({std::string(registry), std::string(repository)});
  return found != refusals_.end() && ++found->second <= kRefusalsMax;
}

Authenticator::Authenticator(Transport& transport, Clock& clock, Credentials credentials,
                             RequestTime time, std::shared_ptr<TokenShelf> shelf)
    : transport_(transport),
      clock_(clock),
      credentials_(std::move(credentials)),
      time_(time),
      shelf_(shelf == nullptr ? std::make_shared<TokenShelf>() : std::move(shelf)) {}

std::string Authenticator::Remembered(std::string_view registry, std::string_view scope) {
  for (const std::string_view key : {scope, kBasicForAnyScope}) {
    std::string authorization = shelf_->Find(registry, key, clock_.Elapsed());
    if (!authorization.empty()) {
      return authorization;
    }
  }
  return "";
}

Outcome<std::string> Authenticator::Answer(std::string_view registry, const Url& registry_origin,
                                           std::string_view scope,
                                           const std::vector<std::string>& challenges) {
  const auto challenge = BestChallenge(challenges);
  if (!challenge) {
    return Refusal(registry_origin, "401 without a Bearer or Basic challenge",
                   "The registry wants a login of a kind that this program does not have.");
  }
  if (challenge->scheme == "bearer") {
    return FetchToken(registry, registry_origin, scope, *challenge);
  }
  const auto login = credentials_.find(registry);
  if (login == credentials_.end()) {
    return Refusal(registry_origin, "login required",
                   Concat({"Log in first (docker login ", registry, ")."}));
  }
  const std::string authorization = BasicValue(login->second);
  shelf_->Put(registry, kBasicForAnyScope, {authorization, kNoDeadline});
  return authorization;
}

void Authenticator::Forget(std::string_view registry, std::string_view scope,
                           std::string_view authorization) {
  shelf_->Drop(registry, scope, authorization);
  shelf_->Drop(registry, kBasicForAnyScope, authorization);
}

Outcome<std::string> Authenticator::FetchToken(std::string_view registry,
                                               const Url& registry_origin, std::string_view scope,
                                               const Challenge& challenge) {
  auto realm = registry_origin.Resolve(challenge.Get("realm"));
  if (!realm) {
    return Refusal(registry_origin, realm.error().At("realm").message(),
                   "The registry names no usable token service.");
  }
  const Url service = *realm;
  if (!challenge.Get("service").empty()) {
    realm->AddQuery("service", challenge.Get("service"));
  }
  const std::string_view wanted = scope.empty() ? challenge.Get("scope") : scope;
  for (const std::string& one : Split(wanted, ' ')) {
    if (!one.empty()) {
      realm->AddQuery("scope", one);
    }
  }
  Headers headers = {{"Accept", "application/json"}, {"User-Agent", std::string(kUserAgent)}};
  if (const auto login = credentials_.find(registry); login != credentials_.end()) {
    if (!MaySendPassword(registry_origin, service)) {
      return Refusal(registry_origin,
                     Concat({"the registry sends its logins to another place: ", service.Origin()}),
                     "The password was not sent there; find out whether the answer was the "
                     "registry's own.");
    }
    headers.Add("Authorization", BasicValue(login->second));
  }
  const Duration asked = clock_.Elapsed();
  auto response = SendOnTrust(
      transport_,
      [&] {
        return Request{"GET", *realm, headers, {}};
      },
      time_.From(asked));
  if (!response) {
    return ClassifyLoss("GET", realm->ToString(), response.error());
  }
  auto body = ReadAll(response->body, kTokenAnswerBytesMax);
  if (response->status != 200) {
    return ClassifyTokenAnswer({"GET", realm->ToString(), response->status, response->headers,
                                body ? *body : std::string()},
                               clock_.Now());
  }
  if (!body) {
    return ClassifyLoss("GET", realm->ToString(), body.error());
  }
  return KeepToken(registry, scope, service, *body, asked);
}

Outcome<std::string> Authenticator::KeepToken(std::string_view registry, std::string_view scope,
                                              const Url& service, std::string_view body,
                                              Duration asked) {
  const auto answer = json::Parse(body, "token");
  std::string_view token;
  if (answer) {
    token = answer->Text("token").empty() ? answer->Text("access_token") : answer->Text("token");
  }
  const bool usable = std::all_of(token.begin(), token.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && static_cast<unsigned char>(c) < 0x7f;
  });
  if (token.empty() || !usable) {
    Failure failure = ClassifyTokenAnswer({"GET", service.ToString(), 200, {}, ""}, clock_.Now());
    failure.words = "the answer holds no token";
    return failure;
  }
  Duration lifetime = kLifetimeUntold;
  const json::Value* expires_in = answer->Find("expires_in");
  const auto seconds = expires_in == nullptr ? std::nullopt : expires_in->as_integer();
  if (seconds && *seconds > 0) {
    lifetime = std::chrono::seconds(std::min<std::int64_t>(
        *seconds, std::chrono::duration_cast<std::chrono::seconds>(kLifetimeMax).count()));
  }
  const Duration spare = std::min(kSpareMax, lifetime / 5);
  const std::string authorization = Concat({"Bearer ", token});
  shelf_->Put(registry, scope, {authorization, asked + lifetime - spare});
  return authorization;
}

bool MaySendPassword(const Url& registry_origin, const Url& realm) {
  if (realm.scheme != "https" && registry_origin.scheme == "https") {
    return false;
  }
  const std::string registry = HostWithoutPort(registry_origin);
  const std::string service = HostWithoutPort(realm);
  if (registry == service) {
    return true;
  }
  if (IsAddress(registry) || IsAddress(service)) {
    return false;
  }
  const std::string_view parent = ParentDomain(registry);
  // "registry.gitlab.com" sends its logins to "gitlab.com" itself.
  return !parent.empty() && (service == parent || ParentDomain(service) == parent);
}

}  // namespace drydock::publisher
