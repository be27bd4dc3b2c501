#include "tests/traffic/traffic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "core/json.h"
#include "core/text.h"
#include "simulator/registry/route.h"

namespace drydock::simulator::traffic {
namespace {

std::string BytesOf(std::string_view seed, std::size_t size) {
  std::string bytes;
  bytes.reserve(size + seed.size());
  while (bytes.size() < size) {
    bytes += seed;
  }
  bytes.resize(size);
  return bytes;
}

std::size_t SizeAt(const json::Value& value, std::string_view key) {
  const json::Value* found = value.Find(key);
  return found == nullptr ? 0 : static_cast<std::size_t>(found->as_integer().value_or(0));
}

Headers HeadersOf(const json::Value& of) {
  Headers headers;
  for (const json::Member& member : *of.Find("headers")->as_object()) {
    headers.Add(member.key, *member.value.as_string());
  }
  return headers;
}

RecordedExchange ReadExchange(const json::Value& line, const Recording& recording) {
  RecordedExchange exchange;
  exchange.ask = {std::string(line.Text("method")), std::string(line.Text("path")), HeadersOf(line),
                  std::string(line.Text("body"))};
  exchange.ask.chunked = !exchange.ask.headers.Has("Content-Length");
  exchange.ask.headers.Remove("Content-Length");
  if (line.Find("blob") != nullptr) {
    exchange.ask.body = recording.blobs.at(std::string(line.Text("blob")));
  }
  const json::Value& answer = *line.Find("answer");
  exchange.status = static_cast<int>(SizeAt(answer, "status"));
  exchange.headers = HeadersOf(answer);
  exchange.size = SizeAt(answer, "size");
  if (answer.Find("body") != nullptr) {
    exchange.body = std::string(answer.Text("body"));
  }
  return exchange;
}

void ReadLine(const json::Value& line, std::vector<Recording>& into) {
  if (line.Find("capture") != nullptr) {
    into.push_back({std::string(line.Text("capture")), {}, {}, {}});
    return;
  }
  Recording& recording = into.back();
  const std::string kind(line.Text("have"));
  if (line.Find("seed") != nullptr) {
    recording.blobs[std::string(line.Text("blob"))] =
        BytesOf(line.Text("seed"), SizeAt(line, "size"));
  } else if (!kind.empty()) {
    recording.content.push_back({std::string(line.Text("repository")),
                                 std::string(line.Text("digest")),
                                 std::string(line.Text("reference")),
                                 std::string(line.Text("type")), std::string(line.Text("body"))});
  } else {
    recording.exchanges.push_back(ReadExchange(line, recording));
  }
}

// Sends one recording's requests and keeps book of its upload sessions.
class Replay {
 public:
  Replay(const Recording& recording, const Send& send) : recording_(recording), send_(send) {}

  std::set<std::string> Run() {
    for (const Content& content : recording_.content) {
      Have(content);
    }
    for (const RecordedExchange& exchange : recording_.exchanges) {
      Ask ask = exchange.ask;
      ask.target = TargetOf(ask.target);
      const BenchReply reply = send_(ask);
      Learn(exchange, reply);
      Compare(exchange, reply);
    }
    return differences_;
  }

 private:
  void Have(const Content& content) {
    const std::string base = Concat({"/v2/", content.repository, "/"});
    if (content.digest.empty()) {
      const BenchReply put = send_({"PUT",
                                    Concat({base, "manifests/", content.reference}),
                                    {{"Content-Type", content.type}},
                                    content.body});
      EXPECT_EQ(put.status, 201) << recording_.name << " " << content.reference << put.body;
      return;
    }
    const BenchReply start = send_({"POST", base + "blobs/uploads/"});
    const std::string location = PathOf(start.headers.Get("Location"));
    const BenchReply put = send_(
        {"PUT", WithDigest(location, content.digest), {}, recording_.blobs.at(content.digest)});
    EXPECT_EQ(put.status, 201) << recording_.name << " " << content.digest << put.body;
  }

  static std::string PathOf(std::string_view location) {
    const std::size_t scheme = location.find("://");
    return std::string(scheme == std::string_view::npos
                           ? location
                           : location.substr(location.find('/', scheme + 3)));
  }

  // "{uuid1}" up to "{state}" is the latest Location of that session.
  std::string TargetOf(const std::string& path) const {
    const std::size_t begin = path.find("{uuid");
    if (begin == std::string::npos) {
      return path;
    }
    const std::string name = path.substr(begin, path.find('}', begin) + 1 - begin);
    const std::size_t end = path.find("{state}") + std::string_view("{state}").size();
    const auto found = locations_.find(name);
    return found == locations_.end() ? path : found->second + path.substr(end);
  }

  void Learn(const RecordedExchange& exchange, const BenchReply& reply) {
    const std::string name(exchange.headers.Get("Docker-Upload-Uuid"));
    const std::string own(reply.headers.Get("Docker-Upload-Uuid"));
    if (!name.empty() && !own.empty()) {
      names_[own] = name;
      if (reply.headers.Has("Location")) {
        locations_[name] = PathOf(reply.headers.Get("Location"));
      }
    }
  }

  std::string Normal(std::string_view header, std::string_view value) const {
    std::string text(value);
    if (EqualsIgnoringCase(header, "Location") && text.find("://") != std::string::npos) {
      text = "http://registry.test" + PathOf(text);
    }
    for (const auto& [own, name] : names_) {
      text = ReplaceAll(text, own, name);
    }
    const std::size_t state = text.find("_state=");
    if (state != std::string::npos) {
      const std::size_t begin = state + std::string_view("_state=").size();
      text.replace(begin, std::min(text.find('&', begin), text.size()) - begin, "{state}");
    }
    return text;
  }

  void Compare(const RecordedExchange& exchange, const BenchReply& reply) {
    const auto url = Url::Parse("http://registry.test" + exchange.ask.target);
    const auto operation = RowOf(FindRoute(exchange.ask.method, *url).operation).name;
    const std::string code = BenchReply{0, {}, exchange.body.value_or("")}.Code();
    const std::string what =
        Concat({operation.empty() ? exchange.ask.method : operation, " ",
                std::to_string(exchange.status), code.empty() ? "" : " ", code, ": "});
    const auto differ = [&](std::string_view how) { differences_.insert(Concat({what, how})); };
    if (reply.status != exchange.status) {
      differ(Concat({"answered ", std::to_string(reply.status)}));
      return;
    }
    for (const auto& [name, value] : exchange.headers) {
      if (!reply.headers.Has(name)) {
        differ("no " + name);
      } else if (Normal(name, reply.headers.Get(name)) != value) {
        differ(name);
      }
    }
    for (const auto& [name, value] : reply.headers) {
      const auto own = {"date", "connection", "transfer-encoding"};
      if (!exchange.headers.Has(name) &&
          std::find(own.begin(), own.end(), ToLower(name)) == own.end()) {
        differ("also " + name);
      }
    }
    if (exchange.body ? Trim(reply.body) != Trim(*exchange.body)
                      : reply.body.size() != exchange.size) {
      differ("body");
    }
  }

  const Recording& recording_;
  const Send& send_;
  std::map<std::string, std::string> names_;      // of sessions, ours to the recording's
  std::map<std::string, std::string> locations_;  // by the recording's name
  std::set<std::string> differences_;
};

}  // namespace

const std::vector<std::string>& RecordingFiles() {
  static const std::vector<std::string> kFiles = {
      "buildah1.28", "buildah1.39", "buildx",    kCorners,     "docker20", "docker26",
      "imagetools",  "podman4.3",   "podman5.4", "skopeo1.18", "skopeo1.9"};
  return kFiles;
}

std::vector<Recording> LoadRecordings(const std::string& file) {
  std::vector<Recording> recordings;
  const std::string path = Concat({DRYDOCK_SOURCE_DIR, "/tests/captures/traffic/", file, ".jsonl"});
  std::ifstream stream(path);
  EXPECT_TRUE(stream) << path;
  for (std::string text; std::getline(stream, text);) {
    const auto line = json::Parse(text, path);
    EXPECT_TRUE(line) << path;
    if (line) {
      ReadLine(*line, recordings);
    }
  }
  return recordings;
}

std::set<std::string> Differences(const Recording& recording, const Send& send) {
  return Replay(recording, send).Run();
}

std::set<std::string> ListedDifferences() {
  std::ifstream stream(Concat({DRYDOCK_SOURCE_DIR, "/docs/fidelity.md"}));
  std::set<std::string> listed;
  bool within = false;
  for (std::string line; std::getline(stream, line);) {
    if (line.rfind("## ", 0) == 0) {
      within = line == "## Traffic: distribution 2.8";
    } else if (within && line.rfind("| `", 0) == 0) {
      listed.insert(line.substr(3, line.find('`', 3) - 3));
    }
  }
  return listed;
}

std::string Lines(const std::set<std::string>& differences) {
  return Join({differences.begin(), differences.end()}, "\n");
}

}  // namespace drydock::simulator::traffic
