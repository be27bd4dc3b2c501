#include "simulator/buildkit/registry_host.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "simulator/world/go_words.h"

namespace drydock::simulator::buildkit {
namespace {

constexpr int kRequestsMax = 6;
constexpr int kRedirectsMax = 10;

// Reads a shared text and notes whether it was read to its end.
class WatchedBody : public BodyReader {
 public:
  WatchedBody(std::shared_ptr<const std::string> text, std::shared_ptr<bool> complete)
      : text_(std::move(text)), complete_(std::move(complete)) {
    *complete_ = text_->empty();
  }
  Result<std::size_t> Read(std::span<char> into) override {
    const std::size_t count = std::min(into.size(), text_->size() - at_);
    std::copy_n(text_->data() + at_, count, into.data());
    at_ += count;
    *complete_ = at_ == text_->size();
    return count;
  }

 private:
  std::shared_ptr<const std::string> text_;
  std::shared_ptr<bool> complete_;
  std::size_t at_ = 0;
};

Scopes ScopesFor(const Access& access) {
  Scopes scopes = {
      Concat({"repository:", access.repository, access.push ? ":pull,push" : ":pull"})};
  if (!access.mount_from.empty()) {
    scopes.push_back(Concat({"repository:", access.mount_from, ":pull"}));
  }
  return MergedScopes(scopes, {});
}

}  // namespace

std::string StatusText(const Response& response) {
  return Concat({std::to_string(response.status), " ",
                 response.reason.empty() ? ReasonPhrase(response.status)
                                         : std::string_view(response.reason)});
}

bool IsTransient(const Error& error) {
  return error.code() == ErrorCode::kAmbiguous || error.code() == ErrorCode::kUnavailable;
}

Error UnexpectedStatus(const Response& response, std::string_view method, const Url& url) {
  const ErrorCode code = response.status >= 500   ? ErrorCode::kUnavailable
                         : response.status == 404 ? ErrorCode::kNotFound
                                                  : ErrorCode::kInvalid;
  return {code, Concat({"unexpected status from ", method, " request to ", url.ToString(), ": ",
                        StatusText(response)})};
}

Error RequestFailure(const Error& cause, std::string_view method, std::string_view url,
                     bool body_sent) {
  if (cause.code() == ErrorCode::kCancelled) {
    return cause;
  }
  const Result<Url> parsed = Url::Parse(url);
  const Url to = parsed ? *parsed : Url();
  const std::string prefix = Concat({"failed to do request: ", GoVerb(method), " \"", url, "\": "});
  if (cause.code() != ErrorCode::kUnavailable && !body_sent) {
    const std::string ends = Concat({"tcp builder->", to.host, ": "});
    return {ErrorCode::kAmbiguous, Concat({prefix, "readfrom ", ends, "write ", ends,
                                           "use of closed network connection"})};
  }
  const GoWords words = InGo(cause, to, "builder");
  return {words.temporary ? ErrorCode::kAmbiguous : ErrorCode::kInvalid,
          Concat({prefix, words.text})};
}

RegistryHost::RegistryHost(World& world, Transport& transport, Rng rng, Settings settings,
                           Authorizer::OnToken on_token)
    : world_(world),
      transport_(transport),
      rng_(rng),
      settings_(std::move(settings)),
      on_token_(std::move(on_token)) {}

Url RegistryHost::At(std::string_view repository, std::string_view rest) const {
  Url url;
  url.scheme = settings_.plain_http ? "http" : "https";
  url.host = settings_.name == "docker.io" ? "registry-1.docker.io" : settings_.name;
  url.path = Concat({"/v2/", repository, "/", rest});
  return url;
}

Authorizer& RegistryHost::AuthorizerFor(const Access& access) {
  std::unique_ptr<Authorizer>& held = authorizers_[{access.repository, access.push}];
  if (held == nullptr) {
    held = std::make_unique<Authorizer>(world_, transport_, settings_.login, on_token_);
  }
  return *held;
}

Result<Response> RegistryHost::SendOnce(const Call& call, Authorizer& authorizer,
                                        const Scopes& scopes) {
  if (call.work != nullptr && call.work->stopped) {
    return Error(ErrorCode::kConflict, "context canceled");
  }
  Request request;
  request.method = call.method;
  request.url = call.url;
  Headers& headers = request.headers;
  headers.Add("User-Agent", call.agent.empty() ? settings_.agent : call.agent);
  if (!call.accept.empty()) {
    headers.Add("Accept", call.accept);
  }
  if (Status authorized = authorizer.Authorize(headers, scopes); !authorized) {
    const Error& why = authorized.error();
    return why.code() == ErrorCode::kCancelled
               ? why
               : Error(ErrorCode::kDenied, why.message()).At("failed to authorize");
  }
  if (!call.range.empty()) {
    headers.Add("Range", call.range);
  }
  if (!call.content_type.empty()) {
    headers.Add("Content-Type", call.content_type);
  }
  headers.Add("Traceparent", Concat({"00-", rng_.Hex(16), "-", rng_.Hex(8), "-01"}));
  if (call.method != "HEAD" && call.range.empty()) {
    headers.Add("Accept-Encoding", "gzip");
  }
  const auto complete = std::make_shared<bool>(true);
  if (call.body != nullptr) {
    request.body =
        Body::FromReader(std::make_unique<WatchedBody>(call.body, complete), call.body->size());
  }
  Result<Response> answer = transport_.Send(std::move(request), kNoDeadline);
  if (call.body_sent != nullptr) {
    *call.body_sent = *complete;
  }
  if (!answer) {
    return RequestFailure(answer.error(), call.method, call.url.ToString(), *complete);
  }
  return answer;
}

// Go's client follows the redirects of a GET by itself and takes no credentials to another host.
Result<Response> RegistryHost::Follow(Response answer, const Call& call) {
  Url from = call.url;
  for (int redirects = 0; redirects < kRedirectsMax; ++redirects) {
    const std::string* location = answer.headers.Find("Location");
    const bool redirect = answer.status == 301 || answer.status == 302 || answer.status == 303 ||
                          answer.status == 307 || answer.status == 308;
    if (call.method != "GET" || !redirect || location == nullptr) {
      break;
    }
    const Result<Url> to = from.Resolve(*location);
    if (!to || to->host == from.host) {
      break;
    }
    Request request;
    request.url = *to;
    request.headers.Add("User-Agent", call.agent.empty() ? settings_.agent : call.agent);
    if (!call.accept.empty()) {
      request.headers.Add("Accept", call.accept);
    }
    if (!call.range.empty()) {
      request.headers.Add("Range", call.range);
    }
    Result<Response> followed = transport_.Send(std::move(request), kNoDeadline);
    if (!followed) {
      return RequestFailure(followed.error(), "GET", to->ToString(), true);
    }
    answer = std::move(*followed);
    from = *to;
  }
  return answer;
}

Result<Response> RegistryHost::Send(const Call& call) {
  const Scopes scopes = ScopesFor(call.access);
  Authorizer& authorizer = AuthorizerFor(call.access);
  for (int sent = 1;; ++sent) {
    Result<Response> answer = SendOnce(call, authorizer, scopes);
    if (!answer || sent == kRequestsMax) {
      return answer;
    }
    if (answer->status == 401 && answer->headers.Has("WWW-Authenticate")) {
      if (Status again = authorizer.TakeChallenge(*answer, sent > 1); !again) {
        return again.error().At(Concat({call.access.push ? "push" : "pull",
                                        " access denied, repository does not exist or may "
                                        "require authorization"}));
      }
    } else if (answer->status != 429 && answer->status != 408) {
      return Follow(std::move(*answer), call);
    }
  }
}

}  // namespace drydock::simulator::buildkit
