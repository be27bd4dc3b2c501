#include "simulator/skopeo/session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/json.h"
#include "core/text.h"
#include "simulator/world/go_words.h"

namespace drydock::simulator::skopeo {
namespace {

constexpr std::string_view kAgent = "skopeo/1.9.3";
constexpr std::array<std::string_view, 6> kManifestTypes = {
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json"};
constexpr int kAttemptsMax = 5;
constexpr int kRedirectsMax = 10;
constexpr std::chrono::seconds kFirstPause{2};
constexpr std::chrono::seconds kPauseMost{60};
constexpr std::chrono::seconds kTokenLifetime{60};
constexpr std::size_t kComplaintBytes = 50;

// Docker Hub's registry is at another host than its name says.
std::string HostOf(const std::string& registry) {
  return registry == "docker.io" ? "registry-1.docker.io" : registry;
}

// The value of `name` in a WWW-Authenticate field.
std::string Parameter(const std::string& challenge, std::string_view name) {
  const std::string key = Concat({name, "=\""});
  const std::size_t at = challenge.find(key);
  if (at == std::string::npos) {
    return "";
  }
  const std::size_t begin = at + key.size();
  return challenge.substr(begin, challenge.find('"', begin) - begin);
}

Error Lost(const Error& cause, const std::string& method, const Url& url) {
  if (cause.code() == ErrorCode::kCancelled) {
    return cause;
  }
  return {cause.code(),
          Concat({GoVerb(method), " \"", url.ToString(), "\": ", InGo(cause, url, "client").text})};
}

// What the Retry-After field asks for; `otherwise` when it asks for nothing that can be read.
Duration PauseFor(const Response& response, Duration otherwise) {
  const auto seconds = ParseUnsigned(response.headers.Get("Retry-After"));
  const Duration pause = seconds ? std::chrono::seconds(*seconds) : otherwise;
  return std::min<Duration>(pause, kPauseMost);
}

}  // namespace

std::string StatusInBrackets(const Response& response) {
  return Concat({std::to_string(response.status), " (", ReasonPhrase(response.status), ")"});
}

std::string ComplaintAbout(Response& response) {
  if (response.status < 400 || response.status > 499) {
    return Concat({"received unexpected HTTP status: ", std::to_string(response.status), " ",
                   ReasonPhrase(response.status)});
  }
  const Result<std::string> text = ReadAll(response.body, kBytesMax);
  const std::string body = text ? *text : "";
  const auto parsed = json::Parse(body, "error");
  const json::Value* first = parsed ? parsed->At("/errors/0") : nullptr;
  if (first != nullptr) {
    const std::string code = ReplaceAll(ToLower(first->Text("code")), "_", " ");
    const std::string_view message = first->Text("message");
    return message.empty() ? code : Concat({code, ": ", message});
  }
  const std::string cut =
      body.size() > kComplaintBytes ? Concat({body.substr(0, kComplaintBytes), "..."}) : body;
  return Concat({"StatusCode: ", std::to_string(response.status), ", ", cut});
}

Session::Session(World& world, Transport& transport, Settings settings)
    : world_(world), transport_(transport), settings_(std::move(settings)) {
  origin_ =
      Concat({settings_.plain_http ? "http://" : "https://", HostOf(settings_.image.registry)});
}

Url Session::At(std::string_view rest) const {
  const auto url = Url::Parse(Concat({origin_, "/v2/", settings_.image.repository, "/", rest}));
  return url ? *url : Url();
}

Result<Response> Session::SendOnce(const Call& call, bool authorized) {
  Request request;
  request.method = call.method;
  request.url = call.url;
  request.headers.Add("User-Agent", kAgent);
  if (authorized && !token_.empty()) {
    request.headers.Add("Authorization", token_);
  }
  if (!call.content_type.empty()) {
    request.headers.Add("Content-Type", call.content_type);
  }
  if (call.manifests) {
    for (const std::string_view type : kManifestTypes) {
      request.headers.Add("Accept", type);
    }
  }
  request.headers.Add("Docker-Distribution-Api-Version", "registry/2.0");
  if (call.body != nullptr) {
    request.body = Body::FromShared(call.body);
  }
  Result<Response> response = transport_.Send(std::move(request), kNoDeadline);
  return response ? std::move(response) : Lost(response.error(), call.method, call.url);
}

Result<Response> Session::SendPatiently(const Call& call, bool authorized) {
  Duration pause = kFirstPause;
  for (int attempt = 1;; ++attempt) {
    Result<Response> response = SendOnce(call, authorized);
    if (!response || response->status != 429 || call.body != nullptr || attempt == kAttemptsMax) {
      return response;
    }
    const Duration asked = PauseFor(*response, pause);
    if (Status slept = world_.clock().SleepFor(asked); !slept) {
      return slept.error();
    }
    pause = asked * 2;
  }
}

Status Session::Ping() {
  Call ping;
  ping.url = Url::Parse(origin_ + "/v2/").ok() ? *Url::Parse(origin_ + "/v2/") : Url();
  const std::string where = Concat({"pinging container registry ", HostOf(image().registry)});
  Result<Response> answer = SendPatiently(ping, false);
  if (!answer) {
    return answer.error().code() == ErrorCode::kCancelled ? answer.error()
                                                          : answer.error().At(where);
  }
  if (answer->status != 200 && answer->status != 401) {
    return Error(ErrorCode::kInvalid, Concat({where, ": invalid status code from registry ",
                                              StatusInBrackets(*answer)}));
  }
  const std::string challenge(answer->headers.Get("WWW-Authenticate"));
  if (answer->status == 401) {
    basic_ = ToLower(challenge).rfind("basic", 0) == 0;
    realm_ = basic_ ? "" : Parameter(challenge, "realm");
    service_ = Parameter(challenge, "service");
  }
  if (basic_ && settings_.login) {
    token_ = "Basic " + Base64(Concat({settings_.login->username, ":", settings_.login->password}));
  }
  pinged_ = true;
  return Ok{};
}

Status Session::FetchToken() {
  Call get;
  auto url = Url::Parse(realm_);
  if (!url) {
    return Error(ErrorCode::kInvalid, Concat({"invalid token realm: ", realm_}));
  }
  const std::string scope =
      Concat({"repository:", image().repository, settings_.push ? ":pull,push" : ":pull"});
  url->query = Concat({settings_.login ? "account=" : "",
                       settings_.login ? PercentEncode(settings_.login->username) : "",
                       settings_.login ? "&" : "", "scope=", PercentEncode(scope),
                       "&service=", PercentEncode(service_)});
  Request request;
  request.url = *url;
  request.headers.Add("User-Agent", kAgent);
  if (settings_.login) {
    request.headers.Add(
        "Authorization",
        "Basic " + Base64(Concat({settings_.login->username, ":", settings_.login->password})));
  }
  Result<Response> answer = transport_.Send(std::move(request), kNoDeadline);
  if (!answer) {
    return Lost(answer.error(), "GET", *url);
  }
  if (answer->status == 401) {
    return Error(ErrorCode::kDenied,
                 "unable to retrieve auth token: invalid username/password: unauthorized");
  }
  if (answer->status != 200) {
    return Error(ErrorCode::kDenied,
                 Concat({"requesting bearer token: invalid status code from registry ",
                         StatusInBrackets(*answer)}));
  }
  const Result<std::string> text = ReadAll(answer->body, kBytesMax);
  const auto parsed = json::Parse(text ? std::string_view(*text) : std::string_view(), "token");
  const std::string_view access = parsed ? parsed->Text("access_token") : "";
  const std::string token(access.empty() && parsed ? parsed->Text("token") : access);
  if (token.empty()) {
    return Error(ErrorCode::kDenied, "unable to decode token response");
  }
  const json::Value* lifetime = parsed->Find("expires_in");
  const auto seconds = lifetime == nullptr ? std::nullopt : lifetime->as_integer();
  expires_ =
      world_.clock().Now() + std::max(kTokenLifetime, std::chrono::seconds(seconds.value_or(0)));
  token_ = "Bearer " + token;
  return Ok{};
}

Result<Response> Session::Send(const Call& call) {
  if (!pinged_) {
    if (Status pinged = Ping(); !pinged) {
      return pinged.error();
    }
  }
  if (!realm_.empty() && (token_.empty() || expires_ <= world_.clock().Now())) {
    if (Status fetched = FetchToken(); !fetched) {
      return fetched.error();
    }
  }
  Result<Response> answer = SendPatiently(call, true);
  Call next = call;
  for (int hops = 0; answer && call.method == "GET" && answer->status >= 301 &&
                     answer->status <= 308 && hops < kRedirectsMax;
       ++hops) {
    const auto target = next.url.Resolve(answer->headers.Get("Location"));
    if (!target) {
      break;
    }
    const bool same = target->host == call.url.host;
    next.url = *target;
    answer = SendOnce(next, same);
  }
  return answer;
}

}  // namespace drydock::simulator::skopeo
