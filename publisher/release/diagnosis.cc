#include "publisher/release/diagnosis.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "core/http.h"
#include "core/journal.h"
#include "core/text.h"
#include "publisher/release/diagnosis_report.h"
#include "publisher/release/hand_over.h"
#include "publisher/release/trouble.h"

namespace drydock::publisher {
namespace {

using Attempts = std::vector<const Attempt*>;

constexpr std::string_view kOption = "cache export option";
constexpr std::string_view kRunnerName = "runner";
constexpr std::string_view kNetwork = "registry or network";

// What kind of failure an attempt shows; equal shapes are the same failure.
struct Shape {
  int status = 0;
  BodyKind body = BodyKind::kUnknown;
  Persistence persistence = Persistence::kTransient;
  bool cache_export = false;  // the log stands in the middle of a cache export
  Answerer answerer = Answerer::kBuilder;
};

Shape ShapeOf(const Attempt& attempt) {
  Shape shape;
  if (!attempt.log.empty()) {
    const Failure failure = ClassifyBuildLog(attempt.log, 1);
    shape = {failure.status, failure.body, failure.persistence, failure.cache_export,
             failure.answerer};
  }
  if (attempt.exchange) {
    shape.status = attempt.exchange->status;
    shape.body = attempt.exchange->body;
  }
  return shape;
}

Attempts Pick(const Attempts& from, const std::function<bool(const Attempt&)>& fits) {
  Attempts picked;
  std::copy_if(from.begin(), from.end(), std::back_inserter(picked),
               [&](const Attempt* attempt) { return fits(*attempt); });
  return picked;
}

std::string LabelsOf(const Attempts& attempts) {
  std::vector<std::string> labels;
  for (const Attempt* attempt : attempts) {
    labels.push_back(attempt->label.empty() ? attempt->path
                                            : Concat({attempt->path, " ", attempt->label}));
  }
  return Join(labels, ", ");
}

// The evidence, sorted. Successes before the first failure are the boundary's other side: they say
// when it began, not what works since.
struct Evidence {
  explicit Evidence(const std::vector<Attempt>& attempts) {
    for (const Attempt& attempt : attempts) {
      all.push_back(&attempt);
    }
    std::stable_sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->time < b->time; });
    failed = Pick(all, [](const Attempt& a) { return !a.succeeded; });
    for (const Attempt* attempt : all) {
      if (attempt->succeeded && !failed.empty() && attempt->time < failed.front()->time) {
        last_success_before = attempt->time;
      } else if (attempt->succeeded) {
        worked.push_back(attempt);
      }
    }
    for (const Attempt* attempt : failed) {
      shapes.push_back(ShapeOf(*attempt));
      for (std::string& image : PushedByDigest(attempt->log)) {
        if (std::find(untagged.begin(), untagged.end(), image) == untagged.end()) {
          untagged.push_back(std::move(image));
        }
      }
    }
  }

  Attempts Failed(bool cache_export) const {
    return Pick(failed, [&](const Attempt& a) { return a.cache_export == cache_export; });
  }
  Attempts Worked(bool cache_export) const {
    return Pick(worked, [&](const Attempt& a) { return a.cache_export == cache_export; });
  }

  // The same path with the same options failed and later worked: nothing explains that but time.
  const Attempt* WentAway() const {
    const auto found = std::find_if(worked.begin(), worked.end(), [&](const Attempt* success) {
      return std::any_of(failed.begin(), failed.end(), [&](const Attempt* failure) {
        return failure->path == success->path && failure->cache_export == success->cache_export &&
               failure->changed == success->changed && failure->time <= success->time;
      });
    });
    return found == worked.end() ? nullptr : *found;
  }

  bool SameShape() const {
    return std::all_of(shapes.begin(), shapes.end(), [&](const Shape& shape) {
      return shape.status == shapes.front().status && shape.body == shapes.front().body;
    });
  }

  Attempts all;
  Attempts failed;
  Attempts worked;            // since the first failure
  std::vector<Shape> shapes;  // of `failed`
  std::vector<std::string> untagged;
  std::optional<TimePoint> last_success_before;
};

bool OnPath(const Attempts& attempts, std::string_view path) {
  return std::any_of(attempts.begin(), attempts.end(),
                     [&](const Attempt* a) { return a->path == path; });
}

bool OnBothPaths(const Attempts& attempts) {
  return std::any_of(attempts.begin(), attempts.end(),
                     [&](const Attempt* a) { return a->path != attempts.front()->path; });
}

// One path both failed with the export and worked without it: only the option differs.
bool OptionAloneDecides(const Evidence& evidence) {
  const Attempts worked = evidence.Worked(false);
  const Attempts failed = evidence.Failed(true);
  return std::any_of(worked.begin(), worked.end(),
                     [&](const Attempt* a) { return OnPath(failed, a->path); });
}

// Another path works with the very options that fail in CI.
Attempts HostWorksAlike(const Evidence& evidence) {
  return Pick(evidence.worked, [&](const Attempt& success) {
    return success.path != "ci" &&
           std::any_of(evidence.failed.begin(), evidence.failed.end(), [&](const Attempt* failure) {
             return failure->path == "ci" && failure->cache_export == success.cache_export;
           });
  });
}

Cause Judge(const Evidence& evidence) {
  if (evidence.all.empty()) {
    return Cause::kNotEnoughEvidence;
  }
  if (evidence.failed.empty()) {
    return Cause::kNone;
  }
  if (std::all_of(evidence.failed.begin(), evidence.failed.end(),
                  [](const Attempt* a) { return FailedAtHandOver(*a); })) {
    return Cause::kHandOver;
  }
  if (evidence.WentAway() != nullptr) {
    return Cause::kNotEnoughEvidence;
  }
  if (!evidence.Failed(true).empty() && evidence.Failed(false).empty() &&
      evidence.Worked(true).empty() && !evidence.Worked(false).empty() &&
      OptionAloneDecides(evidence)) {
    return Cause::kCacheExport;
  }
  const bool only_ci_fails = std::all_of(evidence.failed.begin(), evidence.failed.end(),
                                         [](const Attempt* a) { return a->path == "ci"; });
  if (only_ci_fails && !HostWorksAlike(evidence).empty()) {
    return Cause::kRunner;
  }
  if (evidence.worked.empty() && OnBothPaths(evidence.failed) && !evidence.Failed(false).empty() &&
      evidence.SameShape()) {
    return Cause::kRegistryOrNetwork;
  }
  return Cause::kNotEnoughEvidence;
}

Suspect JudgeOption(const Evidence& evidence, Cause cause) {
  Suspect suspect{std::string(kOption), SuspectState::kOpen, "no two attempts differ in it alone"};
  if (cause == Cause::kCacheExport) {
    return {suspect.what, SuspectState::kGuilty,
            Concat({"every attempt with it failed (", LabelsOf(evidence.Failed(true)),
                    "), every one without it worked (", LabelsOf(evidence.Worked(false)), ")"})};
  }
  if (!evidence.Failed(false).empty()) {
    return {suspect.what, SuspectState::kCleared,
            Concat({"it fails without it too (", LabelsOf(evidence.Failed(false)), ")"})};
  }
  if (!evidence.Worked(true).empty()) {
    return {suspect.what, SuspectState::kCleared,
            Concat({"it works with it too (", LabelsOf(evidence.Worked(true)), ")"})};
  }
  return suspect;
}

Suspect JudgeRunner(const Evidence& evidence, Cause cause) {
  Suspect suspect{std::string(kRunnerName), SuspectState::kOpen,
                  "no other path was tried with the same options"};
  if (cause == Cause::kRunner) {
    return {suspect.what, SuspectState::kGuilty,
            Concat({"only CI fails; ", LabelsOf(HostWorksAlike(evidence)),
                    " worked with the same options"})};
  }
  if (cause == Cause::kHandOver) {
    return {suspect.what, SuspectState::kCleared, "it built, and it pushed by digest"};
  }
  const Attempts elsewhere = Pick(evidence.failed, [](const Attempt& a) { return a.path != "ci"; });
  if (!elsewhere.empty()) {
    return {suspect.what, SuspectState::kCleared,
            Concat({LabelsOf(elsewhere), " failed away from it as well"})};
  }
  const Attempts there = Pick(evidence.worked, [](const Attempt& a) { return a.path == "ci"; });
  if (!there.empty()) {
    return {suspect.what, SuspectState::kCleared,
            Concat({LabelsOf(there), " worked on it without the option"})};
  }
  return suspect;
}

Suspect JudgeNetwork(const Evidence& evidence, Cause cause) {
  const std::string what(kNetwork);
  if (cause == Cause::kRegistryOrNetwork) {
    return {what, SuspectState::kGuilty,
            Concat({"every path fails alike, without a cache export too (",
                    LabelsOf(evidence.failed), ")"})};
  }
  if (cause == Cause::kHandOver) {
    return {what, SuspectState::kCleared, "what was pushed by digest went through"};
  }
  if (cause == Cause::kCacheExport || cause == Cause::kRunner) {
    return {what, SuspectState::kCleared,
            Concat({"images and tags went through since (", LabelsOf(evidence.worked), ")"})};
  }
  return {what, SuspectState::kOpen,
          evidence.worked.empty()
              ? "no path is known to work"
              : Concat({LabelsOf(evidence.worked), " worked, but differs in more than one thing"})};
}

// A thing changed on purpose: cleared when it failed the same way with and without the change.
std::vector<Suspect> JudgeChanges(const Evidence& evidence) {
  std::vector<Suspect> suspects;
  std::set<std::string> seen;
  for (const Attempt* attempt : evidence.all) {
    for (const std::string& change : attempt->changed) {
      if (!seen.insert(change).second) {
        continue;
      }
      const auto has = [&](const Attempt& a) {
        return std::find(a.changed.begin(), a.changed.end(), change) != a.changed.end();
      };
      const Attempts with = Pick(evidence.failed, has);
      const Attempts without = Pick(evidence.failed, [&](const Attempt& a) { return !has(a); });
      if (with.empty()) {
        suspects.push_back({change, SuspectState::kOpen, "nothing failed with it"});
      } else if (without.empty()) {
        suspects.push_back({change, SuspectState::kOpen, "nothing was tried without it"});
      } else {
        suspects.push_back({change, SuspectState::kCleared,
                            Concat({"no change: ", LabelsOf(with), " failed with it as ",
                                    LabelsOf(without), " did without it"})});
      }
    }
  }
  return suspects;
}

std::string ShapeText(const Evidence& evidence) {
  const Shape& first = evidence.shapes.front();
  std::string text =
      first.status == 0 ? std::string("no HTTP answer was seen") : std::to_string(first.status);
  if (first.status != 0 && first.body != BodyKind::kUnknown) {
    const bool vowel = first.body == BodyKind::kHtml || first.body == BodyKind::kXml ||
                       first.body == BodyKind::kEmpty;
    text += Concat({" with ", vowel ? "an " : "a ",
                    first.body == BodyKind::kHtml ? "HTML" : Name(first.body), " body"});
  }
  if (evidence.shapes.size() == 1) {
    return text + ", seen once";
  }
  return text + (evidence.SameShape() ? ", the same every time" : ", and others: it varies");
}

// The last exchange seen, else the request that a log names.
std::string FragmentOf(const Evidence& evidence) {
  for (auto attempt = evidence.failed.rbegin(); attempt != evidence.failed.rend(); ++attempt) {
    if ((*attempt)->exchange) {
      return RequestFragment((*attempt)->exchange->method, (*attempt)->exchange->url);
    }
  }
  for (auto attempt = evidence.failed.rbegin(); attempt != evidence.failed.rend(); ++attempt) {
    const Failure failure = ClassifyBuildLog((*attempt)->log, 1);
    if (!failure.url.empty()) {
      return RequestFragment(failure.method, failure.url);
    }
  }
  return {};
}

Persistence PersistenceOf(const Evidence& evidence) {
  const auto transient = [](const Shape& shape) {
    return shape.persistence == Persistence::kTransient;
  };
  if (evidence.WentAway() != nullptr) {
    return Persistence::kTransient;
  }
  if (evidence.shapes.size() > 1 && evidence.SameShape() && evidence.shapes.front().status != 0 &&
      evidence.shapes.front().status < 500 && evidence.shapes.front().status != 429) {
    return Persistence::kDeterministic;
  }
  return std::all_of(evidence.shapes.begin(), evidence.shapes.end(), transient)
             ? Persistence::kTransient
             : Persistence::kDeterministic;
}

std::string SummaryOf(const Evidence& evidence, Cause cause) {
  switch (cause) {
    case Cause::kCacheExport:
      return "The cache export option is the cause, not the machine: with it the push is rejected "
             "wherever it runs, without it the same code publishes.";
    case Cause::kRunner:
      return "The runner's path to the registry is the cause: the same options publish from the "
             "host.";
    case Cause::kRegistryOrNetwork:
      return "The regression has spread to image push: every path fails alike, with a cache export "
             "and without.";
    case Cause::kHandOver:
      return HandOverSummary(evidence.untagged);
    case Cause::kNone:
      return "Nothing failed.";
    case Cause::kNotEnoughEvidence:
      break;
  }
  if (const Attempt* success = evidence.WentAway()) {
    return Concat({"It went away by itself: ", LabelsOf({success}),
                   " worked with everything as it was when it failed."});
  }
  return "Not enough evidence: no two attempts differ in one thing alone.";
}

std::vector<std::string> NextOf(const Evidence& evidence, Cause cause) {
  switch (cause) {
    case Cause::kCacheExport:
      return {"Publish without --cache-to until it is fixed upstream; file the record there.",
              "Take the option out of the workflow, so that CI is the primary path again."};
    case Cause::kRunner:
      return {
          "Publish from the host; then look at the runner's egress, its image and the versions "
          "of its actions."};
    case Cause::kRegistryOrNetwork:
      return {"Stop: another network or another account may help; file the record upstream."};
    case Cause::kHandOver:
      return HandOverNext(!evidence.worked.empty());
    case Cause::kNone:
      return {};
    case Cause::kNotEnoughEvidence:
      break;
  }
  std::vector<std::string> next;
  if (evidence.WentAway() != nullptr) {
    return {"Rerun what failed; keep the record in case it comes back."};
  }
  if (!OnPath(evidence.all, "host")) {
    next.emplace_back("Publish from the host without a cache export: drydock publish RELEASE.json");
  }
  const bool host_export_tried = !Pick(evidence.all, [](const Attempt& a) {
                                    return a.path == "host" && a.cache_export;
                                  }).empty();
  if (!evidence.Failed(true).empty() && !host_export_tried) {
    next.emplace_back(
        "Try the host with the cache export on: it parts the option from the runner.");
  }
  const bool ci_plain_tried = !Pick(evidence.all, [](const Attempt& a) {
                                 return a.path == "ci" && !a.cache_export;
                               }).empty();
  if (OnPath(evidence.failed, "ci") && !ci_plain_tried) {
    next.emplace_back("Try CI with the cache export off: it parts the runner from the option.");
  }
  return next;
}

}  // namespace

std::string_view Name(Cause cause) {
  switch (cause) {
    case Cause::kCacheExport:
      return "cache-export-option";
    case Cause::kRunner:
      return "runner";
    case Cause::kRegistryOrNetwork:
      return "registry-or-network";
    case Cause::kHandOver:
      return "hand-over";
    case Cause::kNone:
      return "none";
    case Cause::kNotEnoughEvidence:
      return "not-enough-evidence";
  }
  return "not-enough-evidence";
}

Diagnosis Diagnose(const std::vector<Attempt>& attempts) {
  const Evidence evidence(attempts);
  Diagnosis diagnosis;
  diagnosis.cause = Judge(evidence);
  diagnosis.differences = DifferencesOf(attempts);
  if (!evidence.failed.empty()) {
    diagnosis.persistence = PersistenceOf(evidence);
    diagnosis.trouble =
        KindOfTrouble(attempts, diagnosis.persistence, evidence.WentAway() != nullptr);
  }
  diagnosis.summary = SummaryOf(evidence, diagnosis.cause);
  diagnosis.next = NextOf(evidence, diagnosis.cause);
  const std::string_view other =
      diagnosis.cause == Cause::kHandOver ? "" : NotThePath(diagnosis.trouble);
  if (!other.empty()) {
    diagnosis.summary = std::string(other);
    diagnosis.next = {std::string(RemedyOf(diagnosis.trouble))};
  }
  for (const Attempt* attempt : evidence.worked) {
    diagnosis.worked.push_back(DescribeAttempt(*attempt));
  }
  if (evidence.failed.empty()) {
    diagnosis.persistence = Persistence::kTransient;
    return diagnosis;
  }
  for (const Attempt* attempt : evidence.failed) {
    diagnosis.failed.push_back(DescribeAttempt(*attempt));
  }
  diagnosis.suspects = {JudgeOption(evidence, diagnosis.cause),
                        JudgeRunner(evidence, diagnosis.cause),
                        JudgeNetwork(evidence, diagnosis.cause)};
  for (Suspect& suspect : JudgeChanges(evidence)) {
    diagnosis.suspects.push_back(std::move(suspect));
  }
  diagnosis.first_failure = evidence.failed.front()->time;
  diagnosis.last_success_before = evidence.last_success_before;
  diagnosis.untagged = evidence.untagged;
  diagnosis.request_fragment = FragmentOf(evidence);
  diagnosis.failure_shape = ShapeText(evidence);
  const auto logged = std::find_if(evidence.failed.rbegin(), evidence.failed.rend(),
                                   [](const Attempt* a) { return !a->log.empty(); });
  if (diagnosis.cause == Cause::kHandOver) {
    return diagnosis;  // no registry and no builder is to be told of it
  }
  diagnosis.upstream =
      UpstreamRecord(diagnosis, logged == evidence.failed.rend() ? "" : (*logged)->log);
  return diagnosis;
}

}  // namespace drydock::publisher
