#include "simulator/faults/bucket.h"

#include <algorithm>

#include "core/json.h"
#include "core/text.h"
#include "simulator/registry/account.h"
#include "simulator/registry/pull_counter.h"

namespace drydock::simulator {
namespace {

std::int64_t Seconds(Duration span) {
  return std::chrono::duration_cast<std::chrono::seconds>(span).count();
}

std::string AccountOf(std::string_view authorization) {
  if (const auto basic = ReadBasicCredentials(authorization)) {
    return basic->name;
  }
  const auto parts = Split(authorization, '.');  // header, claims and signature of a JWT
  const auto claims = parts.size() == 3 ? FromBase64(parts[1]) : std::nullopt;
  const auto json =
      claims ? json::Parse(*claims, "token") : Error(ErrorCode::kInvalid, "token: has no claims");
  return json ? std::string(json->Text("sub")) : "";
}

std::string RetryAfterText(Bucket::RetryAfter form, TimePoint now, TimePoint then) {
  switch (form) {
    case Bucket::RetryAfter::kSeconds:
      return std::to_string(Seconds(then - now + std::chrono::milliseconds(999)));
    case Bucket::RetryAfter::kDate:
      return FormatHttpDate(then);
    case Bucket::RetryAfter::kUnix:
      return std::to_string(Seconds(then.time_since_epoch()));
    case Bucket::RetryAfter::kNonsense:
      return "soon";
    case Bucket::RetryAfter::kNone:
      break;
  }
  return "";
}

}  // namespace

std::uint64_t Bucket::CostOf(std::string_view operation) const {
  const auto cost = std::find_if(costs.begin(), costs.end(), [&](const auto& one) {
    return GlobMatches(one.first, operation);
  });
  return cost == costs.end() ? 1 : cost->second;
}

BucketLevel BucketLevels::Take(const Bucket& bucket, const std::string& source, std::uint64_t cost,
                               TimePoint now) {
  if (held_.size() >= kSourcesMax && held_.count(source) == 0) {
    held_.clear();
  }
  Held& held = held_.try_emplace(source, Held{now, bucket.size}).first->second;
  const auto spans = static_cast<std::uint64_t>((now - held.begun) / bucket.every);
  if (spans > 0) {
    const std::uint64_t room = bucket.size - held.left;
    const bool all = bucket.refill == 0 || spans >= room / bucket.refill + 1;
    held.left = all ? bucket.size : held.left + spans * bucket.refill;
    // A full bucket begins its span with the next request; others go on with theirs.
    held.begun = held.left >= bucket.size
                     ? now
                     : held.begun + bucket.every * static_cast<std::int64_t>(spans);
  }
  const bool refused = cost > held.left;
  held.left -= refused ? 0 : cost;
  return {refused, held.left, held.begun + bucket.every};
}

std::string SourceOf(Bucket::By by, const RequestHead& head) {
  std::string account =
      by == Bucket::By::kAccount ? AccountOf(head.headers.Get("Authorization")) : "";
  return by == Bucket::By::kHost ? head.url.host
         : account.empty()       ? LimitSource(head.caller.address)
                                 : account;
}

void Show(const Bucket& bucket, const BucketLevel& level, TimePoint now, Headers& headers) {
  const std::string window = Concat({";w=", std::to_string(Seconds(bucket.every))});
  if (bucket.shown == Bucket::Shown::kDocker) {
    headers.Set("ratelimit-limit", std::to_string(bucket.size) + window);
    headers.Set("ratelimit-remaining", std::to_string(level.left) + window);
  } else if (bucket.shown == Bucket::Shown::kReset) {
    headers.Set("X-RateLimit-Limit", std::to_string(bucket.size));
    headers.Set("X-RateLimit-Remaining", std::to_string(level.left));
    headers.Set("X-RateLimit-Reset", std::to_string(Seconds(level.refilled.time_since_epoch())));
  }
  if (level.refused && bucket.retry_after != Bucket::RetryAfter::kNone) {
    headers.Set("Retry-After", RetryAfterText(bucket.retry_after, now, level.refilled));
  }
}

}  // namespace drydock::simulator
