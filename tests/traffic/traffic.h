// Recorded traffic between real clients and docker-registry 2.8.2, sent again as requests, and what
// the answers differ in. A recording (tests/captures/traffic) is complete in itself: it holds what
// must be in the registry before, and made-up bytes stand for blobs (their size is that of the real
// ones, and every digest that depends on them was rewritten). Threads: one.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/registry/bench.h"

namespace drydock::simulator::traffic {

struct Content {
  std::string repository;
  std::string digest;     // of a blob; "" for a manifest
  std::string reference;  // of a manifest
  std::string type;
  std::string body;
};

// Paths name upload sessions as "{uuid1}" and their state as "{state}".
struct RecordedExchange {
  Ask ask;
  int status = 0;
  Headers headers;
  std::optional<std::string> body;  // nullopt: not recorded
  std::size_t size = 0;
};

struct Recording {
  std::string name;
  std::map<std::string, std::string> blobs;  // digest to bytes
  std::vector<Content> content;              // there before the first exchange
  std::vector<RecordedExchange> exchanges;
};

inline constexpr char kCorners[] = "corners";
// The files of recordings, one a client; kCorners has requests of our own.
const std::vector<std::string>& RecordingFiles();
// The recordings of one file; one that cannot be read fails the present test.
std::vector<Recording> LoadRecordings(const std::string& file);

using Send = std::function<BenchReply(const Ask&)>;

// Puts the content in place and sends every request; gives what the answers differ in, each as one
// line without digests and session ids ("blob.get 404: body"). Stated normalisation:
//   * scheme and host of a Location, session ids and states are the recording's;
//   * Date, Connection and Transfer-Encoding are the connection's business;
//   * JSON bodies are compared without white space around them.
std::set<std::string> Differences(const Recording& recording, const Send& send);

// The differences that docs/fidelity.md lists under "## Traffic: distribution 2.8".
std::set<std::string> ListedDifferences();
// One line each, for a failing test to show.
std::string Lines(const std::set<std::string>& differences);

}  // namespace drydock::simulator::traffic
