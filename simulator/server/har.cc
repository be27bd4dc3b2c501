#include "simulator/server/har.h"

#include <nlohmann/json.hpp>
#include <variant>

#include "core/text.h"

namespace drydock::simulator {
namespace {

using Json = nlohmann::ordered_json;

Json HarFields(const Headers& headers) {
  Json list = Json::array();
  for (const auto& [name, value] : headers) {
    list.push_back({{"name", name}, {"value", value}});
  }
  return list;
}

Json HarQuery(std::string_view url) {
  Json list = Json::array();
  const std::size_t question = url.find('?');
  if (question == std::string_view::npos) {
    return list;
  }
  for (const std::string& pair : Split(url.substr(question + 1), '&')) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string value = pair.substr(std::min(equals + 1, pair.size()));
    list.push_back({{"name", PercentDecode(std::string_view(pair).substr(0, equals))},
                    {"value", PercentDecode(value)}});
  }
  return list;
}

Json HarEntry(const Event& event, const ExchangeEvent& exchange) {
  Json content = {{"size", exchange.response_bytes},
                  {"mimeType", exchange.response_headers.Get("Content-Type")}};
  if (!exchange.response_excerpt.empty()) {
    content["text"] = exchange.response_excerpt;
  }
  Json entry = {{"startedDateTime", FormatRfc3339(event.time)},
                {"time", 0},
                {"request",
                 {{"method", exchange.method},
                  {"url", exchange.url},
                  {"httpVersion", "HTTP/1.1"},
                  {"cookies", Json::array()},
                  {"headers", HarFields(exchange.request_headers)},
                  {"queryString", HarQuery(exchange.url)},
                  {"headersSize", -1},
                  {"bodySize", exchange.request_bytes}}},
                {"response",
                 {{"status", exchange.status},
                  {"statusText", exchange.reason},
                  {"httpVersion", "HTTP/1.1"},
                  {"cookies", Json::array()},
                  {"headers", HarFields(exchange.response_headers)},
                  {"content", std::move(content)},
                  {"redirectURL", exchange.response_headers.Get("Location")},
                  {"headersSize", -1},
                  {"bodySize", exchange.response_bytes}}},
                {"cache", Json::object()},
                {"timings", {{"send", 0}, {"wait", 0}, {"receive", 0}}}};
  if (!exchange.lost.empty()) {
    entry["comment"] = exchange.lost;
  }
  return entry;
}

}  // namespace

std::string ToHar(const std::vector<Event>& events) {
  Json entries = Json::array();
  for (const Event& event : events) {
    if (const auto* exchange = std::get_if<ExchangeEvent>(&event.payload)) {
      entries.push_back(HarEntry(event, *exchange));
    }
  }
  const Json har = {{"log",
                     {{"version", "1.2"},
                      {"creator", {{"name", "drydock"}, {"version", "1"}}},
                      {"entries", std::move(entries)}}}};
  return har.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace drydock::simulator
