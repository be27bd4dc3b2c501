// Turns journal events into lines for people: traffic that went as usual is summed up, everything
// worth a look gets a line of its own. Internal to the reports. Threads: a value.
// Source: issue 2 section 6.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/journal.h"
#include "scenarios/runner/report.h"
#include "scenarios/runner/wording.h"

namespace drydock::scenarios {

class Timeline {
 public:
  // `events` may be a stretch of a journal; it must outlive the Timeline.
  Timeline(const std::vector<Event>& events, const TextStyle& style);
  std::string Text();

 private:
  // Traffic of one actor with one server that needs no line of its own.
  struct Usual {
    TimePoint last{};
    std::uint64_t blobs = 0;
    std::uint64_t bytes = 0;
    std::uint64_t already = 0;
    std::uint64_t manifests = 0;
    std::vector<std::string> missing;
  };
  // Refusals alike, one after another: shown as one line.
  struct Refusals {
    TimePoint time{};
    std::string peer;
    std::string asked;   // "PUT blob 0123456789ab"
    std::string answer;  // " ⚡ edge: 400 Bad request, HTML"
    std::string kind;    // what makes them alike
    std::uint64_t count = 0;
    bool fault = false;
  };
  struct Entry {
    TimePoint time{};
    std::string who;
    std::string peer;  // the server asked; "" for what an actor does by itself
    std::string text;
    std::string (Paint::*paint)(std::string_view) const = nullptr;
  };
  struct Actor {
    std::map<std::string, Usual> usual;  // by peer
    std::vector<std::string> skipped;    // steps left out, one after another
    TimePoint skipped_at{};
    Refusals refusals;
    std::string put;  // short digest of the last tag it put
  };

  void Add(const Event& event);
  void AddExchange(const Event& event, const ExchangeEvent& exchange);
  void AddStep(const Event& event, const StepEvent& step);
  void AddRefusal(const Event& event, const ExchangeEvent& exchange);
  void AddTagPut(const Event& event, const ExchangeEvent& exchange);
  bool Sum(const Event& event, const ExchangeEvent& exchange, Usual& usual) const;
  void Flush(const std::string& actor);
  void FlushUsual(const std::string& actor);
  void FlushSkipped(const std::string& actor);
  void FlushRefusals(const std::string& actor);
  void FlushAll();
  void Line(TimePoint time, std::string_view who, std::string_view text,
            std::string (Paint::*paint)(std::string_view) const, std::string_view peer = "");
  std::string Rendered() const;

  const std::vector<Event>& events_;
  TextStyle style_;
  Paint paint_;
  std::map<std::uint64_t, std::vector<const FaultEvent*>> faults_;  // by exchange
  std::map<std::string, Actor> actors_;
  std::map<std::string, TagEvent> moved_;  // tags whose PUT has not been seen yet
  std::vector<Entry> lines_;
};

}  // namespace drydock::scenarios
