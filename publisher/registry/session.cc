#include "publisher/registry/session.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr int kRedirectsMax = 5;
constexpr int kFreshTokensMax = 2;  // for one request
constexpr std::size_t kFailureBytesMax = 64u << 10;

std::string ScopeOf(std::string_view method, std::string_view repository) {
  const bool read = method == "GET" || method == "HEAD";
  return Concat({"repository:", repository, read ? ":pull" : ":pull,push"});
}

bool IsLoopback(std::string_view registry) {
  const std::string_view host = registry.starts_with('[')
                                    ? registry.substr(0, registry.find(']') + 1)
                                    : registry.substr(0, registry.find(':'));
  const bool address = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" || (address && host.starts_with("127."));
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
Beginning ReadBeginning(Body& body, std::size_t bytes_max) {
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
                                 std::set<std::string> plain_http, Duration request_deadline)
    : transport_(transport),
      clock_(clock),
      plain_http_(std::move(plain_http)),
      request_deadline_(request_deadline),
      authenticator_(transport, clock, std::move(credentials), request_deadline) {}

Outcome<RegistryAnswer> RegistrySession::SendPlainly(std::string_view method, const Url& url,
                                                     const Headers& headers,
                                                     std::string_view body) {
  Request request;
  request.method = std::string(method);
  request.url = url;
  request.headers = headers;
  request.headers.Set("User-Agent", kUserAgent);
  request.body = Body::FromString(std::string(body));
  auto response = transport_.Send(std::move(request), clock_.Elapsed() + request_deadline_);
  if (!response) {
    return ClassifyLoss(method, url.ToString(), response.error());
  }
  const bool success = response->status >= 200 && response->status < 300;
  auto beginning = ReadBeginning(response->body, success ? kAnswerBytesMax : kFailureBytesMax);
  const bool cancelled = beginning.error && beginning.error->code() == ErrorCode::kCancelled;
  if (cancelled || (beginning.error && success && method == "GET")) {
    return ClassifyLoss(method, url.ToString(), *beginning.error);
  }
  RegistryAnswer answer;
  answer.seen = {std::string(method), url.ToString(), response->status,
                 std::move(response->headers), std::move(beginning.bytes)};
  answer.whole = beginning.whole;
  return answer;
}

// Follows the redirects of a read; the login stays behind at the registry's own origin.
Outcome<RegistryAnswer> RegistrySession::Follow(std::string_view method, Url url, Headers headers,
                                                std::string_view body) {
  const std::string origin = url.Origin();
  for (int redirects = 0;; ++redirects) {
    auto asked = SendPlainly(method, url, headers, body);
    if (asked) {
      asked->home = url.Origin() == origin;
    }
    const bool read = method == "GET" || method == "HEAD";
    if (!asked || !IsRedirect(asked->seen.status) || !read || redirects == kRedirectsMax) {
      return asked;
    }
    const auto target = url.Resolve(asked->seen.headers.Get("Location"));
    const bool downgrade = target.ok() && url.scheme == "https" && target->scheme != "https";
    if (!target || downgrade || !asked->seen.headers.Has("Location")) {
      return asked;
    }
    url = *target;
    if (url.Origin() != origin) {
      headers.Remove("Authorization");
    }
  }
}

Outcome<RegistryAnswer> RegistrySession::Send(std::string_view method,
                                              const ImageReference& reference,
                                              std::string_view path, const Headers& headers,
                                              std::string_view body) {
  const std::string& registry = reference.registry;
  const std::string scope = ScopeOf(method, reference.repository);
  Url url = RegistryOrigin(registry, plain_http_);
  const Url origin = url;
  url.path = std::string(path);
  std::string authorization = authenticator_.Remembered(registry, scope);
  for (int fresh = 0;; ++fresh) {
    Headers sent = headers;
    if (!authorization.empty()) {
      sent.Set("Authorization", authorization);
    }
    auto asked = Follow(method, url, sent, body);
    if (!asked || asked->seen.status != 401 || !asked->home) {
      return asked;
    }
    Failure refused = ClassifyAnswer(asked->seen, clock_.Now());
    const bool password_refused = authorization.starts_with("Basic ");
    const bool scope_refused = !authorization.empty() && refused.next == NextMove::kStop;
    if (password_refused || scope_refused || fresh == kFreshTokensMax) {
      refused.persistence = Persistence::kDeterministic;
      refused.next = NextMove::kStop;
      refused.advice = scope_refused ? refused.advice
                                     : "Check the login; if it is right, the registry's login "
                                       "service is out of order and the run can be resumed later.";
      authenticator_.Forget(registry, scope);
      return refused;
    }
    const auto challenges = asked->seen.headers.All("WWW-Authenticate");
    if (!BestChallenge(challenges)) {
      return refused;
    }
    authenticator_.Forget(registry, scope);
    auto answered = authenticator_.Answer(registry, origin, scope, challenges);
    if (!answered) {
      return answered.failure();
    }
    authorization = answered.value();
  }
}

Url RegistryOrigin(std::string_view registry, const std::set<std::string>& plain_http) {
  Url url;
  const bool plain = plain_http.count(std::string(registry)) > 0 || IsLoopback(registry);
  url.scheme = plain ? "http" : "https";
  url.host = registry == "docker.io" ? "registry-1.docker.io" : std::string(registry);
  return url;
}

}  // namespace drydock::publisher
