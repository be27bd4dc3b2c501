#include "tests/unit/buildkit/capture.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/text.h"

namespace drydock::simulator::buildkit {
namespace {

std::vector<json::Value> ReadLines(const std::string& file) {
  const std::string path = Concat({DRYDOCK_SOURCE_DIR, "/tests/captures/buildx/", file});
  std::ifstream stream(path);
  EXPECT_TRUE(stream) << path;
  std::vector<json::Value> values;
  for (std::string line; std::getline(stream, line);) {
    auto value = json::Parse(line, path);
    EXPECT_TRUE(value) << (value ? "" : value.error().message());
    if (value) {
      values.push_back(std::move(*value));
    }
  }
  return values;
}

int Number(const json::Value* value) {
  return value == nullptr ? 0 : static_cast<int>(value->as_integer().value_or(0));
}

WireExchange ReadExchange(const json::Value& line) {
  WireExchange exchange;
  exchange.method = line.Text("method");
  exchange.path = line.Text("path");
  const json::Value& request = *line.Find("request");
  const json::Value& headers = *request.Find("headers");
  exchange.accept = headers.Text("Accept");
  exchange.content_type = headers.Text("Content-Type");
  exchange.agent = headers.Text("User-Agent");
  for (const json::Value& name : *request.Find("header_names")->as_array()) {
    exchange.header_names.push_back(*name.as_string());
  }
  if (const json::Value* body = request.Find("body")) {
    exchange.body = *body;
  }
  exchange.status = Number(line.At("/response/status"));
  return exchange;
}

}  // namespace

Capture LoadCapture(const std::string& name) {
  Capture capture;
  for (const json::Value& line : ReadLines(name + ".jsonl")) {
    if (line.Text("type") == "exchange") {
      capture.exchanges.push_back(ReadExchange(line));
      continue;
    }
    capture.name = line.Text("name");
    capture.command = line.Text("command");
    capture.exit_code = Number(line.Find("exit_code"));
    capture.output = line.Text("stdout");
    capture.log = line.Text("stderr");
  }
  EXPECT_EQ(capture.name.empty(), false) << name;
  return capture;
}

std::vector<FaultCapture> LoadFaultCaptures() {
  std::vector<FaultCapture> captures;
  for (const json::Value& line : ReadLines("faults.jsonl")) {
    FaultCapture& capture = captures.emplace_back();
    capture.name = line.Text("name");
    capture.command = line.Text("command");
    capture.exit_code = Number(line.Find("exit_code"));
    capture.log = line.Text("stderr");
    capture.faults = *line.Find("faults");
    for (const json::Value& exchange : *line.Find("exchanges")->as_array()) {
      capture.exchanges.push_back(
          {exchange.Find("t_ms")->as_integer().value_or(0), std::string(exchange.Text("method")),
           std::string(exchange.Text("path")), std::string(exchange.Text("type")),
           Number(exchange.Find("status")), exchange.Find("fault") != nullptr});
    }
  }
  return captures;
}

}  // namespace drydock::simulator::buildkit
