#include "scenarios/runner/check.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "core/text.h"

namespace drydock::scenarios {
namespace {

constexpr std::size_t kFoundCharsMax = 400;

struct Checked {
  bool holds = false;
  std::string expected;
  std::string found;
  std::optional<std::uint64_t> sequence;  // where to look when it does not hold
};

std::string Shown(std::string text) {
  if (text.size() > kFoundCharsMax) {
    text = Concat({"…", text.substr(text.size() - kFoundCharsMax)});
  }
  return ReplaceAll(std::move(text), "\n", " / ");
}

// The last event for which `fits` is true.
std::optional<std::uint64_t> LastOf(const std::vector<Event>& events,
                                    const std::function<bool(const Event&)>& fits) {
  const auto found = std::find_if(events.rbegin(), events.rend(), fits);
  return found == events.rend() ? NearestTrouble(events) : std::optional(found->sequence);
}

class Checker {
 public:
  explicit Checker(const Stretch& stretch) : stretch_(stretch) {}

  Checked operator()(const VerdictIs& want) const {
    const std::string found = stretch_.step == nullptr ? "no publish" : stretch_.step->verdict;
    const std::string reason = stretch_.step == nullptr ? "" : stretch_.step->reason;
    return Same(Concat({"verdict ", want.verdict}), found == want.verdict,
                Concat({found, reason.empty() ? "" : ": ", reason}));
  }

  Checked operator()(const ExitCodeIs& want) const {
    const int found = stretch_.step == nullptr ? 0 : stretch_.step->exit_code;
    return Same(Concat({"exit code ", std::to_string(want.code)}), found == want.code,
                std::to_string(found));
  }

  Checked operator()(const PartIs& want) const {
    const std::string expected = Concat({"part ", want.part, " ", want.outcome});
    std::string found = "there is no such part";
    std::vector<std::string> names;
    for (const PartResult& part :
         stretch_.step == nullptr ? std::vector<PartResult>() : stretch_.step->parts) {
      names.push_back(part.part);
      if (part.part == want.part) {
        found = Concat({part.outcome, part.detail.empty() ? "" : ": ", part.detail});
        if (part.outcome == want.outcome) {
          return Same(expected, true, found);
        }
      }
    }
    if (found == "there is no such part") {
      found += Concat({" (parts: ", Join(names, ", "), ")"});
    }
    return Same(expected, false, found);
  }

  Checked operator()(const CountIs& want) const {
    const bool builds = want.what == CountIs::What::kBuilds;
    std::uint64_t found = 0;
    if (builds) {
      found = stretch_.step == nullptr ? 0 : stretch_.step->builds;
    } else {
      found = BlobBytes(stretch_.events);
    }
    return Same(Concat({builds ? "builds: " : "bytes of blobs sent: ", want.bounds.ToString()}),
                want.bounds.Hold(found), std::to_string(found));
  }

  Checked operator()(const WaitsAre& want) const {
    std::vector<std::string> wanted;
    std::vector<std::string> found;
    std::vector<Duration> spans;
    std::optional<std::uint64_t> sequence;
    for (const Duration span : want.waits) {
      wanted.push_back(FormatDuration(span));
    }
    for (const Event& event : stretch_.events) {
      if (const auto* wait = std::get_if<WaitEvent>(&event.payload)) {
        const std::size_t index = spans.size();
        if (!sequence && (index >= want.waits.size() || want.waits[index] != wait->span)) {
          sequence = event.sequence;
        }
        spans.push_back(wait->span);
        found.push_back(Concat({FormatDuration(wait->span), " (", wait->reason, ")"}));
      }
    }
    return Checked{spans == want.waits,
                   Concat({"waits: ", wanted.empty() ? "none" : Join(wanted, ", ")}),
                   found.empty() ? "none" : Join(found, ", "),
                   sequence ? sequence : NearestTrouble(stretch_.events)};
  }

  Checked operator()(const TookBetween& want) const {
    Duration found{};
    if (stretch_.step != nullptr) {
      found = stretch_.step->ended - stretch_.step->began;
    } else if (!stretch_.events.empty()) {
      found = stretch_.events.back().time - stretch_.events.front().time;
    }
    const std::string bounds =
        want.most == Duration::max()
            ? Concat({"at least ", FormatDuration(want.least)})
            : Concat({FormatDuration(want.least), " to ", FormatDuration(want.most)});
    return Same(Concat({"took: ", bounds}), found >= want.least && found <= want.most,
                FormatDuration(found));
  }

  Checked operator()(const TagIs& want) const {
    switch (want.state) {
      case TagIs::State::kAbsent:
        return TagAbsent(want);
      case TagIs::State::kPresent:
        return TagFinding(want.tag, Concat({"tag ", want.tag, " present"}),
                          stretch_.after.count(want.tag) != 0, DigestOf(stretch_.after, want.tag));
      case TagIs::State::kSameAs:
      case TagIs::State::kDiffersFrom: {
        const bool same = want.state == TagIs::State::kSameAs;
        const std::string left = DigestOf(stretch_.after, want.tag);
        const std::string right = DigestOf(stretch_.after, want.other);
        return TagFinding(
            want.tag,
            Concat({"tag ", want.tag, same ? " names the same as " : " names another image than ",
                    want.other}),
            (left == right) == same && left != "absent" && right != "absent",
            Concat({left, " and ", right}));
      }
      case TagIs::State::kUnmoved:
        break;
    }
    return TagUnmoved(want);
  }

  Checked operator()(const UntaggedAre& want) const {
    const std::uint64_t found = stretch_.step == nullptr ? 0 : stretch_.step->untagged;
    return Same(Concat({"manifests without a tag: ", want.bounds.ToString()}),
                want.bounds.Hold(found), std::to_string(found));
  }

  Checked operator()(const RequestsAre& want) const {
    std::vector<std::uint64_t> fitting;
    for (const Event& event : stretch_.events) {
      if (want.filter.Fits(event)) {
        fitting.push_back(event.sequence);
      }
    }
    std::optional<std::uint64_t> sequence = NearestTrouble(stretch_.events);
    if (fitting.size() > want.bounds.most) {
      sequence = fitting[want.bounds.most];  // the first that is one too many
    } else if (!fitting.empty()) {
      sequence = fitting.back();
    }
    return Checked{want.bounds.Hold(fitting.size()),
                   Concat({"requests with ", want.filter.ToString(), ": ",
                           want.bounds.most == 0 ? "never" : want.bounds.ToString()}),
                   std::to_string(fitting.size()), sequence};
  }

  Checked operator()(const FaultFired& want) const {
    const auto report =
        std::find_if(stretch_.faults.begin(), stretch_.faults.end(),
                     [&](const FaultReport& each) { return each.rule == want.rule; });
    const std::uint64_t found = report == stretch_.faults.end() ? 0 : report->fired;
    return Checked{want.bounds.Hold(found),
                   Concat({"fault ", want.rule, " fires: ", want.bounds.ToString()}),
                   std::to_string(found), LastOf(stretch_.events, [&](const Event& event) {
                     const auto* fault = std::get_if<FaultEvent>(&event.payload);
                     return fault != nullptr && fault->rule == want.rule;
                   })};
  }

  Checked operator()(const OutputHas& want) const {
    const std::string output = stretch_.step == nullptr ? "" : stretch_.step->output;
    return Same(Concat({"output has: ", want.text}), output.find(want.text) != std::string::npos,
                Shown(output));
  }

  Checked operator()(const DiagnosisHas& want) const {
    const std::string found =
        stretch_.step == nullptr ? "" : FindingText(*stretch_.step, want.field);
    const bool has = found.find(want.text) != std::string::npos;
    return Same(
        Concat({"diagnosis ", want.field, want.absent ? " does not have: " : " has: ", want.text}),
        has != want.absent, found.empty() ? "nothing" : Shown(found));
  }

 private:
  Checked Same(std::string expected, bool holds, std::string found) const {
    return {holds, std::move(expected), std::move(found), NearestTrouble(stretch_.events)};
  }

  static std::string DigestOf(const Tags& tags, const std::string& tag) {
    const auto found = tags.find(tag);
    return found == tags.end() ? "absent" : found->second;
  }

  // Points at the last event that put the tag, or tried to.
  Checked TagFinding(const std::string& tag, std::string expected, bool holds,
                     std::string found) const {
    const auto about = [&](const Event& event) {
      const auto* exchange = std::get_if<ExchangeEvent>(&event.payload);
      const auto* moved = std::get_if<TagEvent>(&event.payload);
      return (moved != nullptr && moved->tag == tag) ||
             (exchange != nullptr && exchange->operation == "manifest.put" &&
              exchange->reference == tag);
    };
    return {holds, std::move(expected), std::move(found), LastOf(stretch_.events, about)};
  }

  Checked TagAbsent(const TagIs& want) const {
    const std::string expected = Concat({"tag ", want.tag, " absent"});
    for (const auto& [tag, digest] : stretch_.after) {
      if (GlobMatches(want.tag, tag)) {
        return TagFinding(tag, expected, false, Concat({tag, " is ", digest}));
      }
    }
    return Same(expected, true, "absent");
  }

  // As the stretch names it: one of another registry with its repository.
  std::string NameOf(const TagEvent& moved) const {
    std::string elsewhere = Concat({moved.host, "/", moved.repository, ":", moved.tag});
    return stretch_.after.count(elsewhere) != 0 ? elsewhere : moved.tag;
  }

  // Neither another digest at the end nor a move in between.
  Checked TagUnmoved(const TagIs& want) const {
    const std::string expected = Concat({"tag ", want.tag, " unmoved"});
    for (const Event& event : stretch_.events) {
      const auto* moved = std::get_if<TagEvent>(&event.payload);
      if (moved != nullptr && GlobMatches(want.tag, NameOf(*moved)) && moved->from != moved->to) {
        return Checked{false, expected,
                       Concat({moved->tag, " moved from ", moved->from, " to ", moved->to}),
                       event.sequence};
      }
    }
    Tags all = stretch_.before;
    all.insert(stretch_.after.begin(), stretch_.after.end());
    bool any = false;
    for (const auto& [tag, digest] : all) {
      if (!GlobMatches(want.tag, tag)) {
        continue;
      }
      any = true;
      const std::string before = DigestOf(stretch_.before, tag);
      const std::string after = DigestOf(stretch_.after, tag);
      if (before != after) {
        return TagFinding(tag, expected, false, Concat({tag, " was ", before, ", is ", after}));
      }
    }
    return any ? Same(expected, true, "unmoved")
               : TagFinding(want.tag, expected, false, "no such tag before or after");
  }

  const Stretch& stretch_;
};

}  // namespace

std::optional<std::uint64_t> NearestTrouble(const std::vector<Event>& events) {
  std::set<std::uint64_t> faulted;
  for (const Event& event : events) {
    if (const auto* fault = std::get_if<FaultEvent>(&event.payload)) {
      faulted.insert(fault->exchange);
    }
  }
  const auto trouble = std::find_if(events.rbegin(), events.rend(), [&](const Event& event) {
    const auto* exchange = std::get_if<ExchangeEvent>(&event.payload);
    // 401 opens every token dance and 404 answers every question about what is missing, unless a
    // fault said so.
    return exchange != nullptr && (exchange->status == 0 || exchange->status >= 400) &&
           ((exchange->status != 401 && exchange->status != 404) ||
            faulted.count(exchange->ordinal) != 0);
  });
  if (trouble != events.rend()) {
    return trouble->sequence;
  }
  // The runner's own marks say nothing about what went wrong.
  const auto last = std::find_if(events.rbegin(), events.rend(),
                                 [](const Event& event) { return event.actor != kScenarioActor; });
  return last == events.rend() ? std::nullopt : std::optional(last->sequence);
}

std::vector<std::uint64_t> SentTwice(const std::vector<Event>& events, std::string_view repository,
                                     const std::set<Digest>& held) {
  std::vector<std::uint64_t> sequences;
  for (const Event& event : events) {
    const auto* exchange = std::get_if<ExchangeEvent>(&event.payload);
    if (exchange == nullptr || exchange->operation != "upload.commit" ||
        exchange->repository != repository || exchange->request_bytes == 0) {
      continue;
    }
    const auto digest = Digest::Parse(exchange->reference);
    if (digest && held.count(*digest) != 0) {
      sequences.push_back(event.sequence);
    }
  }
  return sequences;
}

std::string FindingText(const StepResult& step, std::string_view field) {
  std::vector<std::string> texts;
  for (const auto& [name, text] : step.findings) {
    if (name == field) {
      texts.push_back(text);
    }
  }
  return Join(texts, "\n");
}

std::vector<Observation> Observe(const std::vector<Expectation>& expected, const Stretch& stretch) {
  std::vector<Observation> observations;
  observations.reserve(expected.size());
  const Checker checker(stretch);
  for (const Expectation& expectation : expected) {
    Checked checked = std::visit(checker, expectation.kind);
    observations.push_back({expectation.line, stretch.step == nullptr ? "" : stretch.step->name,
                            std::move(checked.expected), std::move(checked.found), checked.holds,
                            checked.sequence});
  }
  return observations;
}

std::vector<ExpectationFailure> Check(const std::vector<Expectation>& expected,
                                      const Stretch& stretch) {
  std::vector<ExpectationFailure> failures;
  for (Observation& each : Observe(expected, stretch)) {
    if (!each.holds) {
      failures.push_back({stretch.file, each.line, std::move(each.step), std::move(each.expected),
                          std::move(each.found), each.sequence});
    }
  }
  return failures;
}

void CheckInto(const std::vector<Expectation>& expected, const Stretch& stretch, Play& play) {
  for (Observation& each : Observe(expected, stretch)) {
    if (!each.holds) {
      play.failures.push_back(
          {stretch.file, each.line, each.step, each.expected, each.found, each.sequence});
    }
    play.observations.push_back(std::move(each));
  }
}

}  // namespace drydock::scenarios
