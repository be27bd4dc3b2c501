// How a publish run ended: one verdict with its exit code, what each step did, where every tag
// stands, whose answer stopped it and what to do next. Threads: values.
// Source: design.md "What the publisher promises"; incidents.md section 5, rule 15.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "publisher/registry/failure.h"
#include "publisher/release/preflight.h"

namespace drydock::publisher {

enum class Verdict {
  kPublishedVerified,     // every expected tag is there, aliases equal, platforms complete
  kPublishedNotVerified,  // everything was accepted, but reading back does not confirm it
  kPartial,               // some tags of the release are new, some are missing or old
  kNothingChanged,        // failed or stopped before the first write
  kRefused,               // refused by us or by the registry before any tag moved
  kUnknown,               // the outcome of a write could not be learned
};

std::string_view Name(Verdict verdict);  // "published-and-verified", "partial", …
// 0, 3, 4, 5, 6, 7 in the enumeration's order (2 is bad input and never a verdict).
int ExitCode(Verdict verdict);
inline constexpr int kExitBadInput = 2;

enum class StepOutcome { kRan, kSkipped, kFailed, kNotReached };
std::string_view Name(StepOutcome outcome);  // "ran", "skipped", "failed", "not-reached"

struct StepRecord {
  std::string name;  // "preflight", "probe", "base-build", "variant:omos", "alias:omos", …
  StepOutcome outcome = StepOutcome::kNotReached;
  std::string detail;  // one line: what it found or did
  Duration span{};
};

enum class TagState {
  kVerified,   // right, read back at the end
  kPublished,  // accepted in this run, not confirmed
  kOther,      // there, but not this release (an alias that still names an older image)
  kMissing,
  kUnknown,
};
std::string_view Name(TagState state);  // "verified", "published", "stale", "missing", "unknown"

struct TagRecord {
  std::string tag;
  TagState state = TagState::kUnknown;
  std::string digest;  // as last seen; "" when not there or not known
  std::string before;  // as seen before the first write
};

struct PublishReport {
  std::string image;
  std::string release_tag;
  bool planned = false;  // --plan: nothing was to be written
  Verdict verdict = Verdict::kNothingChanged;
  std::string why;                     // one sentence
  std::vector<PreflightCheck> checks;  // those that were come to
  std::vector<StepRecord> steps;
  std::vector<TagRecord> tags;     // every expected tag, in publishing order
  std::optional<Failure> failure;  // what stopped the run
  std::vector<std::pair<std::string, std::string>> versions;  // build argument, version
  std::string build_log;                                      // of the failed build
  std::vector<std::string> next;                              // what to do now, one sentence each
};

// A failure in one line: our own ones in their words alone, those of others with whose answer it
// was.
std::string Explain(const Failure& failure);

// The process's exit code: the verdict's, or 0 for a plan that found nothing in its way.
int ExitCode(const PublishReport& report);
std::string ToText(const PublishReport& report);  // for people, several lines
// The part of ToText after the steps, for those who saw the steps as they went.
std::string EndingText(const PublishReport& report);
std::string ToJson(const PublishReport& report);  // one JSON object, indented

}  // namespace drydock::publisher
