#include "tests/conformance/wire_client.h"

#include <gtest/gtest.h>

#include "core/text.h"

namespace drydock::simulator {
namespace {

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

BenchReply ReadReply(const testing::RawAnswer& answer) {
  BenchReply reply{answer.status, {}, answer.body};
  const std::vector<std::string> lines = Split(answer.head, '\n');
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t colon = lines[i].find(':');
    if (colon != std::string::npos) {
      reply.headers.Add(lines[i].substr(0, colon),
                        Trim(std::string_view(lines[i]).substr(colon + 1)));
    }
  }
  return reply;
}

}  // namespace

BenchReply WireClient::Send(const Ask& ask, const Url& url) {
  auto& client = clients_[ask.caller.address];
  if (client == nullptr) {
    client = std::make_unique<testing::RawClient>(port_, ask.caller.address);
    EXPECT_TRUE(client->ok()) << ask.caller.address;
  }
  client->Send(RequestOf(ask, url));
  BenchReply reply = ReadReply(client->ReadAnswer(ask.method == "HEAD"));
  if (reply.status == 0 || EqualsIgnoringCase(reply.headers.Get("Connection"), "close")) {
    client = nullptr;
  }
  reply.headers.Remove("Connection");
  return reply;
}

}  // namespace drydock::simulator
