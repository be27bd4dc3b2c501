#include "simulator/buildkit/progress.h"

#include <array>
#include <cstdio>

#include "core/text.h"

namespace drydock::simulator::buildkit {
namespace {

constexpr std::size_t kLogLinesMax = 10;

// "1.193" or, with one digit, "7.2".
std::string Seconds(Duration span, int digits) {
  std::array<char, 32> text{};
  const double seconds = static_cast<double>(span.count()) / 1e6;
  const int length = std::snprintf(text.data(), text.size(), "%.*f", digits, seconds);
  return std::string(text.data(), static_cast<std::size_t>(length));
}

}  // namespace

void Progress::Line(std::string_view text) { text_ += Concat({text, "\n"}); }

void Progress::Print(Vertex vertex, std::string_view text) {
  const std::string number = Concat({"#", std::to_string(vertex), " "});
  if (open_ != vertex) {
    if (open_ != 0) {
      text_ += Concat({"#", std::to_string(open_), " ...\n"});
    }
    text_ += Concat({text_.empty() ? "" : "\n", number, vertices_[vertex - 1].name, "\n"});
    open_ = vertex;
  }
  text_ += Concat({number, text, "\n"});
}

Progress::Vertex Progress::Begin(std::string_view name) {
  vertices_.push_back({std::string(name), clock_.Elapsed(), {}, false});
  return vertices_.size();
}

void Progress::Note(Vertex vertex, std::string_view text) { Print(vertex, text); }

void Progress::NoteDone(Vertex vertex, std::string_view text, Duration begun) {
  const Duration span = clock_.Elapsed() - begun;
  Print(vertex, span == Duration() ? Concat({text, " done"})
                                   : Concat({text, " ", Seconds(span, 1), "s done"}));
}

void Progress::Log(Vertex vertex, std::string_view text) {
  State& state = vertices_[vertex - 1];
  state.log.push_back(Concat({Seconds(clock_.Elapsed() - state.begun, 3), " ", text}));
  if (state.log.size() > kLogLinesMax) {
    state.log.pop_front();
  }
  Print(vertex, state.log.back());
}

void Progress::End(Vertex vertex, std::string_view text) {
  Print(vertex, text);
  open_ = 0;
}

void Progress::Done(Vertex vertex) {
  const Duration span = clock_.Elapsed() - vertices_[vertex - 1].begun;
  End(vertex, Concat({"DONE ", Seconds(span, 1), "s"}));
}

void Progress::Cached(Vertex vertex) { End(vertex, "CACHED"); }

void Progress::Cancel(Vertex vertex) { End(vertex, "CANCELED"); }

void Progress::Fail(Vertex vertex, std::string_view error) {
  vertices_[vertex - 1].failed = true;
  End(vertex, Concat({"ERROR: ", error}));
}

std::string Progress::Report() const {
  std::string report = text_;
  for (const State& vertex : vertices_) {
    if (!vertex.failed) {
      continue;
    }
    report += Concat({"------\n > ", vertex.name, ":\n"});
    for (const std::string& line : vertex.log) {
      report += Concat({line, "\n"});
    }
    report += "------\n";
  }
  return report;
}

}  // namespace drydock::simulator::buildkit
