#include "simulator/server/activity.h"

#include <algorithm>
#include <variant>

#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kPlain = "\x1b[0m";

std::string Painted(std::string_view text, std::string_view paint, bool color) {
  return color && !text.empty() ? Concat({paint, text, kPlain}) : std::string(text);
}

// "12:00:03.250", UTC.
std::string TimeOfDay(TimePoint time) {
  const auto since_midnight = time - std::chrono::floor<std::chrono::days>(time);
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(since_midnight).count();
  const auto two = [](auto number) {
    return Concat({number < 10 ? "0" : "", std::to_string(number)});
  };
  const std::string rest = std::to_string(1000 + ms % 1000).substr(1);
  return Concat(
      {two(ms / 3'600'000), ":", two(ms / 60'000 % 60), ":", two(ms / 1000 % 60), ".", rest});
}

// "sha256:0123…" with 12 digits, a tag as it is.
std::string ShortReference(std::string_view reference) {
  const std::size_t colon = reference.find(':');
  return std::string(colon == std::string_view::npos ? reference : reference.substr(0, colon + 13));
}

// What a line says; each kind of event knows its own.
struct Describer {
  bool color;

  std::string operator()(const ExchangeEvent& exchange) const {
    const bool failed = exchange.status == 0 || exchange.status >= 400;
    const std::string status = exchange.status == 0 ? "---" : std::to_string(exchange.status);
    const std::string operation = exchange.operation.empty() ? "(no route)" : exchange.operation;
    std::string line = Concat({Painted(status, failed ? kRed : "", color && failed), "  ",
                               PadRight(exchange.method, 6), " ", PadRight(operation, 15), " ",
                               exchange.operation.empty() ? exchange.url : exchange.repository});
    if (!exchange.reference.empty()) {
      line += "  " + ShortReference(exchange.reference);
    }
    if (exchange.request_bytes > 0) {
      line += "  in " + HumanBytes(exchange.request_bytes);
    }
    if (exchange.response_bytes > 0 && !failed) {
      line += "  out " + HumanBytes(exchange.response_bytes);
    }
    if (!exchange.lost.empty()) {
      line += "  " + Painted(exchange.lost, kRed, color);
    }
    return line;
  }

  std::string operator()(const FaultEvent& fault) const {
    return Painted(Concat({"     fault ", fault.rule, ": ", fault.effect, " at ", fault.phase}),
                   kRed, color);
  }

  std::string operator()(const TagEvent& tag) const {
    return Concat({"     tag ", tag.repository, ":", tag.tag, " ",
                   tag.to.empty() ? "is gone" : "-> " + ShortReference(tag.to)});
  }

  std::string operator()(const NoteEvent& note) const {
    return Painted("     " + note.text, kDim, color);
  }

  // A server neither waits on purpose nor works in steps.
  std::string operator()(const WaitEvent&) const { return ""; }
  std::string operator()(const StepEvent&) const { return ""; }
};

std::string RuleLines(const std::vector<RuleCount>& rules, bool color) {
  std::size_t width = 0;
  for (const RuleCount& rule : rules) {
    width = std::max(width, rule.rule.size());
  }
  std::string lines;
  for (const RuleCount& rule : rules) {
    lines += Concat({"  fault ", PadRight(rule.rule, width), "  offered ",
                     std::to_string(rule.offered), "  matched ", std::to_string(rule.matched),
                     "  fired ", std::to_string(rule.fired), "  seen ", std::to_string(rule.seen),
                     rule.fired == 0 ? Painted("  never fired", kRed, color) : "", "\n"});
  }
  return lines;
}

}  // namespace

std::string ActivityLine(const Event& event, bool color) {
  const std::string text = std::visit(Describer{color}, event.payload);
  return text.empty() ? "" : Concat({Painted(TimeOfDay(event.time), kDim, color), "  ", text});
}

void Tally::Add(const Event& event) {
  if (std::holds_alternative<NoteEvent>(event.payload)) {
    ++rejected_;
  }
  const auto* exchange = std::get_if<ExchangeEvent>(&event.payload);
  if (exchange == nullptr) {
    return;
  }
  ++requests_;
  unanswered_ += exchange->status == 0 ? 1 : 0;
  ++classes_[std::clamp(exchange->status / 100, 0, 5)];
  bytes_in_ += exchange->request_bytes;
  bytes_out_ += exchange->response_bytes;
}

std::string Tally::Summary(Duration up, const Holdings& held, const std::vector<RuleCount>& rules,
                           bool color) const {
  std::string text =
      Concat({"served ", std::to_string(requests_), " requests in ", FormatDuration(up), ": "});
  for (std::size_t digit = 1; digit < std::size(classes_); ++digit) {
    if (classes_[digit] > 0) {
      text += Concat({std::to_string(digit), "xx ", std::to_string(classes_[digit]), ", "});
    }
  }
  text += Concat({unanswered_ > 0 ? std::to_string(unanswered_) + " without an answer, " : "",
                  rejected_ > 0 ? std::to_string(rejected_) + " rejected unread, " : "",
                  HumanBytes(bytes_in_), " in, ", HumanBytes(bytes_out_), " out\n"});
  text +=
      Concat({"  held ", std::to_string(held.blobs), " blobs (", HumanBytes(held.blob_bytes),
              ") and ", std::to_string(held.tags), " tags in ", std::to_string(held.repositories),
              " repositories; ", std::to_string(held.open_uploads), " uploads left open\n"});
  return text + RuleLines(rules, color);
}

}  // namespace drydock::simulator
