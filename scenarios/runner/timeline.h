// Turns journal events into lines for people: traffic that went as usual is summed up, everything
// worth a look gets a line of its own. Internal to the reports. Threads: a value.
// Source: issue 2 section 6.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/journal.h"
#include "scenarios/runner/report.h"

namespace drydock::scenarios {

// Colours by meaning.
class Paint {
 public:
  explicit Paint(bool colour) : colour_(colour) {}
  std::string Bad(std::string_view text) const { return Wrapped("31", text); }
  std::string Good(std::string_view text) const { return Wrapped("32", text); }
  std::string Warn(std::string_view text) const { return Wrapped("33", text); }
  std::string Quiet(std::string_view text) const { return Wrapped("2", text); }
  std::string Strong(std::string_view text) const { return Wrapped("1", text); }

 private:
  std::string Wrapped(std::string_view code, std::string_view text) const;
  bool colour_;
};

// At most `columns` columns of `text`, "…" last when it was longer. Counts UTF-8 code points.
std::string Cut(std::string_view text, std::size_t columns);
// "hub", "token service", "npm": a server's name as people say it.
std::string PeerName(std::string_view url);
// What an exchange asked and what it got, in one line without time or actor.
std::string ExchangeText(const ExchangeEvent& exchange);

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
    std::uint64_t reads = 0;
    std::vector<std::string> missing;
  };

  void Add(const Event& event);
  void AddExchange(const Event& event, const ExchangeEvent& exchange);
  void AddStep(const Event& event, const StepEvent& step);
  bool Sum(const Event& event, const ExchangeEvent& exchange, Usual& usual) const;
  void Flush(const std::string& actor);
  void FlushAll();
  void Line(TimePoint time, std::string_view who, std::string text,
            std::string (Paint::*paint)(std::string_view) const);

  const std::vector<Event>& events_;
  TextStyle style_;
  Paint paint_;
  std::map<std::uint64_t, std::vector<const FaultEvent*>> faults_;  // by exchange
  std::map<std::string, std::map<std::string, Usual>> usual_;       // by actor and peer
  std::map<std::string, TagEvent> moved_;  // tags whose PUT has not been seen yet
  TimePoint day_{};
  std::string text_;
};

}  // namespace drydock::scenarios
