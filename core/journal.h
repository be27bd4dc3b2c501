// The one append-only record of a run. Reports, assertions, exports and failure output all read it;
// there is no logger beside it. Credentials are removed at the door: Append redacts, so nothing
// that reads a journal can leak one. Threads: Append and Snapshot may be called from any thread.
// Source: docs/adr/0004-one-journal.md.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/http.h"

namespace drydock {

// One request and what came back, as the client saw it.
struct ExchangeEvent {
  std::uint64_t ordinal = 0;  // 1, 2, … in order of arrival at the servers
  std::string method;
  std::string url;
  std::string operation;   // the server's name for the route, "" when it has none
  std::string repository;  // "" when the route has none
  std::string reference;   // tag or digest, "" when the route has none
  Headers request_headers;
  std::uint64_t request_bytes = 0;  // body bytes the server received
  int status = 0;                   // 0: no answer reached the client
  std::string reason;
  Headers response_headers;
  std::uint64_t response_bytes = 0;  // body bytes sent to the client
  std::string response_excerpt;      // the beginning of a 4xx or 5xx body, at most 2 KiB
  std::string lost;                  // why no complete answer arrived ("" when one did)
};

// A fault rule acted on an exchange.
struct FaultEvent {
  std::string rule;
  std::string phase;
  std::string effect;
  std::uint64_t exchange = 0;  // ordinal of the exchange
  std::string key;             // the counter key's value
};

// An actor waited on purpose (a retry pause, a schedule).
struct WaitEvent {
  Duration span{};
  std::string reason;
};

// A named piece of work began or ended.
struct StepEvent {
  enum class Edge { kBegin, kEnd };
  std::string step;
  Edge edge = Edge::kBegin;
  std::string outcome;  // at kEnd: "ok", "skipped", "failed", …
  std::string detail;
};

// A tag came to point somewhere else. Empty means: was not there, or was deleted.
struct TagEvent {
  std::string host;
  std::string repository;
  std::string tag;
  std::string from;
  std::string to;
};

// A line of a program's output or an observation worth a line in the report.
struct NoteEvent {
  std::string text;
};

using EventPayload =
    std::variant<ExchangeEvent, FaultEvent, WaitEvent, StepEvent, TagEvent, NoteEvent>;

struct Event {
  std::uint64_t sequence = 0;
  TimePoint time{};
  std::string actor;  // who did it: "ci", "host", "hub", …
  EventPayload payload;
};

class Journal {
 public:
  // `clock` stamps the events and must outlive the journal.
  explicit Journal(Clock& clock) : clock_(clock) {}
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Redacts, stamps and stores. Returns the event's sequence number.
  std::uint64_t Append(std::string_view actor, EventPayload payload);
  // Events from `first_sequence` on, copied; dropped ones are missing.
  std::vector<Event> Snapshot(std::uint64_t first_sequence = 0) const;
  // Events ever appended.
  std::uint64_t size() const;
  // Lets go of the events before `sequence`; for programs that run for days and have written them
  // down. Sequence numbers go on as before.
  void DropBefore(std::uint64_t sequence);
  // All events as JSON lines, one object an event, the same bytes for the same run.
  std::string ToJsonLines() const;

 private:
  Clock& clock_;
  mutable std::mutex mutex_;
  std::deque<Event> events_;
  std::uint64_t dropped_ = 0;
};

// One event as one line of JSON without a newline.
std::string ToJson(const Event& event);

// What Append applies: header values and query parameters that carry credentials or signatures
// become "REDACTED"; so do token members in a JSON excerpt. Keeps the scheme word of Authorization.
Headers Redacted(Headers headers);
std::string RedactedUrl(std::string_view url);
std::string RedactedText(std::string_view text);

}  // namespace drydock
