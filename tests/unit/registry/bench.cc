#include "tests/unit/registry/bench.h"

#include <algorithm>

#include "core/digest.h"
#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::string_view kTokenSecret = "the secret both services share";
constexpr std::string_view kRegistryOrigin = "https://registry-1.docker.io";
constexpr std::size_t kPiece = 7;
constexpr std::size_t kPiecesMax = 4096;

TokenServiceOptions Options(const Personality& personality) {
  TokenServiceOptions options;
  options.rule = personality.tokens.value_or(TokenRule{});
  options.secret = std::string(kTokenSecret);
  options.accounts = {{std::string(kUserName), std::string(kPassword)}};
  options.private_repositories = {"joakimp/private"};
  return options;
}

BenchReply ReadReply(Response response, bool decided) {
  auto body = ReadAll(response.body, std::size_t{1} << 30);
  return {response.status, std::move(response.headers), body.ok() ? std::move(*body) : "?",
          decided};
}

bool TakesBody(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

std::string BenchReply::Code() const {
  const auto parsed = json::Parse(body, "body");
  const json::Value* code = parsed ? parsed->At("/errors/0/code") : nullptr;
  return code == nullptr || code->as_string() == nullptr ? "" : *code->as_string();
}

Bench::Bench(const Personality& personality, std::uint64_t seed)
    : journal(clock),
      registry("registry-1.docker.io", personality, clock, Rng(seed).Fork("registry"), journal,
               std::string(kTokenSecret)),
      tokens(Options(personality), registry.store(), clock, Rng(seed).Fork("tokens")),
      cdn(registry.store(), clock, std::string(kTokenSecret)) {}

RequestHead Bench::HeadOf(const Ask& ask) const {
  const bool whole = ask.target.rfind("https://", 0) == 0;
  const auto url = Url::Parse(whole ? ask.target : Concat({kRegistryOrigin, ask.target}));
  RequestHead head{ask.method, url.value(), ask.headers, std::nullopt, ask.caller};
  if (TakesBody(ask.method) && !ask.chunked) {
    head.content_length = ask.body.size();
  }
  return head;
}

std::unique_ptr<Exchange> Bench::Begin(const Ask& ask) {
  auto exchange = registry.Begin(HeadOf(ask));
  if (exchange->Decide()) {
    return nullptr;
  }
  exchange->Receive(ask.body);
  return exchange;
}

BenchReply Bench::Send(const Ask& ask) {
  if (wire) {
    return wire(ask);
  }
  RequestHead head = HeadOf(ask);
  Site& site = head.url.path == "/token"                   ? static_cast<Site&>(tokens)
               : head.url.path.starts_with(kCdnPathPrefix) ? static_cast<Site&>(cdn)
                                                           : registry;
  const auto exchange = site.Begin(std::move(head));
  if (auto refusal = exchange->Decide()) {
    return ReadReply(std::move(*refusal), true);
  }
  const std::size_t piece = std::max(kPiece, ask.body.size() / kPiecesMax);
  for (std::size_t at = 0; at < ask.body.size(); at += piece) {
    exchange->Receive(std::string_view(ask.body).substr(at, piece));
  }
  return ReadReply(exchange->Apply(), false);
}

BenchReply Bench::Send(std::string method, std::string target, Headers headers, std::string body) {
  return Send(Ask{std::move(method), std::move(target), std::move(headers), std::move(body)});
}

std::string Bench::Token(std::string_view scope, bool account) {
  Url url;
  url.host = "auth.docker.io";
  url.path = "/token";
  url.AddQuery("service", registry.personality().tokens.value_or(TokenRule{}).service);
  for (const std::string& one : Split(scope, ' ')) {
    url.AddQuery("scope", one);
  }
  Headers headers;
  if (account) {
    headers.Add("Authorization", Concat({"Basic ", Base64(Concat({kUserName, ":", kPassword}))}));
  }
  const BenchReply reply = Send("GET", url.ToString(), headers);
  const auto parsed = json::Parse(reply.body, "token");
  return Concat({"Bearer ", parsed ? parsed->Text("token") : ""});
}

std::string Bench::StartUpload(const std::string& repository, const Headers& headers) {
  return std::string(Send("POST", Concat({"/v2/", repository, "/blobs/uploads/"}), headers)
                         .headers.Get("Location"));
}

std::string WithDigest(std::string_view location, std::string_view digest) {
  const bool has_query = location.find('?') != std::string_view::npos;
  return Concat({location, has_query ? "&" : "?", "digest=", PercentEncode(digest)});
}

std::string Sha256(std::string_view bytes) { return Digest::Of(bytes).ToString(); }

std::string TextOf(const Blob& blob) {
  Body body = blob.Read();
  return ReadAll(body, std::size_t{1} << 30).value();
}

std::string DescriptorJson(std::string_view media_type, std::string_view bytes) {
  return Concat({R"({"mediaType":")", media_type, R"(","digest":")", Sha256(bytes), R"(","size":)",
                 std::to_string(bytes.size()), "}"});
}

std::string ImageJson(std::string_view config, std::string_view layer,
                      std::string_view more_members) {
  return Concat({R"({"schemaVersion":2,"mediaType":")", media_type::kOciManifest, R"(","config":)",
                 DescriptorJson(media_type::kOciConfig, config), R"(,"layers":[)",
                 DescriptorJson(media_type::kOciLayerGzip, layer), "]", more_members, "}"});
}

}  // namespace drydock::simulator
