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
// `text` broken at blanks into lines of at most `columns` columns (a longer word stays whole), all
// but the first after `indent` blanks.
std::string Wrap(std::string_view text, std::size_t columns, std::size_t indent);
// The text without what no person reads: digests and upload ids to their beginnings, the values of
// _state left out, the builder's "ERROR: failed to solve: " dropped.
std::string Gist(std::string_view text);
// "hub", "token service", "npm": a server's name as people say it.
std::string PeerName(std::string_view url);
// What came back, in one line: "400 Bad request, HTML".
std::string AnswerText(const ExchangeEvent& exchange);

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
  struct Actor {
    std::map<std::string, Usual> usual;  // by peer
    std::vector<std::string> skipped;    // steps left out, one after another
    TimePoint skipped_at{};
    std::string put;  // short digest of the last tag it put
  };

  void Add(const Event& event);
  void AddExchange(const Event& event, const ExchangeEvent& exchange);
  void AddStep(const Event& event, const StepEvent& step);
  void AddTagPut(const Event& event, const ExchangeEvent& exchange);
  bool Sum(const Event& event, const ExchangeEvent& exchange, Usual& usual) const;
  void Flush(const std::string& actor);
  void FlushUsual(const std::string& actor);
  void FlushSkipped(const std::string& actor);
  void FlushAll();
  void Line(TimePoint time, std::string_view who, std::string_view text,
            std::string (Paint::*paint)(std::string_view) const);

  const std::vector<Event>& events_;
  TextStyle style_;
  Paint paint_;
  std::map<std::uint64_t, std::vector<const FaultEvent*>> faults_;  // by exchange
  std::map<std::string, Actor> actors_;
  std::map<std::string, TagEvent> moved_;  // tags whose PUT has not been seen yet
  TimePoint day_{};
  std::string text_;
};

}  // namespace drydock::scenarios
