#include "scenarios/runner/timeline.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/check.h"

namespace drydock::scenarios {
namespace {

constexpr std::size_t kMissingNamesMost = 3;
constexpr std::size_t kWhoColumns = 5;

std::string Count(std::uint64_t count, std::string_view one, std::string_view many) {
  return Concat({std::to_string(count), " ", count == 1 ? one : many});
}

bool IsDigest(std::string_view reference) { return reference.find(':') != std::string_view::npos; }

}  // namespace

Timeline::Timeline(const std::vector<Event>& events, const TextStyle& style)
    : events_(events), style_(style), paint_(style.colour) {
  for (const Event& event : events) {
    if (const auto* fault = std::get_if<FaultEvent>(&event.payload)) {
      faults_[fault->exchange].push_back(fault);
    }
  }
}

std::string Timeline::Text() {
  for (const Event& event : events_) {
    Add(event);
  }
  FlushAll();
  return Rendered();
}

void Timeline::Add(const Event& event) {
  if (const auto* exchange = std::get_if<ExchangeEvent>(&event.payload)) {
    AddExchange(event, *exchange);
  } else if (const auto* step = std::get_if<StepEvent>(&event.payload)) {
    AddStep(event, *step);
  } else if (const auto* wait = std::get_if<WaitEvent>(&event.payload)) {
    Flush(event.actor);
    Line(event.time, event.actor,
         Concat({"waits ", FormatDuration(wait->span), ": ", wait->reason}), &Paint::Warn);
  } else if (const auto* tag = std::get_if<TagEvent>(&event.payload)) {
    moved_[tag->tag] = *tag;
  } else if (const auto* note = std::get_if<NoteEvent>(&event.payload)) {
    Flush(event.actor);
    Line(event.time, event.actor, note->text, &Paint::Quiet);
  }
}

void Timeline::AddStep(const Event& event, const StepEvent& step) {
  if (step.edge == StepEvent::Edge::kBegin || step.outcome == "not-reached" ||
      event.actor == kScenarioActor) {
    return;
  }
  Actor& actor = actors_[event.actor];
  if (step.outcome == "skipped") {
    FlushRefusals(event.actor);
    FlushUsual(event.actor);
    actor.skipped.push_back(step.step);
    actor.skipped_at = event.time;
    return;
  }
  // The line about the tag has said it.
  const bool said = !actor.put.empty() && step.detail.find(actor.put) != std::string::npos;
  const bool failed = step.outcome == "failed";
  if (said && !failed) {
    return;
  }
  Flush(event.actor);
  Line(event.time, event.actor,
       Concat({failed ? "✗ " : "✓ ", step.step, failed ? " failed" : "",
               step.detail.empty() ? "" : ": ", step.detail}),
       failed ? &Paint::Bad : &Paint::Good);
}

void Timeline::AddTagPut(const Event& event, const ExchangeEvent& exchange) {
  std::string text = Concat({"tag ", exchange.reference});
  const auto moved = moved_.find(exchange.reference);
  if (moved == moved_.end()) {
    text += " put again, the same as before";
  } else {
    actors_[event.actor].put = Bare(moved->second.to);
    text += Concat({" is now ", Bare(moved->second.to), moved->second.from.empty() ? "" : ", was ",
                    Bare(moved->second.from)});
    moved_.erase(moved);
  }
  Line(event.time, event.actor, text, &Paint::Strong, PeerName(exchange.url));
}

void Timeline::AddExchange(const Event& event, const ExchangeEvent& exchange) {
  const bool faulted = faults_.count(exchange.ordinal) != 0;
  const std::string peer = PeerName(exchange.url);
  if (!faulted && Sum(event, exchange, actors_[event.actor].usual[peer])) {
    return;
  }
  const bool good = exchange.status >= 200 && exchange.status < 400 && exchange.lost.empty();
  const bool tag = exchange.operation == "manifest.put" && !IsDigest(exchange.reference);
  if (!faulted && good && tag) {
    Flush(event.actor);
    AddTagPut(event, exchange);
  } else {
    AddRefusal(event, exchange);
  }
}

void Timeline::AddRefusal(const Event& event, const ExchangeEvent& exchange) {
  Refusals next;
  next.time = std::chrono::floor<std::chrono::seconds>(event.time);
  next.count = 1;
  next.peer = PeerName(exchange.url);
  next.asked = Concat({exchange.method, " ", Subject(exchange)});
  std::set<std::string> rules;
  if (const auto faults = faults_.find(exchange.ordinal); faults != faults_.end()) {
    for (const FaultEvent* fault : faults->second) {
      rules.insert(fault->rule);
    }
  }
  next.fault = !rules.empty();
  next.answer = Concat({next.fault ? " ⚡ " : " → ", Join({rules.begin(), rules.end()}, ", "),
                        next.fault ? ": " : "", AnswerText(exchange)});
  next.kind = Concat({exchange.method, " ", exchange.operation, next.answer});
  Refusals& held = actors_[event.actor].refusals;
  if (held.count > 0 && held.kind == next.kind && held.peer == next.peer &&
      held.time == next.time) {
    ++held.count;
    return;
  }
  Flush(event.actor);
  actors_[event.actor].refusals = std::move(next);
}

// True when the exchange went as usual and was added to the sums.
bool Timeline::Sum(const Event& event, const ExchangeEvent& exchange, Usual& usual) const {
  const int status = exchange.status;
  const std::string& operation = exchange.operation;
  const bool asks = exchange.method == "HEAD" || exchange.method == "GET";
  const bool good = status >= 200 && status < 400 && exchange.lost.empty();
  const bool token_dance = status == 401 && !exchange.request_headers.Has("Authorization");
  const bool tag = operation.rfind("manifest.", 0) == 0 && !IsDigest(exchange.reference);
  if (!good && !token_dance && !(asks && status == 404)) {
    return false;
  }
  if (operation == "manifest.put" && good && tag) {
    return false;
  }
  usual.last = event.time;
  if (token_dance || operation == "token" || operation == "upload.start") {
    return true;
  }
  if (operation == "upload.commit" || operation == "upload.patch") {
    usual.blobs += operation == "upload.commit" ? 1U : 0U;
    usual.bytes += exchange.request_bytes;
  } else if (operation == "manifest.put") {
    ++usual.manifests;
  } else if (operation == "blob.head" || operation == "upload.mount") {
    usual.already += good ? 1U : 0U;
  } else if (status == 404 && tag) {
    if (std::find(usual.missing.begin(), usual.missing.end(), exchange.reference) ==
        usual.missing.end()) {
      usual.missing.push_back(exchange.reference);
    }
  } else if (status == 404 && operation.rfind("manifest.", 0) != 0) {
    return false;  // a file that npm does not have, a blob that is gone
  }
  return true;
}

void Timeline::Flush(const std::string& actor) {
  FlushSkipped(actor);
  FlushRefusals(actor);
  FlushUsual(actor);
}

void Timeline::FlushSkipped(const std::string& actor) {
  Actor& who = actors_[actor];
  if (who.skipped.empty()) {
    return;
  }
  Line(who.skipped_at, actor, Concat({"– skipped: ", Join(who.skipped, ", ")}), &Paint::Quiet);
  who.skipped.clear();
}

void Timeline::FlushRefusals(const std::string& actor) {
  const Refusals held = std::exchange(actors_[actor].refusals, {});
  if (held.count > 0) {
    Line(held.time, actor,
         Concat({held.asked,
                 held.count == 1 ? "" : Concat({" and ", std::to_string(held.count - 1), " more"}),
                 held.answer}),
         held.fault ? &Paint::Bad : &Paint::Warn, held.peer);
  }
}

void Timeline::FlushUsual(const std::string& actor) {
  for (const auto& [peer, usual] : std::exchange(actors_[actor].usual, {})) {
    std::vector<std::string> pieces;
    if (usual.blobs > 0) {
      pieces.push_back(
          Concat({"sends ", Count(usual.blobs, "blob", "blobs"), ", ", HumanBytes(usual.bytes)}));
    }
    if (usual.already > 0 && (usual.blobs > 0 || usual.manifests > 0)) {
      pieces.push_back(Concat({std::to_string(usual.already), " there already"}));
    }
    if (usual.manifests > 0) {
      pieces.push_back(Concat({"puts ", Count(usual.manifests, "manifest", "manifests")}));
    }
    if (pieces.empty() && !usual.missing.empty()) {
      std::vector<std::string> names = usual.missing;
      names.resize(std::min(names.size(), kMissingNamesMost));
      const std::size_t more = usual.missing.size() - names.size();
      pieces.push_back(Concat({"not there: ", Join(names, ", "),
                               more == 0 ? "" : Concat({" and ", std::to_string(more), " more"})}));
    }
    if (!pieces.empty()) {
      Line(usual.last, actor, Join(pieces, " · "), &Paint::Quiet, peer);
    }
  }
}

void Timeline::FlushAll() {
  std::vector<std::string> actors;
  for (const auto& [actor, what] : actors_) {
    actors.push_back(actor);
  }
  for (const std::string& actor : actors) {
    Flush(actor);
  }
}

void Timeline::Line(TimePoint time, std::string_view who, std::string_view text,
                    std::string (Paint::*paint)(std::string_view) const, std::string_view peer) {
  lines_.push_back(
      {time, std::string(who), std::string(peer), ReplaceAll(Gist(text), "\n", " "), paint});
}

// All lines, with who and whom in columns as wide as the longest that is there.
std::string Timeline::Rendered() const {
  std::size_t who_columns = kWhoColumns;
  std::size_t peer_columns = 0;
  for (const Entry& line : lines_) {
    who_columns = std::max(who_columns, Columns(line.who));
    peer_columns = std::max(peer_columns, Columns(line.peer));
  }
  auto day =
      events_.empty() ? TimePoint() : std::chrono::floor<std::chrono::days>(events_.front().time);
  std::string text;
  for (const Entry& line : lines_) {
    const std::string stamp = FormatRfc3339(line.time);
    if (const auto that = std::chrono::floor<std::chrono::days>(line.time); that != day) {
      day = that;
      text += Concat({"  ", paint_.Quiet(stamp.substr(0, stamp.find('T'))), "\n"});
    }
    const std::string clock =
        stamp.substr(stamp.find('T') + 1, std::string_view("00:00:00").size());
    const std::string head = Concat({"  ", clock, "  "});
    const std::string actor = PadRight(line.who, who_columns);
    const std::string what =
        line.peer.empty() ? line.text
                          : Concat({"→ ", PadRight(line.peer, peer_columns), "  ", line.text});
    const std::size_t used = head.size() + actor.size() + 1;
    const std::size_t room = style_.width > used + 1 ? style_.width - used : 1;
    text += Concat({paint_.Quiet(head), actor, " ", (paint_.*line.paint)(Cut(what, room)), "\n"});
  }
  return text;
}

}  // namespace drydock::scenarios
