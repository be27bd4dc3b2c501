#include "scenarios/report/report_data.h"

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/http.h"
#include "core/text.h"
#include "scenarios/runner/wording.h"

namespace drydock::scenarios {
namespace {

using Json = nlohmann::ordered_json;

std::string Text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void Put(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) {
    json[key] = text;
  }
}

// Numbers what comes again and again.
class Table {
 public:
  std::size_t Number(Json value) {
    const auto [at, is_new] = numbers_.try_emplace(Text(value), numbers_.size());
    if (is_new) {
      values_.push_back(std::move(value));
    }
    return at->second;
  }
  Json values() const { return values_; }

 private:
  std::map<std::string, std::size_t> numbers_;
  Json values_ = Json::array();
};

struct Tables {
  Table headers;
  Table bodies;
};

Json Numbers(const Headers& headers, Table& table) {
  Json numbers = Json::array();
  for (const auto& [name, value] : headers) {
    numbers.push_back(table.Number(Json::array({name, value})));
  }
  return numbers;
}

// An event's own members; times and who did it are added by the caller.
struct EventWriter {
  Json& json;
  Tables& tables;

  void operator()(const ExchangeEvent& event) const {
    json["k"] = "exchange";
    json["ordinal"] = event.ordinal;
    json["method"] = event.method;
    json["url"] = event.url;
    json["lane"] = LaneOf(event);
    json["about"] = Subject(event);
    Put(json, "operation", event.operation);
    Put(json, "reference", event.reference);
    json["sent"] = event.request_bytes;
    json["status"] = event.status;
    Put(json, "reason", event.reason);
    json["got"] = event.response_bytes;
    json["answer"] = AnswerText(event);
    Put(json, "lost", event.lost);
    json["q"] = Numbers(event.request_headers, tables.headers);
    json["r"] = Numbers(event.response_headers, tables.headers);
    if (!event.response_excerpt.empty()) {
      json["body"] = tables.bodies.Number(event.response_excerpt);
    }
  }
  void operator()(const FaultEvent& event) const {
    json["k"] = "fault";
    json["rule"] = event.rule;
    json["phase"] = event.phase;
    json["effect"] = event.effect;
    json["exchange"] = event.exchange;
    Put(json, "key", event.key);
  }
  void operator()(const WaitEvent& event) const {
    json["k"] = "wait";
    json["span"] = event.span.count();
    json["reason"] = event.reason;
  }
  void operator()(const StepEvent& event) const {
    json["k"] = event.edge == StepEvent::Edge::kBegin ? "begin" : "end";
    json["step"] = event.step;
    Put(json, "outcome", event.outcome);
    Put(json, "detail", Gist(event.detail));
  }
  void operator()(const TagEvent& event) const {
    json["k"] = "tag";
    json["tag"] = Concat({event.repository, ":", event.tag});
    Put(json, "from", event.from);
    Put(json, "to", event.to);
  }
  void operator()(const NoteEvent& event) const {
    json["k"] = "note";
    json["text"] = event.text;
  }
};

Json StepData(const StepResult& step, TimePoint origin) {
  Json json = {{"name", step.name},
               {"kind", step.kind},
               {"line", step.line},
               {"began", (step.began - origin).count()},
               {"ended", (step.ended - origin).count()},
               {"first", step.first_sequence},
               {"end", step.end_sequence}};
  Put(json, "reason", RedactedText(Gist(step.reason)));
  Put(json, "output", RedactedText(step.output));
  if (!step.verdict.empty()) {
    json["verdict"] = step.verdict;
    json["shipped"] = Shipped(step);
    json["exitCode"] = step.exit_code;
    json["builds"] = step.builds;
    json["blobBytes"] = step.blob_bytes;
  }
  for (const PartResult& part : step.parts) {
    json["parts"].push_back(Json::array({part.part, part.outcome, Gist(part.detail)}));
  }
  for (const auto& [field, text] : step.findings) {
    json["findings"].push_back(Json::array({field, RedactedText(text)}));
  }
  return json;
}

Json FailureData(const ExpectationFailure& failure) {
  Json json = {{"line", failure.line},
               {"step", failure.step},
               {"expected", failure.expected},
               {"found", RedactedText(Gist(failure.found))}};
  if (failure.sequence) {
    json["at"] = *failure.sequence;
  }
  return json;
}

Json ObservationData(const Observation& seen) {
  Json json = FailureData({"", seen.line, seen.step, seen.expected, seen.found, seen.sequence});
  json["holds"] = seen.holds;
  return json;
}

Json PlayData(std::string_view key, std::string_view label, const Play& play, Tables& tables) {
  const TimePoint origin = play.steps.empty() ? TimePoint() : play.steps.front().began;
  Json json = {{"key", key},
               {"label", label},
               {"passed", play.passed()},
               {"origin", FormatRfc3339(origin)},
               {"steps", Json::array()},
               {"faults", Json::array()},
               {"seen", Json::array()},
               {"failures", Json::array()},
               {"events", Json::array()}};
  for (const StepResult& step : play.steps) {
    json["steps"].push_back(StepData(step, origin));
  }
  for (const FaultReport& fault : play.faults) {
    json["faults"].push_back(
        Json::array({fault.rule, fault.offered, fault.matched, fault.fired, fault.seen}));
  }
  json["tags"] = play.tags;
  for (const Observation& seen : play.observations) {
    json["seen"].push_back(ObservationData(seen));
  }
  for (const ExpectationFailure& failure : play.failures) {
    json["failures"].push_back(FailureData(failure));
  }
  for (const Event& event : play.events) {
    Json entry = {{"n", event.sequence}, {"t", (event.time - origin).count()}, {"a", event.actor}};
    std::visit(EventWriter{entry, tables}, event.payload);
    json["events"].push_back(std::move(entry));
  }
  return json;
}

std::uint64_t Exchanges(const Play& play) {
  std::uint64_t count = 0;
  for (const Event& event : play.events) {
    count += std::holds_alternative<ExchangeEvent>(event.payload) ? 1U : 0U;
  }
  return count;
}

}  // namespace

std::string LaneOf(const ExchangeEvent& exchange) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kOperations = {{
      {"cdn.", "CDN"},
      {"forge.", "forge"},
      {"hub.", "Hub API"},
      {"npm.", "npm"},
      {"token", "token service"},
  }};
  for (const auto& [prefix, lane] : kOperations) {
    if (exchange.operation.starts_with(prefix)) {
      return std::string(lane);
    }
  }
  std::string peer = PeerName(exchange.url);
  if (peer == "token service" || peer == "npm") {
    return peer;
  }
  const bool registry = peer == "hub" || exchange.operation.find('.') != std::string::npos ||
                        exchange.operation == "ping";
  return registry ? "registry" : peer;
}

std::string ReportData(const ScenarioResult& result) {
  Tables tables;
  Json json = {{"file", result.file},       {"title", result.title}, {"about", result.about},
               {"sources", result.sources}, {"seed", result.seed},   {"passed", result.passed()},
               {"plays", Json::array()}};
  json["plays"].push_back(PlayData("run", "As written", result.main, tables));
  if (result.script) {
    Json script = PlayData("script", "By the runbook's script", *result.script, tables);
    script["worse"] = Json::array();
    for (const ExpectationFailure& each : result.worse) {
      script["worse"].push_back(FailureData(each));
    }
    json["plays"].push_back(std::move(script));
  }
  if (result.twin) {
    json["plays"].push_back(PlayData("twin", "Without the faults", *result.twin, tables));
  }
  if (result.second) {
    json["plays"].push_back(PlayData("second", "Second run", *result.second, tables));
  }
  for (const MeasuredRate& rate : result.rates) {
    json["rates"].push_back(Json{{"name", rate.name},
                                 {"bytesPerSecond", rate.bytes_per_second},
                                 {"ratio", rate.ratio},
                                 {"least", rate.ratio_least}});
  }
  json["headers"] = tables.headers.values();
  json["bodies"] = tables.bodies.values();
  return Text(json);
}

std::string ReportIndex(const std::vector<Played>& played) {
  Json list = Json::array();
  for (const Played& each : played) {
    Json json = {{"file", each.file}};
    if (each.outcome) {
      const Play& run = each.outcome->main;
      json["title"] = each.outcome->title;
      json["passed"] = each.outcome->passed();
      json["exchanges"] = Exchanges(run);
      std::uint64_t fired = 0;
      for (const FaultReport& fault : run.faults) {
        fired += fault.fired;
      }
      json["fired"] = fired;
      json["verdicts"] = Json::array();
      for (const StepResult& step : run.steps) {
        if (!step.verdict.empty()) {
          json["verdicts"].push_back(Json::array({step.verdict, Shipped(step)}));
        }
      }
    } else {
      json["error"] = each.outcome.error().message();
    }
    list.push_back(std::move(json));
  }
  // "<" only ever stands inside strings, where JSON has another way to write it; without it no text
  // can end the element that the data stands in.
  return ReplaceAll(Text(list), "<", "\\u003c");
}

}  // namespace drydock::scenarios
