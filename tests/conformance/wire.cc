#include "tests/conformance/wire.h"

#include <gtest/gtest.h>

#include <utility>

#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr char kRegistry[] = "registry-1.docker.io";
constexpr char kTokens[] = "auth.docker.io";
constexpr char kCdn[] = "production.cloudflare.docker.com";

ServerLimits SmallLimits() {
  ServerLimits limits;
  limits.connections_max = 4;  // each costs a thread
  return limits;
}

std::string Hex(std::size_t number) {
  std::string text;
  do {
    text.insert(text.begin(), "0123456789abcdef"[number % 16]);
    number /= 16;
  } while (number > 0);
  return text;
}

std::string RequestOf(const Ask& ask, const Url& url) {
  std::string text = Concat({ask.method, " ", url.Target(), " HTTP/1.1\r\nHost: ", url.host});
  for (const auto& [name, value] : ask.headers) {
    text += Concat({"\r\n", name, ": ", value});
  }
  const bool takes_body = ask.method == "POST" || ask.method == "PUT" || ask.method == "PATCH";
  if (!takes_body) {
    return text + "\r\n\r\n";
  }
  if (!ask.chunked) {
    return Concat(
        {text, "\r\nContent-Length: ", std::to_string(ask.body.size()), "\r\n\r\n", ask.body});
  }
  const std::string chunk =
      ask.body.empty() ? "" : Concat({Hex(ask.body.size()), "\r\n", ask.body, "\r\n"});
  return Concat({text, "\r\nTransfer-Encoding: chunked\r\n\r\n", chunk, "0\r\n\r\n"});
}

// As the client of the in-process registry sees it, which is asked by https.
std::string AsHttps(std::string_view value) {
  std::string text(value);
  for (const std::string_view host : {std::string_view(kRegistry), std::string_view(kCdn)}) {
    text = ReplaceAll(std::move(text), Concat({"http://", host}), Concat({"https://", host}));
  }
  return text;
}

BenchReply ReadReply(const testing::RawAnswer& answer) {
  BenchReply reply{answer.status, {}, answer.body};
  const std::vector<std::string> lines = Split(answer.head, '\n');
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t colon = lines[i].find(':');
    if (colon != std::string::npos) {
      const std::string name = lines[i].substr(0, colon);
      reply.headers.Add(name, AsHttps(Trim(std::string_view(lines[i]).substr(colon + 1))));
    }
  }
  return reply;
}

}  // namespace

Wire::Wire(Bench& bench)
    : bench_(bench),
      internet_(bench.clock, bench.journal, faults_),
      context_{internet_, bench.journal, clock_, SmallLimits(), [] {}, {}},
      listener_(context_) {
  internet_.Attach(kRegistry, bench.registry);
  internet_.Attach(kTokens, bench.tokens);
  internet_.Attach(kCdn, bench.cdn);
  const Result<std::uint16_t> bound = listener_.Bind("127.0.0.1", 0);
  EXPECT_TRUE(bound.ok());
  port_ = bound ? *bound : 0;
  listener_.Start();
  bench_.wire = [this](const Ask& ask) { return Send(ask); };
}

Wire::~Wire() {
  bench_.wire = nullptr;
  clients_.clear();
}

testing::RawClient& Wire::Client(const std::string& address) {
  auto& client = clients_[address];
  if (client == nullptr) {
    client = std::make_unique<testing::RawClient>(port_, address);
    EXPECT_TRUE(client->ok()) << address;
  }
  return *client;
}

BenchReply Wire::Send(const Ask& ask) {
  const bool whole = ask.target.rfind("https://", 0) == 0;
  Url url = Url::Parse(whole ? ask.target : Concat({"https://", kRegistry, ask.target})).value();
  if (url.path == "/token") {
    url.host = kTokens;
  }
  testing::RawClient& client = Client(ask.caller.address);
  client.Send(RequestOf(ask, url));
  BenchReply reply = ReadReply(client.ReadAnswer(ask.method == "HEAD"));
  if (EqualsIgnoringCase(reply.headers.Get("Connection"), "close")) {
    clients_.erase(ask.caller.address);
  }
  reply.headers.Remove("Connection");
  return reply;
}

}  // namespace drydock::simulator
