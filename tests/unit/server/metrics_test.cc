// The metrics, read by a parser as strict as Prometheus' own.
#include "simulator/server/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/text.h"
#include "simulator/faults/read_rules.h"
#include "tests/unit/server/served_hub.h"

namespace drydock::simulator {
namespace {

bool IsMetricName(std::string_view text) {
  return !text.empty() && (text[0] < '0' || text[0] > '9') &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

// Takes `{a="b",c="d"}` from the front; nullopt when it is broken. Gives it with the values
// unescaped.
std::optional<std::string> TakeLabels(std::string_view& rest) {
  std::string taken = "{";
  rest.remove_prefix(1);
  while (!rest.empty() && rest[0] != '}') {
    const std::size_t equals = rest.find("=\"");
    if (equals == std::string_view::npos || !IsMetricName(rest.substr(0, equals))) {
      return std::nullopt;
    }
    taken += Concat({rest.substr(0, equals), "="});
    rest.remove_prefix(equals + 2);
    while (!rest.empty() && rest[0] != '"') {
      if (rest[0] == '\\') {
        rest.remove_prefix(1);
        if (rest.empty() || std::string_view("\\\"n").find(rest[0]) == std::string_view::npos) {
          return std::nullopt;
        }
        taken += rest[0] == 'n' ? '\n' : rest[0];
      } else {
        taken += rest[0];
      }
      rest.remove_prefix(1);
    }
    rest.remove_prefix(std::min<std::size_t>(1, rest.size()));
    if (!rest.empty() && rest[0] == ',') {
      rest.remove_prefix(1);
      taken += ",";
    }
  }
  if (rest.empty()) {
    return std::nullopt;
  }
  rest.remove_prefix(1);
  return taken + "}";
}

// Samples by name and labels. Every sample stands below the HELP and TYPE of its metric, which come
// once.
std::map<std::string, std::uint64_t> Samples(const std::string& text) {
  std::map<std::string, std::uint64_t> samples;
  std::set<std::string> metrics;
  std::string metric;
  EXPECT_EQ('\n', text.back());
  for (const std::string& line : Split(std::string_view(text).substr(0, text.size() - 1), '\n')) {
    if (line.substr(0, 7) == "# HELP ") {
      metric = Split(line, ' ')[2];
      EXPECT_TRUE(metrics.insert(metric).second) << line;
      continue;
    }
    if (line.substr(0, 7) == "# TYPE ") {
      const auto words = Split(line, ' ');
      EXPECT_EQ(4U, words.size()) << line;
      EXPECT_EQ(metric, words[2]);
      EXPECT_TRUE(words[3] == "counter" || words[3] == "gauge") << line;
      EXPECT_EQ(words[3] == "counter", metric.substr(metric.size() - 6) == "_total") << line;
      continue;
    }
    std::string_view rest = line;
    const std::size_t end = rest.find_first_of("{ ");
    EXPECT_EQ(metric, rest.substr(0, end)) << line;
    rest.remove_prefix(std::min(end, rest.size()));
    const auto labels = !rest.empty() && rest[0] == '{' ? TakeLabels(rest) : "";
    const auto value = ParseUnsigned(rest.substr(std::min<std::size_t>(1, rest.size())));
    EXPECT_TRUE(labels && value && rest[0] == ' ') << line;
    EXPECT_TRUE(samples.emplace(metric + labels.value_or("?"), value.value_or(0)).second) << line;
  }
  return samples;
}

TEST(Metrics, EscapeWhatPeopleName) {
  ServerSample sample;
  sample.worlds.push_back({"w", {}, {}, {{"a \"b\" \\ \n c", true, 4, 3, 2, 1}}});
  const auto samples = Samples(ToMetrics(sample));
  EXPECT_EQ(2U, samples.at("drydock_fault_fired_total{world=w,rule=a \"b\" \\ \n c}"));
  EXPECT_EQ(1U, samples.at("drydock_worlds"));
}

TEST(Metrics, CountWhatHappens) {
  ServerOptions options = ServedHub::Plain();
  options.faults = *ParseFaultFile(
      R"({"faults": [{"name": "f", "when": {"operation": "tags.list"},
                      "do": {"reply": {"status": 429}}}]})",
      "test");
  ServedHub hub(std::move(options));
  ServedHub::Push(*hub.client, "app/one", "bytes");
  hub.Ask("GET", "/v2/");
  hub.Ask("GET", "/v2/");
  hub.Ask("GET", "/v2/app/one/tags/list");
  hub.Ask("POST", "/v2/app/one/blobs/uploads/");
  const auto answer = hub.Ask("GET", "/_drydock/v1/metrics");
  EXPECT_EQ(kMetricsType, answer.Field("Content-Type"));
  const auto samples = Samples(answer.body);
  EXPECT_EQ(2U, samples.at("drydock_requests_total{world=default,operation=ping,status=200}"));
  EXPECT_EQ(1U, samples.at("drydock_requests_total{world=default,operation=tags.list,status=429}"));
  EXPECT_EQ(1U, samples.at("drydock_fault_fired_total{world=default,rule=f}"));
  EXPECT_EQ(5U, samples.at("drydock_request_bytes_total{world=default}"));
  EXPECT_EQ(1U, samples.at("drydock_uploads_open{world=default}"));
  EXPECT_EQ(1U, samples.at("drydock_blobs{world=default}"));
  EXPECT_EQ(5U, samples.at("drydock_blob_bytes{world=default}"));
  EXPECT_EQ(0U, samples.at("drydock_tags{world=default}"));
  EXPECT_EQ(1U, samples.at("drydock_connections_open"));
}

}  // namespace
}  // namespace drydock::simulator
