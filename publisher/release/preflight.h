// The checks before anything is sent: each has a name, a result and, when something is amiss, what
// mends it. Threads: values; the functions that look at the machine say so.
// Source: runbook "Prerequisites" and "Preflight".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "publisher/hash/recipe.h"
#include "publisher/release/forge.h"

namespace drydock::publisher {

enum class CheckResult { kPassed, kWarned, kFailed, kSkipped };
std::string_view Name(CheckResult result);  // "passed", "warning", "failed", "skipped"

struct PreflightCheck {
  std::string name;  // "tag", "head", "tree", "tag-at-remote", "builder", "disk", "registry", …
  CheckResult result = CheckResult::kPassed;
  std::string found;
  std::string remedy = {};  // "run: git fetch --tags"; "" when nothing is amiss
};

// "tag": it is there; "head": HEAD is its commit; "tree": nothing is changed, and if something is,
// whether it goes into the base hash.
std::vector<PreflightCheck> CheckRepository(const RepositoryFacts& facts, std::string_view tag,
                                            const Recipe* base_hash);

// Whether a path (relative to the recipe's root) goes into the hash, as far as its name tells.
bool IsInput(const Recipe& recipe, std::string_view path);

// Where a tag is at the remote the project was cloned from: the commit it leads to, "" when it is
// not there.
struct RemoteTag {
  std::string remote;  // "origin"
  std::string commit;
};
// Asks with `git ls-remote`; never for a password. kNotFound when there is no remote, kUnavailable
// when it does not answer. Threads: as RunChild.
Result<RemoteTag> ReadRemoteTag(const std::string& folder, std::string_view tag);
// "tag-at-remote": the same commit there. A remote that does not answer is a warning.
PreflightCheck CheckRemoteTag(const Result<RemoteTag>& found, const RepositoryFacts& facts,
                              std::string_view tag);

// "disk": room for the run's own files (too little fails) and for a build (a warning).
PreflightCheck CheckDisk(const Result<std::uint64_t>& free_bytes, bool builds);
// Of the file system that holds `folder`.
Result<std::uint64_t> FreeBytes(const std::string& folder);

// "clock": this machine's against a registry's. A warning only: drydock's waits are of the clock
// that never jumps, but what is built and signed here carries the wrong time.
PreflightCheck CheckClock(const std::optional<TimePoint>& theirs, TimePoint ours);

}  // namespace drydock::publisher
