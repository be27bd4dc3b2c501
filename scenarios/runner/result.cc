#include "scenarios/runner/result.h"

#include <algorithm>
#include <iterator>

namespace drydock::scenarios {

bool Shipped(const StepResult& step) {
  return step.verdict == "green" || step.verdict == "published-and-verified";
}

std::uint64_t BlobBytes(const std::vector<Event>& events) {
  std::uint64_t bytes = 0;
  for (const Event& event : events) {
    const auto* exchange = std::get_if<ExchangeEvent>(&event.payload);
    if (exchange != nullptr && exchange->operation.rfind("upload.", 0) == 0) {
      bytes += exchange->request_bytes;
    }
  }
  return bytes;
}

std::vector<Event> EventsOf(const Play& play, const StepResult& step) {
  std::vector<Event> events;
  std::copy_if(play.events.begin(), play.events.end(), std::back_inserter(events),
               [&](const Event& event) {
                 return event.sequence >= step.first_sequence && event.sequence < step.end_sequence;
               });
  return events;
}

}  // namespace drydock::scenarios
