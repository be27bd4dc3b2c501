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
  limits.connections_max = 4;
  return limits;
}

// As the client of the in-process registry sees it, which is asked by https.
std::string AsHttps(std::string_view value) {
  std::string text(value);
  for (const std::string_view host : {std::string_view(kRegistry), std::string_view(kCdn)}) {
    text = ReplaceAll(std::move(text), Concat({"http://", host}), Concat({"https://", host}));
  }
  return text;
}

}  // namespace

Wire::Wire(Bench& bench)
    : bench_(bench),
      internet_(bench.clock, bench.journal, faults_),
      context_{clock_, SmallLimits(), "http",
               [this](RequestHead head, Body& body, const std::shared_ptr<Peer>& peer) {
                 return Served{internet_.Serve(std::move(head), body, peer)};
               },
               [&bench](const Caller& /*caller*/, const std::string& text) {
                 bench.journal.Append("server", NoteEvent{text});
               }},
      listener_(context_) {
  internet_.Attach(kRegistry, bench.registry);
  internet_.Attach(kTokens, bench.tokens);
  internet_.Attach(kCdn, bench.cdn);
  const Result<std::uint16_t> bound = listener_.Bind({"127.0.0.1", 0});
  EXPECT_TRUE(bound.ok());
  client_.emplace(bound ? *bound : 0);
  listener_.Start();
  bench_.wire = [this](const Ask& ask) { return Send(ask); };
}

Wire::~Wire() {
  bench_.wire = nullptr;
  client_.reset();
}

BenchReply Wire::Send(const Ask& ask) {
  const bool whole = ask.target.rfind("https://", 0) == 0;
  Url url = Url::Parse(whole ? ask.target : Concat({"https://", kRegistry, ask.target})).value();
  if (url.path == "/token") {
    url.host = kTokens;
  }
  BenchReply reply = client_->Send(ask, url);
  Headers headers;
  for (const auto& [name, value] : reply.headers) {
    headers.Add(name, AsHttps(value));
  }
  reply.headers = std::move(headers);
  return reply;
}

}  // namespace drydock::simulator
