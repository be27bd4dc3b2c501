#include "simulator/server/metrics.h"

#include <functional>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "core/text.h"

namespace drydock::simulator {
namespace {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// One metric: its two comment lines, then its samples.
class Metric {
 public:
  Metric(std::string& text, std::string_view name, std::string_view type, std::string_view help)
      : text_(text), name_(name) {
    text_ += Concat({"# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n"});
  }

  void Add(Labels labels, std::uint64_t value) {
    text_ += name_;
    std::string_view before = "{";
    for (const auto& [label, text] : labels) {
      text_ += Concat({before, label, "=\"", Escaped(text), "\""});
      before = ",";
    }
    text_ += Concat({labels.size() == 0 ? "" : "}", " ", std::to_string(value), "\n"});
  }

 private:
  static std::string Escaped(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
      escaped += c == '\n' ? "\\n" : c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    }
    return escaped;
  }

  std::string& text_;
  std::string_view name_;
};

struct WorldMetric {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  std::uint64_t (*value)(const WorldSample&);
};

constexpr WorldMetric kWorldMetrics[] = {
    {"drydock_request_bytes_total", "counter", "Bytes of request bodies received.",
     [](const WorldSample& world) { return world.counts.bytes_in; }},
    {"drydock_response_bytes_total", "counter", "Bytes of response bodies sent.",
     [](const WorldSample& world) { return world.counts.bytes_out; }},
    {"drydock_rejected_total", "counter", "Connections and requests that could not be read.",
     [](const WorldSample& world) { return world.counts.rejected; }},
    {"drydock_uploads_open", "gauge", "Upload sessions that nobody ended.",
     [](const WorldSample& world) { return std::uint64_t{world.held.open_uploads}; }},
    {"drydock_repositories", "gauge", "Repositories held.",
     [](const WorldSample& world) { return std::uint64_t{world.held.repositories}; }},
    {"drydock_tags", "gauge", "Tags held.",
     [](const WorldSample& world) { return std::uint64_t{world.held.tags}; }},
    {"drydock_blobs", "gauge", "Different blobs held.",
     [](const WorldSample& world) { return std::uint64_t{world.held.blobs}; }},
    {"drydock_blob_bytes", "gauge", "Bytes of the blobs held.",
     [](const WorldSample& world) { return world.held.blob_bytes; }},
};

struct FaultMetric {
  std::string_view name;
  std::string_view help;
  std::uint64_t RuleCount::*value;
};

constexpr FaultMetric kFaultMetrics[] = {
    {"drydock_fault_offered_total", "Phase points a fault rule was asked about.",
     &RuleCount::offered},
    {"drydock_fault_matched_total", "Of these, those it was about.", &RuleCount::matched},
    {"drydock_fault_fired_total", "Of these, those it acted on.", &RuleCount::fired},
    {"drydock_fault_seen_total", "Of these, those a client noticed.", &RuleCount::seen},
};

}  // namespace

std::string ToMetrics(const ServerSample& sample) {
  std::string text;
  Metric(text, "drydock_connections_total", "counter", "Connections taken.")
      .Add({}, sample.connections_taken);
  Metric(text, "drydock_connections_open", "gauge", "Connections open now.")
      .Add({}, sample.connections_open);
  Metric(text, "drydock_memory_bytes", "gauge", "Bytes that peers had put into memory.")
      .Add({}, sample.memory_used);
  Metric(text, "drydock_memory_max_bytes", "gauge", "Of these at most; 0: no limit.")
      .Add({}, sample.memory_max);
  Metric(text, "drydock_worlds", "gauge", "Worlds served.").Add({}, sample.worlds.size());
  Metric requests(text, "drydock_requests_total", "counter",
                  "Requests by operation and status; 0 for those without an answer.");
  for (const WorldSample& world : sample.worlds) {
    for (const auto& [what, count] : world.counts.requests) {
      requests.Add({{"world", world.world},
                    {"operation", what.first},
                    {"status", std::to_string(what.second)}},
                   count);
    }
  }
  for (const WorldMetric& row : kWorldMetrics) {
    Metric metric(text, row.name, row.type, row.help);
    for (const WorldSample& world : sample.worlds) {
      metric.Add({{"world", world.world}}, row.value(world));
    }
  }
  for (const FaultMetric& row : kFaultMetrics) {
    Metric metric(text, row.name, "counter", row.help);
    for (const WorldSample& world : sample.worlds) {
      for (const RuleCount& rule : world.faults) {
        metric.Add({{"world", world.world}, {"rule", rule.rule}}, rule.*row.value);
      }
    }
  }
  return text;
}

}  // namespace drydock::simulator
