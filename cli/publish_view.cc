#include "cli/publish_view.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/colour.h"
#include "core/text.h"

namespace drydock::cli {
namespace {

using publisher::CheckResult;
using publisher::PreflightCheck;
using publisher::StepOutcome;
using publisher::StepRecord;

constexpr auto kTick = std::chrono::milliseconds(250);
constexpr Duration kRateOver = std::chrono::seconds(5);
constexpr std::size_t kColumnsUsual = 80;
constexpr std::size_t kCheckColumn = 14;

std::string_view ColourOf(StepOutcome outcome) {
  switch (outcome) {
    case StepOutcome::kRan:
      return "32";
    case StepOutcome::kFailed:
      return "31";
    case StepOutcome::kSkipped:
    case StepOutcome::kNotReached:
      return "36";
  }
  return "0";
}

std::string_view ColourOf(CheckResult result) {
  switch (result) {
    case CheckResult::kPassed:
      return "32";
    case CheckResult::kWarned:
      return "33";
    case CheckResult::kFailed:
      return "31";
    case CheckResult::kSkipped:
      return "36";
  }
  return "0";
}

Duration WholeSeconds(Duration span) {
  return std::chrono::duration_cast<std::chrono::seconds>(span);
}

// Begins, rather than has ended or is only planned.
bool Begins(const StepRecord& step) {
  return step.outcome == StepOutcome::kNotReached && step.detail.empty();
}

std::string CheckLine(const PreflightCheck& check) {
  return Concat({PadRight(check.name, kCheckColumn), check.found,
                 check.remedy.empty() ? "" : Concat({"; ", check.remedy})});
}

std::size_t Columns() {
  winsize size{};
  const bool told = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return told ? size.ws_col : kColumnsUsual;
}

}  // namespace

PublishView::Form PublishView::FormForPeople() {
  return ::isatty(STDOUT_FILENO) == 1 ? Form::kLive : Form::kLines;
}

PublishView::PublishView(Setting setting, publisher::StepTimes& times, Clock& clock)
    : form_(setting.form),
      colour_(MayColour(STDOUT_FILENO)),
      steps_(std::move(setting.steps)),
      release_(std::move(setting.release)),
      times_(times),
      clock_(clock) {
  if (form_ == Form::kLive) {
    ticker_ = std::thread([this] { Tick(); });
  }
}

PublishView::~PublishView() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
    Wipe();
  }
  ended_.notify_all();
  if (ticker_.joinable()) {
    ticker_.join();
  }
}

void PublishView::Tick() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kTick, [this] { return end_; })) {
    Wipe();
    Draw();
  }
}

void PublishView::Wipe() {
  if (drawn_) {
    std::cout << "\r\x1b[K" << std::flush;
    drawn_ = false;
  }
}

void PublishView::Draw() {
  if (form_ == Form::kLive && !end_ && !step_.empty() && at_line_start_) {
    // A line that wraps could not be taken away again.
    std::string text = LiveText();
    std::size_t length = std::min(text.size(), Columns() - 1);
    while (length > 0 && length < text.size() && (text[length] & 0xC0) == 0x80) {
      --length;  // not through a character
    }
    text.resize(length);
    std::cout << Paint(text, "2") << std::flush;
    drawn_ = true;
  }
}

// "   variant:omos 3m 12s of about 5m, 142.0 MB sent, 5.1 MB/s, about 12m left"; in place of the
// rate "waits 15s: build of v1: …" while nothing is sent on purpose.
std::string PublishView::LiveText() {
  const Duration now = clock_.Elapsed();
  const Duration elapsed = now - began_;
  std::string text = Concat({"   ", step_, " ", FormatDuration(WholeSeconds(elapsed))});
  if (const auto usual = times_.Usual(step_); usual && *usual >= std::chrono::seconds(1)) {
    text += Concat({" of about ", FormatDuration(WholeSeconds(*usual))});
  }
  const std::uint64_t bytes = *sent_;
  samples_.emplace_back(now, bytes);
  while (samples_.size() > 2 && now - samples_.front().first > kRateOver) {
    samples_.pop_front();
  }
  const bool waits = waits_until_ > now;
  if (bytes > sent_before_ && !waits) {
    const auto& [since, before] = samples_.front();
    const double seconds = std::chrono::duration<double>(now - since).count();
    const auto rate = seconds > 0 ? static_cast<double>(bytes - before) / seconds : 0.0;
    text += Concat({", ", HumanBytes(bytes - sent_before_), " sent, ",
                    HumanBytes(static_cast<std::uint64_t>(rate)), "/s"});
  }
  const auto here = std::find(steps_.begin(), steps_.end(), step_);
  const std::vector<std::string> later(here == steps_.end() ? here : here + 1, steps_.end());
  const auto left = times_.Left(step_, elapsed, later);
  if (left && *left >= std::chrono::seconds(1)) {
    text += Concat({", about ", FormatDuration(WholeSeconds(*left)), " left"});
  }
  if (waits) {  // last, since it may be cut off
    const auto rest = std::chrono::ceil<std::chrono::seconds>(waits_until_ - now);
    text += Concat({", waits ", FormatDuration(rest), ": ", waits_for_});
  }
  return text;
}

std::string PublishView::Paint(std::string_view text, std::string_view colour) const {
  return colour_ ? Concat({"\x1b[", colour, "m", text, "\x1b[0m"}) : std::string(text);
}

void PublishView::Print(const std::string& line) {
  Wipe();
  std::cout << line << std::endl;
  Draw();
}

void PublishView::PrintJson(std::string_view event,
                            const std::vector<std::pair<std::string_view, std::string>>& fields) {
  nlohmann::ordered_json json;
  json["time"] = FormatRfc3339(std::chrono::floor<std::chrono::milliseconds>(clock_.Now()));
  json["event"] = event;
  for (const auto& [name, value] : fields) {
    json[std::string(name)] = value;
  }
  std::cout << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
}

void PublishView::ShowCheck(const PreflightCheck& check) {
  const std::lock_guard lock(mutex_);
  if (form_ == Form::kJsonLines) {
    PrintJson("check", {{"name", check.name},
                        {"result", std::string(Name(check.result))},
                        {"found", check.found},
                        {"remedy", check.remedy}});
  } else if (form_ != Form::kSilent) {
    Print(Concat(
        {"   ", Paint(PadRight(Name(check.result), 8), ColourOf(check.result)), CheckLine(check)}));
  }
}

void PublishView::ShowStep(const StepRecord& step) {
  const std::lock_guard lock(mutex_);
  const bool begins = Begins(step);
  step_ = begins ? step.name : "";
  began_ = clock_.Elapsed();
  sent_before_ = *sent_;
  samples_.clear();
  waits_until_ = {};
  if (step.outcome == StepOutcome::kRan && !release_.empty()) {
    // An estimate is all that is lost when it cannot be kept.
    static_cast<void>(times_.Note(release_, step.name, step.span));
  }
  const bool planned = step.outcome == StepOutcome::kNotReached;
  const std::string word(begins ? "begins" : planned ? "planned" : Name(step.outcome));
  if (form_ == Form::kJsonLines) {
    PrintJson("step", {{"name", step.name},
                       {"outcome", word},
                       {"detail", step.detail},
                       {"span", begins ? "" : FormatDuration(step.span)}});
  } else if (begins && form_ != Form::kSilent) {
    Print(Concat({"-> ", step.name}));
  } else if (form_ != Form::kSilent) {
    const bool told = step.span >= std::chrono::milliseconds(100);
    Print(Concat({"   ", Paint(word, ColourOf(step.outcome)), " ", step.detail,
                  told ? Concat({" (", FormatDuration(step.span), ")"}) : ""}));
  }
}

void PublishView::ShowWait(const WaitEvent& wait) {
  const std::lock_guard lock(mutex_);
  waits_for_ = wait.reason;
  waits_until_ = clock_.Elapsed() + wait.span;
  if (form_ == Form::kJsonLines) {
    PrintJson("wait", {{"span", FormatDuration(wait.span)}, {"reason", wait.reason}});
  } else if (form_ != Form::kSilent) {
    Print(Concat({"   ", Paint("waits", "33"), " ", FormatDuration(wait.span), ": ", wait.reason}));
  }
}

void PublishView::ShowOutput(std::string_view piece) {
  const std::lock_guard lock(mutex_);
  if (piece.empty()) {
    return;
  }
  Wipe();
  std::cerr << piece << std::flush;
  at_line_start_ = piece.ends_with('\n');
  Draw();
}

}  // namespace drydock::cli
