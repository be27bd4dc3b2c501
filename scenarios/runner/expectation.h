// What a scenario asserts: one value for each thing a file expects, with the line it stands on.
// Threads: plain values. Source: incidents.md 9.5; docs/scenario-format.md.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/journal.h"

namespace drydock::scenarios {

// Picks exchanges of the journal. Every given member must fit; texts are globs ("*", "?").
struct RequestFilter {
  std::optional<std::string> actor;
  std::optional<std::string> operation;
  std::optional<std::string> method;
  std::optional<std::string> host;
  std::optional<std::string> repository;
  std::optional<std::string> reference;
  std::optional<std::string> url;
  std::optional<std::string> header;  // a field that the request carries
  std::optional<int> status;          // 0: no answer reached the client

  bool Fits(const Event& event) const;
  std::string ToString() const;  // for messages
};

struct Bounds {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  bool Hold(std::uint64_t value) const { return value >= least && value <= most; }
  std::string ToString() const;  // "3", "at least 1", "2 to 4"
};

struct VerdictIs {
  std::string
      verdict;  // "published-and-verified", "partial", …; the baseline only knows "green" and "red"
};
struct ExitCodeIs {
  int code = 0;
};
// Parts of a publish ("preflight", "base-build", "variant:omos", …) with the outcome each must
// have.
struct PartIs {
  std::string part;
  std::string outcome;  // "ran", "skipped", "failed", "not-reached"
};
struct CountIs {
  enum class What { kBuilds, kBlobBytes };
  What what = What::kBuilds;
  Bounds bounds;
};
// Exactly these deliberate pauses of the actor, in this order.
struct WaitsAre {
  std::vector<Duration> waits;
};
struct TookBetween {
  Duration least{};
  Duration most = Duration::max();
};
struct TagIs {
  enum class State { kAbsent, kPresent, kSameAs, kDiffersFrom, kUnmoved };
  std::string tag;  // within the project's repository
  State state = State::kPresent;
  std::string other;  // kSameAs, kDiffersFrom: the tag it is compared with
};
// So many manifests of the project's repository that no tag leads to when the publish has ended.
struct UntaggedAre {
  Bounds bounds;
};
struct RequestsAre {
  RequestFilter filter;
  Bounds bounds;  // "never" is 0
};
struct FaultFired {
  std::string rule;
  Bounds bounds;
};
// The step's printed text contains this.
struct OutputHas {
  std::string text;
};
// A field of the diagnosis contains this text (or, for `absent`, does not).
struct DiagnosisHas {
  std::string field;
  std::string text;
  bool absent = false;
};

using ExpectationKind =
    std::variant<VerdictIs, ExitCodeIs, PartIs, CountIs, WaitsAre, TookBetween, TagIs, UntaggedAre,
                 RequestsAre, FaultFired, OutputHas, DiagnosisHas>;

struct Expectation {
  std::size_t line = 0;
  ExpectationKind kind;
};

}  // namespace drydock::scenarios
