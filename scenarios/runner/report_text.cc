#include <algorithm>
#include <cmath>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/report.h"
#include "scenarios/runner/timeline.h"
#include "scenarios/runner/wording.h"

namespace drydock::scenarios {
namespace {

std::string Date(TimePoint time) {
  std::string text = FormatRfc3339(time);
  return ReplaceAll(text.substr(0, std::string_view("2026-05-28T06:00:00").size()), "T", " ");
}

class TextReport {
 public:
  TextReport(const ScenarioResult& result, const TextStyle& style)
      : result_(result), style_(style), paint_(style.colour) {}

  std::string Text() {
    if (style_.timeline) {
      text_ += Concat(
          {paint_.Strong(Wrap(result_.title, style_.width, 0, Words())), "\n",
           paint_.Quiet(Concat({result_.file, " · seed ", std::to_string(result_.seed)})), "\n"});
      for (const StepResult& step : result_.main.steps) {
        Step(result_.main, step);
      }
      if (result_.second) {
        for (const StepResult& step : result_.second->steps) {
          Step(*result_.second, step);
        }
      }
      text_ += "\n";
      Summary();
    }
    Failures(result_.main, "");
    if (result_.twin) {
      Failures(*result_.twin, "without the faults");
    }
    if (result_.script) {
      Failures(*result_.script, "by the runbook's script");
    }
    if (result_.second) {
      Failures(*result_.second, "the second run");
    }
    const bool passed = result_.passed();
    text_ += Concat({passed ? paint_.Good("PASS") : paint_.Bad("FAIL"), "  ", result_.file,
                     style_.timeline ? "" : paint_.Quiet(Concat({"  ", TitleBehind(result_.file)})),
                     "\n"});
    return std::move(text_);
  }

 private:
  LongWords Words() const { return style_.terminal ? LongWords::kBroken : LongWords::kWhole; }

  // The title behind the name of a file, as long as there is room.
  std::string TitleBehind(const std::string& file) const {
    const std::size_t used = Columns(file) + std::string_view("PASS    ").size();
    const bool cut = style_.terminal && used + 2 < style_.width;
    return cut ? Cut(result_.title, style_.width - used) : style_.terminal ? "" : result_.title;
  }

  void Step(const Play& play, const StepResult& step) {
    if (step.kind == "wait" || step.kind == "faults") {
      text_ += Concat({"\n", paint_.Quiet(Concat({"   ⋯ ", step.reason})), "\n"});
      return;
    }
    const std::string name = Concat({"── ", step.name, " "});
    const std::string date = Concat({" ", Date(step.began), " ──"});
    std::string rule;
    const std::size_t used = Columns(name) + Columns(date);
    for (std::size_t column = used; column < style_.width; ++column) {
      rule += "─";
    }
    text_ += Concat({"\n", paint_.Strong(name), paint_.Quiet(rule + date), "\n"});
    text_ += TimelineText(EventsOf(play, step), style_);
    if (!step.findings.empty()) {
      Findings(step);
    } else if (!step.verdict.empty()) {
      const std::string line = Concat({Shipped(step) ? "✓ " : "✗ ", step.verdict, " after ",
                                       FormatDuration(step.ended - step.began),
                                       step.reason.empty() ? "" : ": ", Gist(step.reason)});
      const std::string wrapped = Concat({"  ", Wrap(line, style_.width - 4, 4, Words())});
      text_ += Concat({Shipped(step) ? paint_.Good(wrapped) : paint_.Bad(wrapped), "\n"});
    } else if (!step.reason.empty()) {
      text_ += Concat({"  ", Wrap(step.reason, style_.width - 2, 2, Words()), "\n"});
    }
  }

  void Findings(const StepResult& step) {
    constexpr std::size_t kIndent = 18;
    std::string last;
    for (const auto& [field, text_found] : step.findings) {
      // The record to file is a document of its own.
      const std::string found =
          field == "upstream" ? "the record to file: --json prints it" : text_found;
      std::string label = Concat({"  ", field == last ? "" : field});
      label.resize(kIndent, ' ');
      last = field;
      const std::string text = Wrap(Gist(found), style_.width - kIndent, kIndent, Words());
      text_ += Concat({paint_.Quiet(label), field == "cause" ? paint_.Strong(text) : text, "\n"});
    }
  }

  void Summary() {
    for (const FaultReport& fault : result_.main.faults) {
      text_ += Concat({paint_.Quiet(Concat(
                           {"fault ", fault.rule, ": offered ", std::to_string(fault.offered),
                            ", matched ", std::to_string(fault.matched), ", fired ",
                            std::to_string(fault.fired), ", seen ", std::to_string(fault.seen)})),
                       "\n"});
    }
    if (result_.twin) {
      text_ += Concat({paint_.Quiet("without the faults: "), Verdicts(*result_.twin), "\n"});
    }
    if (result_.script) {
      Script();
    }
    for (const MeasuredRate& rate : result_.rates) {
      text_ += Concat(
          {rate.name, ": ", HumanBytes(static_cast<std::uint64_t>(rate.bytes_per_second)), "/s, ",
           Percent(rate.ratio), " of the floor (at least ", Percent(rate.ratio_least), ")\n"});
    }
  }

  // What the runbook's script came to with the same faults, beside drydock's verdicts above.
  void Script() {
    text_ += Concat({paint_.Quiet("by the runbook's script: "), Verdicts(*result_.script), ", ",
                     result_.worse.empty() ? "as good" : "worse", "\n"});
    if (!result_.worse.empty()) {
      const ExpectationFailure& first = result_.worse.front();
      const std::string why = Concat({first.step, first.step.empty() ? "" : ": ", "expected ",
                                      first.expected, ", found ", Gist(first.found)});
      text_ +=
          Concat({paint_.Quiet(Concat({"  ", Wrap(why, style_.width - 4, 2, Words())})), "\n"});
    }
  }

  static std::string Percent(double ratio) {
    return Concat({std::to_string(std::lround(ratio * 100)), " %"});
  }

  // "green, published-and-verified ×2": verdicts of the twin, in order, runs of one joined.
  static std::string Verdicts(const Play& play) {
    std::vector<std::pair<std::string, int>> runs;
    for (const StepResult& step : play.steps) {
      if (step.verdict.empty()) {
        continue;
      }
      if (runs.empty() || runs.back().first != step.verdict) {
        runs.emplace_back(step.verdict, 0);
      }
      ++runs.back().second;
    }
    std::vector<std::string> pieces;
    pieces.reserve(runs.size());
    for (const auto& [verdict, count] : runs) {
      pieces.push_back(count == 1 ? verdict : Concat({verdict, " ×", std::to_string(count)}));
    }
    return Join(pieces, ", ");
  }

  void Failures(const Play& play, std::string_view where) {
    for (const ExpectationFailure& failure : play.failures) {
      text_ += Concat({paint_.Bad("✗ "), where, where.empty() ? "" : ": ",
                       FailureText(failure, play.events, result_.seed)});
    }
  }

  const ScenarioResult& result_;
  const TextStyle& style_;
  Paint paint_;
  std::string text_;
};

}  // namespace

std::string ToText(const ScenarioResult& result, const TextStyle& style) {
  return TextReport(result, style).Text();
}

std::string TimelineText(const std::vector<Event>& events, const TextStyle& style) {
  return Timeline(events, style).Text();
}

namespace {

// As the journal has it, but for header fields and long names: those fill a screen.
std::string JournalLine(Event event) {
  if (auto* exchange = std::get_if<ExchangeEvent>(&event.payload)) {
    exchange->request_headers = {};
    exchange->response_headers = {};
  }
  return Gist(ToJson(event));
}

// A path as a shell takes it.
std::string ShellWord(const std::string& text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+,:@%=";
  return text.find_first_not_of(kPlain) == std::string::npos
             ? text
             : Concat({"'", ReplaceAll(text, "'", "'\\''"), "'"});
}

}  // namespace

std::string FailureText(const ExpectationFailure& failure, const std::vector<Event>& events,
                        std::uint64_t seed) {
  std::string text =
      Concat({failure.file, ":", std::to_string(failure.line), ": ",
              failure.step.empty() ? "the whole run" : failure.step, "\n    expected  ",
              failure.expected, "\n    found     ", Gist(failure.found), "\n"});
  const auto nearest = std::find_if(events.begin(), events.end(), [&](const Event& event) {
    return failure.sequence && event.sequence == *failure.sequence;
  });
  if (nearest != events.end()) {
    text += Concat({"    nearest   ", JournalLine(*nearest), "\n"});
  }
  return Concat({text, "    replay    drydock replay ", ShellWord(failure.file), " --seed ",
                 std::to_string(seed), "\n"});
}

}  // namespace drydock::scenarios
