// The wire captures that judge the model: tests/captures/buildx/*.jsonl, one file a run of the real
// buildx 0.13.1 with BuildKit 0.13.2, and faults.jsonl, one line a run with an injected fault.
// Trimmed copies: TLS probes, connection numbers and most header values are left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace drydock::simulator::buildkit {

// One exchange, from a capture or from the model.
struct WireExchange {
  std::string method;
  std::string path;  // with query
  std::string accept;
  std::string content_type;
  std::string agent;
  std::vector<std::string> header_names;
  json::Value body;  // of a PUT whose body is a manifest or config; null otherwise
  int status = 0;    // 0: no answer
};

struct Capture {
  std::string name;
  std::string command;
  int exit_code = 0;
  std::string output;  // standard output
  std::string log;     // standard error
  std::vector<WireExchange> exchanges;
};

// Fails the test and gives an empty capture when the file is not there.
Capture LoadCapture(const std::string& name);

// One run of faults.jsonl.
struct FaultCapture {
  std::string name;
  std::string command;
  int exit_code = 0;
  std::string log;     // the lines about errors alone
  json::Value faults;  // what the capturing proxy was told
  struct Line {
    std::int64_t milliseconds = 0;
    std::string method;
    std::string path;
    std::string content_type;
    int status = 0;
    bool faulted = false;
  };
  std::vector<Line> exchanges;
};
std::vector<FaultCapture> LoadFaultCaptures();

}  // namespace drydock::simulator::buildkit
