#include "publisher/registry/session.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "core/text.h"
#include "publisher/registry/sending.h"

namespace drydock::publisher {
namespace {

constexpr int kRedirectsMax = 5;
constexpr int kFreshTokensMax = 2;  // for one request
constexpr std::size_t kFailureBytesMax = 64u << 10;

std::string ScopeOf(const Outgoing& outgoing) {
  const bool read = outgoing.method == "GET" || outgoing.method == "HEAD";
  std::string scope = Concat({"repository:", outgoing.reference.repository,
                              read && !outgoing.will_push ? ":pull" : ":pull,push"});
  return outgoing.pull_from.empty() ? scope
                                    : Concat({scope, " repository:", outgoing.pull_from, ":pull"});
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Up to `bytes_max` of a body; what follows is dropped. An error leaves what came before it.
struct Beginning {
  std::string bytes;
  bool whole = true;
  std::optional<Error> error;
};
Beginning ReadBeginning(Body& body, std::size_t bytes_max, const BodyReceiver& into) {
  Beginning beginning;
  std::array<char, 16384> piece{};
  while (true) {
    const auto size = body.Read(piece);
    if (!size) {
      beginning.error = size.error();
      return beginning;
    }
    if (*size == 0) {
      return beginning;
    }
    if (into) {
      into({piece.data(), *size});
      continue;
    }
    const std::size_t room = bytes_max - beginning.bytes.size();
    beginning.bytes.append(piece.data(), std::min(*size, room));
    if (*size > room) {
      beginning.whole = false;
      return beginning;
    }
  }
}

}  // namespace

RegistrySession::RegistrySession(Transport& transport, Clock& clock, Credentials credentials,
                                 std::set<std::string> plain_http, RequestTime time,
                                 std::shared_ptr<TokenShelf> tokens)
    : transport_(transport),
      clock_(clock),
      plain_http_(std::move(plain_http)),
      time_(time),
      authenticator_(transport, clock, std::move(credentials), time, std::move(tokens)) {}

Url RegistrySession::Origin(const ImageReference& reference) const {
  return RegistryOrigin(reference.registry, plain_http_);
}

Outcome<RegistryAnswer> RegistrySession::SendPlainly(const Outgoing& outgoing) {
  return SendTo(outgoing, outgoing.url, outgoing.headers);
}

Outcome<RegistryAnswer> RegistrySession::SendTo(const Outgoing& outgoing, const Url& url,
                                                const Headers& headers) {
  const std::string_view method = outgoing.method;
  std::optional<Error> no_body;
  const auto make = [&]() -> Result<Request> {
    Request request;
    request.method = std::string(method);
    request.url = url;
    request.headers = headers;
    request.headers.Set("User-Agent", kUserAgent);
    if (outgoing.body) {
      auto body = outgoing.body();
      if (!body) {
        no_body = body.error();
        return *no_body;
      }
      request.body = std::move(*body);
    }
    return request;
  };
  auto response = SendOnTrust(transport_, make, time_.From(clock_.Elapsed(), outgoing.patience));
  if (no_body) {
    return LocalFailure(no_body->message());
  }
  if (!response) {
    return ClassifyLoss(method, url.ToString(), response.error(), outgoing.route);
  }
  const bool success = response->status >= 200 && response->status < 300;
  auto beginning = ReadBeginning(response->body, success ? kAnswerBytesMax : kFailureBytesMax,
                                 success ? outgoing.into : BodyReceiver());
  const bool cancelled = beginning.error && beginning.error->code() == ErrorCode::kCancelled;
  if (cancelled || (beginning.error && success && method == "GET")) {
    return ClassifyLoss(method, url.ToString(), *beginning.error, outgoing.route);
  }
  RegistryAnswer answer;
  answer.seen = {std::string(method),        url.ToString(),
                 response->status,           std::move(response->headers),
                 std::move(beginning.bytes), outgoing.route};
  answer.whole = beginning.whole;
  return answer;
}

// Follows the redirects of a read; the login stays behind at the registry's own origin.
Outcome<RegistryAnswer> RegistrySession::Follow(const Outgoing& outgoing,
                                                const std::string& authorization) {
  const std::string origin = Origin(outgoing.reference).Origin();
  Url url = outgoing.url;
  for (int redirects = 0;; ++redirects) {
    Headers headers = outgoing.headers;
    if (!authorization.empty() && url.Origin() == origin) {
      headers.Set("Authorization", authorization);
    }
    auto asked = SendTo(outgoing, url, headers);
    if (asked) {
      asked->home = url.Origin() == origin;
    }
    const bool read = outgoing.method == "GET" || outgoing.method == "HEAD";
    if (!asked || !IsRedirect(asked->seen.status) || !read || redirects == kRedirectsMax) {
      return asked;
    }
    const auto target = url.Resolve(asked->seen.headers.Get("Location"));
    const bool downgrade = target.ok() && url.scheme == "https" && target->scheme != "https";
    if (!target || downgrade || !asked->seen.headers.Has("Location")) {
      return asked;
    }
    url = *target;
  }
}

Outcome<RegistryAnswer> RegistrySession::Send(std::string_view method,
                                              const ImageReference& reference,
                                              std::string_view path, const Headers& headers,
                                              std::string_view body) {
  Url url = Origin(reference);
  url.path = std::string(path);
  BodySource source;
  if (!body.empty()) {
    source = [body]() -> Result<Body> { return Body::FromString(std::string(body)); };
  }
  return Send({.method = method,
               .reference = reference,
               .url = std::move(url),
               .headers = headers,
               .body = std::move(source)});
}

// A login that wrote and is refused now may be a registry's flake: a fresh token for the next try.
void RegistrySession::NoteStanding(const Outgoing& outgoing, std::string_view scope,
                                   std::string_view authorization, RegistryAnswer& asked) {
  const auto& [registry, repository] =
      std::tie(outgoing.reference.registry, outgoing.reference.repository);
  if (asked.seen.status == 201) {
    authenticator_.shelf().NoteWrite(registry, repository);
  } else if (asked.seen.status == 403 && outgoing.route != Route::kMount) {
    asked.seen.wrote_before = authenticator_.shelf().NoteRefusal(registry, repository);
    if (asked.seen.wrote_before) {
      authenticator_.Forget(registry, scope, authorization);
    }
  }
}

Outcome<RegistryAnswer> RegistrySession::Send(const Outgoing& outgoing) {
  const std::string& registry = outgoing.reference.registry;
  const std::string scope = ScopeOf(outgoing);
  std::string authorization = authenticator_.Remembered(registry, scope);
  for (int fresh = 0;; ++fresh) {
    auto asked = Follow(outgoing, authorization);
    if (asked && asked->home) {
      NoteStanding(outgoing, scope, authorization, asked.value());
    }
    if (!asked || asked->seen.status != 401 || !asked->home) {
      return asked;
    }
    Failure refused = ClassifyAnswer(asked->seen, clock_.Now());
    const bool password_refused = authorization.starts_with("Basic ");
    const bool final = refused.next == NextMove::kStop || refused.next == NextMove::kFallBack;
    const bool scope_refused = !authorization.empty() && final;
    if (password_refused || scope_refused || fresh == kFreshTokensMax) {
      refused.persistence = Persistence::kDeterministic;
      refused.next = refused.next == NextMove::kFallBack ? NextMove::kFallBack : NextMove::kStop;
      refused.advice = scope_refused ? refused.advice
                                     : "Check the login; if it is right, the registry's login "
                                       "service is out of order and the run can be resumed later.";
      authenticator_.Forget(registry, scope, authorization);
      return refused;
    }
    const auto challenges = asked->seen.headers.All("WWW-Authenticate");
    if (!BestChallenge(challenges)) {
      return refused;
    }
    authenticator_.Forget(registry, scope, authorization);
    // Another thread may have been through this already.
    std::string newer = authenticator_.Remembered(registry, scope);
    if (!newer.empty()) {
      authorization = std::move(newer);
      continue;
    }
    auto answered = authenticator_.Answer(registry, Origin(outgoing.reference), scope, challenges);
    if (!answered) {
      return answered.failure();
    }
    authorization = answered.value();
  }
}

bool IsLoopbackRegistry(std::string_view registry) {
  const std::string_view host = registry.starts_with('[')
                                    ? registry.substr(0, registry.find(']') + 1)
                                    : registry.substr(0, registry.find(':'));
  const bool address = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" || (address && host.starts_with("127."));
}

Outcome<std::string> RegistrySession::LogIn(const ImageReference& reference,
                                            const std::vector<std::string>& challenges) {
  return authenticator_.Answer(reference.registry, Origin(reference),
                               Concat({"repository:", reference.repository, ":pull,push"}),
                               challenges);
}

Url RegistryOrigin(std::string_view registry, const std::set<std::string>& plain_http) {
  Url url;
  url.scheme = plain_http.count(std::string(registry)) > 0 ? "http" : "https";
  url.host = registry == "docker.io" ? "registry-1.docker.io" : std::string(registry);
  return url;
}

}  // namespace drydock::publisher
