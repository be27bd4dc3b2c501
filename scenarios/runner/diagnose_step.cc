#include "scenarios/runner/diagnose_step.h"

#include <utility>

#include "core/text.h"
#include "publisher/release/diagnosis.h"
#include "scenarios/runner/check.h"

namespace drydock::scenarios {
namespace {

// The last rejected or lost exchange of the step, if there was one.
const Event* FailingExchange(const StepResult& step, const std::vector<Event>& events) {
  std::vector<Event> own;
  for (const Event& event : events) {
    if (event.sequence >= step.first_sequence && event.sequence < step.end_sequence) {
      own.push_back(event);
    }
  }
  const auto trouble = NearestTrouble(own);
  const auto* exchange = trouble ? std::get_if<ExchangeEvent>(&events[*trouble].payload) : nullptr;
  const bool failed = exchange != nullptr && (exchange->status == 0 || exchange->status >= 400);
  return failed ? &events[*trouble] : nullptr;
}

publisher::Attempt AttemptOf(const StepResult& step, const DiagnosisInput& input) {
  publisher::Attempt attempt;
  attempt.path = step.actor;
  const std::size_t blank = step.name.find(' ');
  attempt.label = blank == std::string::npos ? "" : step.name.substr(blank + 1);
  attempt.time = step.began;
  attempt.succeeded = Shipped(step);
  attempt.cache_export = input.cached.at(step.name);
  if (const std::string& note = input.notes.at(step.name); !note.empty()) {
    attempt.changed = {note};
  }
  attempt.log = step.builder_log;
  const Event* failing = attempt.succeeded ? nullptr : FailingExchange(step, input.events);
  if (failing != nullptr) {
    const auto& exchange = std::get<ExchangeEvent>(failing->payload);
    attempt.time = failing->time;
    attempt.exchange = {
        exchange.method, exchange.url, exchange.status,
        publisher::KindOfBody(exchange.response_headers, exchange.response_excerpt)};
  }
  return attempt;
}

std::string_view FieldOf(publisher::SuspectState state) {
  switch (state) {
    case publisher::SuspectState::kGuilty:
      return "guilty";
    case publisher::SuspectState::kCleared:
      return "cleared";
    case publisher::SuspectState::kOpen:
      break;
  }
  return "open";
}

}  // namespace

void Diagnose(const DiagnosisInput& input, StepResult& result) {
  std::vector<publisher::Attempt> attempts;
  for (const StepResult& step : input.steps) {
    if (!step.verdict.empty()) {
      attempts.push_back(AttemptOf(step, input));
    }
  }
  const publisher::Diagnosis diagnosis = publisher::Diagnose(attempts);
  const auto add = [&](std::string_view field, std::string text) {
    if (!text.empty()) {
      result.findings.emplace_back(field, std::move(text));
    }
  };
  add("cause", std::string(Name(diagnosis.cause)));
  add("summary", diagnosis.summary);
  add("persistence", std::string(Name(diagnosis.persistence)));
  for (const publisher::Suspect& suspect : diagnosis.suspects) {
    add(FieldOf(suspect.state), Concat({suspect.what, ": ", suspect.because}));
  }
  add("first-failure", diagnosis.first_failure ? FormatRfc3339(*diagnosis.first_failure) : "");
  add("last-success",
      diagnosis.last_success_before ? FormatRfc3339(*diagnosis.last_success_before) : "");
  add("request", diagnosis.request_fragment);
  add("shape", diagnosis.failure_shape);
  for (const std::string& line : diagnosis.failed) {
    add("failed", line);
  }
  for (const std::string& line : diagnosis.worked) {
    add("worked", line);
  }
  for (const std::string& image : diagnosis.untagged) {
    add("untagged", image);
  }
  for (const std::string& line : diagnosis.next) {
    add("next", line);
  }
  add("upstream", diagnosis.upstream);
  result.reason = diagnosis.summary;
}

}  // namespace drydock::scenarios
