#include "simulator/registry/pull_counter.h"

#include <algorithm>

#include "core/text.h"

namespace drydock::simulator {

std::uint64_t PullCounter::LimitOf(const PullSource& source) const {
  return source.account ? limit_.account : limit_.anonymous;
}

bool PullCounter::Exhausted(const PullSource& source, TimePoint now) const {
  const std::uint64_t limit = LimitOf(source);
  return limit != 0 && counter_.Used(source.name, now) >= limit;
}

void PullCounter::Count(const PullSource& source, TimePoint now) {
  if (LimitOf(source) != 0) {
    counter_.Count(source.name, now);
  }
}

void PullCounter::AddHeaders(const PullSource& source, TimePoint now, Headers& headers) const {
  const std::uint64_t limit = LimitOf(source);
  if (limit == 0) {
    return;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit_.window).count();
  const std::string window = Concat({";w=", std::to_string(seconds)});
  const std::uint64_t left = limit - std::min(limit, counter_.Used(source.name, now));
  headers.Set("ratelimit-limit", Concat({std::to_string(limit), window}));
  headers.Set("ratelimit-remaining", Concat({std::to_string(left), window}));
  headers.Set("docker-ratelimit-source", source.name);
}

}  // namespace drydock::simulator
