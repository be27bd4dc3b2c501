#include "tests/unit/buildkit/wire_form.h"

#include <algorithm>
#include <map>
#include <regex>

#include "core/text.h"

namespace drydock::simulator::buildkit {
namespace {

const std::regex& DigestPattern() {
  static const std::regex pattern("sha256(:|%3A)[0-9a-f]{64}");
  return pattern;
}

std::string Quoted(const std::string& text) {
  static const std::regex time(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z)");
  return Concat(
      {"\"",
       std::regex_replace(std::regex_replace(text, DigestPattern(), "<digest>"), time, "<time>"),
       "\""});
}

// `sorted`: lists are in the order of digests, so their order says nothing.
std::string Shape(const json::Value& value, bool sorted) {
  std::vector<std::string> parts;
  if (const json::Value::Array* array = value.as_array()) {
    for (const json::Value& element : *array) {
      parts.push_back(Shape(element, sorted));
    }
    if (sorted) {
      std::sort(parts.begin(), parts.end());
    }
    return Concat({"[", Join(parts, ", "), "]"});
  }
  if (const json::Value::Object* object = value.as_object()) {
    for (const json::Member& member : *object) {
      const bool zero_parent = member.key == "parent" && member.value.as_integer() != -1;
      if (!zero_parent) {  // 0 is left out by Go, so any parent counts as one
        parts.push_back(Concat({member.key, ": ", Shape(member.value, sorted)}));
      }
    }
    return Concat({"{", Join(parts, ", "), "}"});
  }
  if (const std::string* text = value.as_string()) {
    return Quoted(*text);
  }
  return value.as_integer() ? (*value.as_integer() == -1 ? "-1" : "<number>") : value.Excerpt();
}

bool IsCache(const json::Value& body) {
  const std::string whole = Shape(body, false);
  return body.Find("records") != nullptr || whole.find("buildkit/createdat") != std::string::npos;
}

enum class Run { kRead, kBlobs, kManifests };

bool IsBlobPath(const std::string& path) { return path.find("/blobs/") != std::string::npos; }

Run RunOf(const WireExchange& exchange, Run present) {
  if (exchange.path.rfind("/token", 0) == 0) {
    return present;
  }
  if (exchange.method == "GET" ||
      (exchange.method == "HEAD" &&
       exchange.accept.find("manifest.list.v2+json, application") != std::string::npos)) {
    return Run::kRead;
  }
  return IsBlobPath(exchange.path) ? Run::kBlobs : Run::kManifests;
}

std::string PathForm(const WireExchange& exchange,
                     const std::map<std::string, std::string>& kinds) {
  static const std::regex upload(R"(/uploads/[^?/]+\?[^ ]*?(&digest=.*)?$)");
  static const std::regex mount(R"(uploads/\?mount=)");
  std::string path = exchange.path;
  if (!std::regex_search(path, mount)) {
    path = std::regex_replace(path, upload, "/uploads/<id>?<state>$1");
  }
  std::smatch match;
  if (std::regex_search(path, match, DigestPattern())) {
    const std::string digest = ReplaceAll(match.str(), "%3A", ":");
    const auto kind = kinds.find(digest);
    path = match.prefix().str() + "<" + (kind == kinds.end() ? "digest" : kind->second) + ">" +
           match.suffix().str();
  }
  return path;
}

std::string LineOf(const WireExchange& exchange, const std::map<std::string, std::string>& kinds) {
  std::vector<std::string> names;
  const bool token = exchange.path.rfind("/token", 0) == 0;
  for (const std::string& name : exchange.header_names) {
    if (name != "Host" && name != "Content-Length" && !(token && name == "Connection")) {
      names.push_back(name);
    }
  }
  std::string line =
      Concat({exchange.method, " ", PathForm(exchange, kinds), " ", std::to_string(exchange.status),
              " accept=", exchange.accept, " type=", exchange.content_type,
              " agent=", exchange.agent, " headers=", Join(names, ",")});
  if (!exchange.body.is_null()) {
    line += Concat({"\n    ", Shape(exchange.body, IsCache(exchange.body))});
  }
  return line;
}

std::map<std::string, std::string> DigestKinds(const std::vector<WireExchange>& exchanges) {
  std::map<std::string, std::string> kinds;
  for (const WireExchange& exchange : exchanges) {
    std::smatch match;
    if (exchange.method != "PUT" && std::regex_search(exchange.path, match, DigestPattern())) {
      kinds.emplace(match.str(), exchange.accept.substr(0, exchange.accept.find(',')));
    }
  }
  return kinds;
}

// Takes out the last line that begins so.
bool Remove(std::vector<std::string>& lines, const std::string& start) {
  const auto found = std::find_if(lines.rbegin(), lines.rend(), [&](const std::string& line) {
    return line.rfind(start, 0) == 0;
  });
  if (found == lines.rend()) {
    return false;
  }
  lines.erase(std::next(found).base());
  return true;
}

}  // namespace

std::vector<std::string> WireForm(const std::vector<WireExchange>& exchanges, bool copies) {
  const std::map<std::string, std::string> kinds = DigestKinds(exchanges);
  std::vector<std::string> form;
  std::vector<std::string> run;
  Run present = Run::kRead;
  const auto close = [&] {
    std::sort(run.begin(), run.end());
    form.insert(form.end(), run.begin(), run.end());
    run.clear();
  };
  for (const WireExchange& exchange : exchanges) {
    const bool blob = IsBlobPath(exchange.path);
    const Run next = copies ? (blob ? Run::kBlobs : Run::kManifests) : RunOf(exchange, present);
    const bool tag = !copies && next == Run::kManifests &&
                     exchange.path.find("/manifests/sha256") == std::string::npos;
    if (next != present || tag) {
      close();  // a tag's HEAD and PUT keep their places
    }
    present = next;
    run.push_back(LineOf(exchange, kinds));
  }
  close();
  return form;
}

Comparison Compare(const std::vector<WireExchange>& captured,
                   const std::vector<WireExchange>& modelled,
                   const std::vector<Deviation>& deviations, bool copies) {
  std::vector<std::string> left = WireForm(captured, copies);
  std::vector<std::string> right = WireForm(modelled, copies);
  std::vector<std::string> stale;
  for (const Deviation& deviation : deviations) {
    for (const std::string& line : deviation.only_captured) {
      if (!Remove(left, line)) {
        stale.push_back("stale deviation, not captured: " + line);
      }
    }
    for (const std::string& line : deviation.only_modelled) {
      if (!Remove(right, line)) {
        stale.push_back("stale deviation, not modelled: " + line);
      }
    }
  }
  right.insert(right.end(), stale.begin(), stale.end());
  return {Join(left, "\n"), Join(right, "\n")};
}

std::string PlainErrorText(std::string text) {
  static const std::regex upload(R"(uploads/[^/?\s"]+\?\S*?&digest=)");
  static const std::regex address(R"(tcp \S+->registry\.test)");
  text = std::regex_replace(text, DigestPattern(), "sha256$1<hex>");
  text = std::regex_replace(text, upload, "uploads/<id>?<state>&digest=");
  text = std::regex_replace(text, address, "tcp builder->registry.test");
  // Which of the two a half-sent body ends in is a race inside the captured machine.
  text = ReplaceAll(std::move(text), "write: connection reset by peer",
                    "use of closed network connection");
  return ReplaceAll(std::move(text), "https://registry.test", "http://registry.test");
}

std::string FinalError(const std::string& log) {
  const std::size_t at = log.rfind("\nERROR: ");
  if (at == std::string::npos) {
    return log.rfind("ERROR: ", 0) == 0 ? PlainErrorText(std::string(Trim(log))) : "";
  }
  return PlainErrorText(std::string(Trim(std::string_view(log).substr(at))));
}

}  // namespace drydock::simulator::buildkit
