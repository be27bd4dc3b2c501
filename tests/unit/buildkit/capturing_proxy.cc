#include "tests/unit/buildkit/capturing_proxy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "core/text.h"

namespace drydock::simulator::buildkit {
namespace {

// Keeps a copy of what is read through it.
class TeeReader : public BodyReader {
 public:
  TeeReader(Body body, std::shared_ptr<std::string> copy)
      : body_(std::move(body)), copy_(std::move(copy)) {}
  Result<std::size_t> Read(std::span<char> into) override {
    Result<std::size_t> count = body_.Read(into);
    if (count) {
      copy_->append(into.data(), *count);
    }
    return count;
  }

 private:
  Body body_;
  std::shared_ptr<std::string> copy_;
};

// Ends in an error after so many bytes.
class BrokenReader : public BodyReader {
 public:
  BrokenReader(Body body, std::size_t left) : body_(std::move(body)), left_(left) {}
  Result<std::size_t> Read(std::span<char> into) override {
    if (left_ == 0) {
      return Error(ErrorCode::kAmbiguous, "reset");
    }
    Result<std::size_t> count = body_.Read(into.subspan(0, std::min(into.size(), left_)));
    left_ -= count ? *count : 0;
    return count;
  }

 private:
  Body body_;
  std::size_t left_;
};

// Reads up to `limit` bytes and throws them away.
void Drain(Body& body, std::size_t limit = SIZE_MAX) {
  std::array<char, 4096> piece;
  while (limit > 0) {
    const auto count = body.Read(std::span(piece).subspan(0, std::min(piece.size(), limit)));
    if (!count || *count == 0) {
      return;
    }
    limit -= *count;
  }
}

std::string RouteOf(const std::string& path) {
  if (path.find("/blobs/uploads/") != std::string::npos) {
    const std::string tail = path.substr(path.find("/uploads/") + 9);
    return tail.empty() || tail[0] == '?' ? "upload-start" : "upload";
  }
  return path.find("/blobs/") != std::string::npos       ? "blob"
         : path.find("/manifests/") != std::string::npos ? "manifest"
                                                         : "token";
}

std::string RepositoryOf(const std::string& path) {
  static const std::regex repository("^/v2/(.*)/(blobs|manifests)/");
  std::smatch match;
  return std::regex_search(path, match, repository) ? match[1].str() : "";
}

Response Answer(int status, std::string body, Headers headers = {}) {
  Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = Body::FromString(std::move(body));
  return response;
}

}  // namespace

void CapturingProxy::Inject(const json::Value& faults, const std::string& layer) {
  faults_ = faults;
  static const std::regex captured_layer("(sha256:)?[0-9a-f]{64}");
  for (const json::Value& fault : *faults_.as_array()) {
    Rule rule;
    rule.route = fault.Text("route");
    rule.methods = Split(fault.Text("method"), '|');
    rule.path = std::regex_replace(std::string(fault.Text("path")), captured_layer, layer);
    if (const json::Value::Array* nth = fault.Find("nth")->as_array()) {
      for (const json::Value& number : *nth) {
        rule.nth.insert(static_cast<std::uint64_t>(number.as_integer().value_or(0)));
      }
    }
    rule.action = fault.Find("action");
    rules_.push_back(std::move(rule));
  }
}

void CapturingProxy::Clear() {
  rules_.clear();
  records_.clear();
  faulted_.clear();
}

CapturingProxy::Rule* CapturingProxy::Match(const Request& request) {
  const std::string target = request.url.Target();
  for (Rule& rule : rules_) {
    const bool method =
        std::find(rule.methods.begin(), rule.methods.end(), request.method) != rule.methods.end();
    if (rule.route == RouteOf(target) && method && target.find(rule.path) != std::string::npos) {
      ++rule.matched;
      if (rule.nth.empty() || rule.nth.count(rule.matched) != 0) {
        return &rule;
      }
    }
  }
  return nullptr;
}

Result<Response> CapturingProxy::Send(Request request, Deadline deadline) {
  if (Status turn = world_.Yield(); !turn) {
    return turn.error();
  }
  Record& record = *records_.emplace_back(std::make_unique<Record>());
  WireExchange& exchange = record.exchange;
  exchange.method = request.method;
  exchange.path = request.url.Target();
  exchange.accept = request.headers.Get("Accept");
  exchange.content_type = request.headers.Get("Content-Type");
  exchange.agent = request.headers.Get("User-Agent");
  for (const auto& [name, value] : request.headers) {
    exchange.header_names.push_back(name);
  }
  record.body = std::make_shared<std::string>();
  const auto length = request.body.length();
  request.body =
      Body::FromReader(std::make_unique<TeeReader>(std::move(request.body), record.body), length);
  Result<Response> answer = Forward(std::move(request), deadline);
  exchange.status = answer ? answer->status : 0;
  return answer;
}

Result<Response> CapturingProxy::Forward(Request request, Deadline deadline) {
  if (login_ && request.url.path == "/token") {
    std::string form = ReadAll(request.body, 1 << 20).value();
    return GiveToken(request, form);
  }
  // Refused requests never get as far as a rule, except that a fault may answer 401 itself.
  if (auto refused = login_ ? Refuse(request) : std::nullopt) {
    Drain(request.body);
    return std::move(*refused);
  }
  if (Rule* rule = Match(request)) {
    faulted_.push_back(world_.clock().Elapsed());
    return Act(*rule->action, std::move(request), deadline);
  }
  return registry_.Send(std::move(request), deadline);
}

Result<Response> CapturingProxy::Act(const json::Value& action, Request request,
                                     Deadline deadline) {
  const std::uint64_t size = request.body.length().value_or(0);
  if (const json::Value* reset = action.Find("reset")) {
    const auto bytes = static_cast<std::uint64_t>(reset->as_integer().value_or(0));
    Drain(request.body, bytes < size ? static_cast<std::size_t>(bytes) : SIZE_MAX);
    return Error(ErrorCode::kAmbiguous, "reset");
  }
  if (action.Find("reset_before_response") != nullptr) {
    Drain(request.body);
    return Error(ErrorCode::kAmbiguous, "reset");
  }
  if (action.Find("reset_response") != nullptr) {
    Result<Response> answer = registry_.Send(std::move(request), deadline);
    const auto length = answer->body.length();
    answer->body = Body::FromReader(
        std::make_unique<BrokenReader>(std::move(answer->body),
                                       static_cast<std::size_t>(length.value_or(2) / 2)),
        length);
    return answer;
  }
  if (const json::Value* dropped = action.Find("drop_headers")) {
    Result<Response> answer = registry_.Send(std::move(request), deadline);
    for (const json::Value& name : *dropped->as_array()) {
      answer->headers.Remove(*name.as_string());
    }
    return answer;
  }
  if (action.Find("early") == nullptr) {
    Drain(request.body);
  }
  revoked_ = revoked_ || action.Find("revoke") != nullptr;
  if (revoked_) {
    tokens_.clear();
  }
  Response response = Answer(static_cast<int>(action.Find("status")->as_integer().value_or(0)),
                             std::string(action.Text("body")));
  for (const json::Member& header : *action.Find("headers")->as_object()) {
    const std::string with_self =
        ReplaceAll(*header.value.as_string(), "{self}", request.url.Origin());
    response.headers.Add(header.key,
                         ReplaceAll(with_self, "{repo}", RepositoryOf(request.url.path)));
  }
  return response;
}

std::optional<Response> CapturingProxy::Refuse(const Request& request) {
  const std::string given(request.headers.Get("Authorization"));
  const std::string body =
      "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"authentication required\"}]}\n";
  if (login_->scheme == ProxyLogin::Scheme::kBasic) {
    if (given == "Basic " + Base64(Concat({login_->user, ":", login_->password}))) {
      return std::nullopt;
    }
    return Answer(401, body, {{"WWW-Authenticate", "Basic realm=\"registry.test\""}});
  }
  const bool push = request.method != "GET" && request.method != "HEAD";
  const std::string token = given.substr(std::min<std::size_t>(given.size(), 7));
  const bool valid = tokens_.count(token) != 0;
  if (valid && (!push || token.rfind("push", 0) == 0)) {
    return std::nullopt;
  }
  std::string challenge = Concat(
      {"Bearer realm=\"", request.url.Origin(), "/token\",service=\"registry.test\",scope=\"",
       "repository:", RepositoryOf(request.url.path), push ? ":pull,push\"" : ":pull\""});
  if (!given.empty()) {
    challenge += valid ? ",error=\"insufficient_scope\"" : ",error=\"invalid_token\"";
  }
  return Answer(401, body, {{"WWW-Authenticate", challenge}});
}

Response CapturingProxy::GiveToken(const Request& request, const std::string& form) {
  const bool post = request.method == "POST";
  if (post && !login_->oauth) {
    return Answer(404, "404 page not found\n");
  }
  const std::string given(request.headers.Get("Authorization"));
  const std::string basic = "Basic " + Base64(Concat({login_->user, ":", login_->password}));
  const bool known =
      post ? form.find(Concat({"password=", login_->password, "&"})) != std::string::npos
           : given == basic;
  if (!known && (post || !given.empty())) {
    return Answer(401, "{\"errors\":[{\"code\":\"UNAUTHORIZED\"}]}\n");
  }
  const std::string token = Concat({known ? "push" : "pull", "-", std::to_string(next_token_++)});
  tokens_.insert(token);
  return Answer(200, Concat({"{\"", post ? "access_token" : "token", "\":\"", token,
                             "\",\"expires_in\":300}"}));
}

std::vector<WireExchange> CapturingProxy::exchanges() const {
  std::vector<WireExchange> exchanges;
  for (const auto& record : records_) {
    WireExchange exchange = record->exchange;
    const auto parsed = json::Parse(*record->body, "body");
    const bool statement = parsed && parsed->Find("_type") != nullptr;
    if (exchange.method == "PUT" && parsed && !statement) {
      exchange.body = *parsed;
    }
    exchanges.push_back(std::move(exchange));
  }
  return exchanges;
}

}  // namespace drydock::simulator::buildkit
