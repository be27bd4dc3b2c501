// A rate limiter that a rule puts in front of a site (P14): who is counted, what a request costs,
// how fast it comes back, and what is said to whom has no more. The levels belong to the rule, so
// that no other rule and no other source can touch them.
// Threads: BucketLevels is used under its FaultState's lock; the rest are plain values.
// Source: incidents.md 9.2, P14 (`hub-pull-limit-429`, `token-endpoint-429`, `retry-after-forms`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/http.h"
#include "simulator/exchange.h"

namespace drydock::simulator {

struct Bucket {
  // kAccount: who has none is counted by address, as Docker Hub does.
  enum class By { kAccount, kAddress, kHost };
  // What is shown: ratelimit-limit "100;w=21600" and -remaining; or X-RateLimit-Limit, -Remaining
  // and -Reset (unix time).
  enum class Shown { kNothing, kDocker, kReset };
  enum class RetryAfter { kNone, kSeconds, kDate, kUnix, kNonsense };

  By by = By::kAddress;
  std::uint64_t size = 100;
  std::uint64_t refill = 0;  // so much comes back each `every`; 0: all of it
  Duration every = std::chrono::hours(6);
  std::vector<std::pair<std::string, std::uint64_t>> costs;  // of operations (globs); others cost 1
  Shown shown = Shown::kNothing;
  RetryAfter retry_after = RetryAfter::kSeconds;

  std::uint64_t CostOf(std::string_view operation) const;  // the first glob that fits
};

// How a source stands after a request.
struct BucketLevel {
  bool refused = false;
  std::uint64_t left = 0;
  TimePoint refilled{};  // when there is more
};

class BucketLevels {
 public:
  static constexpr std::size_t kSourcesMax = 4096;  // when there are more, all are forgotten

  // Takes `cost` from what `source` has at `now`, if there is so much.
  BucketLevel Take(const Bucket& bucket, const std::string& source, std::uint64_t cost,
                   TimePoint now);

 private:
  struct Held {
    TimePoint begun{};  // of the span of `every` that `left` belongs to
    std::uint64_t left = 0;
  };
  std::map<std::string, Held> held_;
};

// Whom a request is counted against: a Basic name, the account that a token says (nobody checks
// it here), an address, or the host that is asked.
std::string SourceOf(Bucket::By by, const RequestHead& head);

// What the bucket shows of a level, and for a refusal its Retry-After.
void Show(const Bucket& bucket, const BucketLevel& level, TimePoint now, Headers& headers);

}  // namespace drydock::simulator
