// Why a hash is not the one that was expected: tries what is known to make local inputs and CI's
// differ, and takes nothing for an explanation that does not give the expected value, twice: once
// by checkpoints, once from nothing with everything read anew.
// Threads: one at a time. Source: issue 3 section 4; opencode-devbox.md section 2, "hazards".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/result.h"
#include "publisher/hash/input_list.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

// The expected value: 12 to 64 hex digits, the first ones of the digest; "base-" before them and
// capitals are allowed. kInvalid for anything else.
Result<std::string> ParseExpected(std::string_view text);

struct Explanation {
  std::string kind;                // "untracked", "collation", … (docs/hash.md lists them)
  std::string what;                // what makes the local inputs give the expected value
  std::vector<std::string> paths;  // of the inputs it is about; the first 20
  std::string advice;              // what to do about it
  std::string reproduce;           // shell text that gives the value as well; may be ""
  Digest digest = Digest::Of("");
};

struct ExplainAttempt {
  std::string what;          // "one input left out"
  std::uint64_t trials = 0;  // hashes
  std::string note;          // what was not tried, and why; may be ""
};

struct ClosestCommit {
  std::string name;                     // "v1.15.11", "3e32724db031 (2026-05-20, Fix motd)"
  std::vector<std::string> only_here;   // inputs that the commit does not have
  std::vector<std::string> only_there;  // inputs that are not here
  std::vector<std::string> differing;   // with other content
};

struct ExplainReport {
  std::string expected;
  Digest local = Digest::Of("");
  std::uint64_t inputs = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> skipped;  // what the recipe silently leaves out here
  bool matches = false;
  std::vector<Explanation> explanations;
  std::vector<ExplainAttempt> attempts;
  std::uint64_t bytes_hashed = 0;
  // A value that was tried and differs from the expected one in so few digits that one of them was
  // mistyped; and what it is the value of.
  std::string slip;
  std::optional<ClosestCommit> closest;

  bool explained() const { return !explanations.empty(); }
};

struct ExplainProgress {
  std::string_view trying;
  std::uint64_t trials = 0;
  std::uint64_t bytes = 0;  // hashed so far
};

struct ExplainOptions {
  std::vector<std::string> locales;                // tried first: those of the environment
  std::uint64_t effort = std::uint64_t{16} << 30;  // bytes to hash at most, all in all
  std::size_t commits = 20'000;                    // to look at, at most
  std::function<void(const ExplainProgress&)> on_progress = {};
};

// `expected` as ParseExpected gives it. Errors as HashTree, HashGitRef and HashTar with `compat`;
// kConflict when an input changes meanwhile.
Result<ExplainReport> Explain(const HashSubject& subject, const Recipe& recipe,
                              const std::string& expected, const ExplainOptions& options = {});

}  // namespace drydock::publisher
