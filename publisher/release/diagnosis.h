// Several publish attempts held against each other: which difference goes with failure, which
// suspects are cleared, and the record to file upstream. Says "not enough evidence" when it is not.
// Threads: pure functions. Source: runbook "After: capture diagnostic value"; opencode-devbox 5.8.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "publisher/registry/failure.h"

namespace drydock::publisher {

// The request that failed, as a journal or a builder's log shows it.
struct ExchangeEvidence {
  std::string method;
  std::string url;  // redacted
  int status = 0;
  BodyKind body = BodyKind::kUnknown;
};

struct Attempt {
  std::string path;   // "ci" or "host"
  std::string label;  // "#332"
  TimePoint time{};
  bool succeeded = false;
  bool cache_export = false;         // whether a cache export option was set
  std::vector<std::string> changed;  // what was changed on purpose: "setup-buildx-action v4.0.0"
  // What took part, as a log tells it: {"buildx", "v0.13.1"}, {"driver", "docker-container"}.
  std::vector<std::pair<std::string, std::string>> facts;
  std::string log;                           // the builder's, "" when there is none
  std::optional<ExchangeEvidence> exchange;  // the failing exchange, when it was seen
};

enum class Cause {
  kCacheExport,        // failures go with the cache export option, wherever it ran
  kRunner,             // CI fails, the host ships with the same options
  kHandOver,           // digests were pushed, and the forge refused to hand them to the merge job
  kRegistryOrNetwork,  // every path fails alike, cache export or not: spread to image push
  kNone,               // nothing failed
  kNotEnoughEvidence,
};
std::string_view Name(Cause cause);  // "cache-export-option", "runner", …

// What kind of trouble it is, which says who has to do something.
enum class Trouble {
  kNone,
  kTransient,         // it goes away by itself
  kPublishPath,       // deterministic between the builder and the registry, code and workflow right
  kWorkflow,          // a step of the build or of the workflow: fix it, release the next letter
  kUpstreamNotReady,  // a package that is announced and cannot be fetched yet
  kTest,              // a test is red though the build's own checks are right
  kUnclear,
};
std::string_view Name(Trouble trouble);  // "transient", "deterministic on the publish path", …

enum class SuspectState { kGuilty, kCleared, kOpen };

struct Suspect {
  std::string what;  // "cache export option", "runner", "setup-buildx-action v4.0.0", …
  SuspectState state = SuspectState::kOpen;
  std::string because;
};

// Something that the paths do not have in common.
struct Difference {
  std::string what;  // "buildx", "cache export", …
  std::string ci;    // "not told" where no log says
  std::string host;
};

struct Diagnosis {
  Cause cause = Cause::kNotEnoughEvidence;
  Trouble trouble = Trouble::kNone;
  std::string summary;  // one or two sentences
  Persistence persistence = Persistence::kDeterministic;
  std::vector<Suspect> suspects;
  std::vector<Difference> differences;  // none when only one path was tried
  std::optional<TimePoint> first_failure;
  std::optional<TimePoint> last_success_before;  // the boundary's other side, if known
  std::string request_fragment;     // "PUT …/blobs/uploads/…?_state=…&digest=…"
  std::string failure_shape;        // "400 with an HTML body, the same every time"
  std::vector<std::string> failed;  // "ci #332 2026-05-28T06:00:00Z cache export on"
  std::vector<std::string> worked;
  // What failed attempts pushed by digest alone, as their logs show it: "host/repository@digest".
  std::vector<std::string> untagged;
  std::vector<std::string> next;  // what to try when the evidence is not enough
  std::string upstream;           // the record to file, Markdown
};

Diagnosis Diagnose(const std::vector<Attempt>& attempts);
std::string ToText(const Diagnosis& diagnosis);
std::string ToJson(const Diagnosis& diagnosis);

}  // namespace drydock::publisher
