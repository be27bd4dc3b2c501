// What buildx prints with --progress=plain: numbered vertices, their lines, and at the end the
// failed ones again. Spans are virtual time. Threads: actors of one world, in turn.
// Source: standard error of the wire captures.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace drydock::simulator::buildkit {

class Progress {
 public:
  using Vertex = std::size_t;

  explicit Progress(Clock& clock) : clock_(clock) {}

  void Line(std::string_view text);  // outside any vertex
  Vertex Begin(std::string_view name);
  // "#5 <text>".
  void Note(Vertex vertex, std::string_view text);
  // "#5 <text> 0.1s done" since `begun` (on Clock::Elapsed), or "#5 <text> done" when no time went.
  void NoteDone(Vertex vertex, std::string_view text, Duration begun);
  // "#5 0.094 <text>": a line of the work's own output, kept for the failure report.
  void Log(Vertex vertex, std::string_view text);
  void Done(Vertex vertex);
  void Cached(Vertex vertex);
  void Cancel(Vertex vertex);
  void Fail(Vertex vertex, std::string_view error);

  Clock& clock() { return clock_; }
  // Everything so far, and the failed vertices with their last lines.
  std::string Report() const;

 private:
  struct State {
    std::string name;
    Duration begun{};
    std::deque<std::string> log;
    bool failed = false;
  };

  void Print(Vertex vertex, std::string_view text);
  void End(Vertex vertex, std::string_view text);

  Clock& clock_;
  std::deque<State> vertices_;
  Vertex open_ = 0;  // number of the vertex whose block is being printed; 0: none
  std::string text_;
};

}  // namespace drydock::simulator::buildkit
