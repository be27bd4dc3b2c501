#include "simulator/registry/pull_counter.h"

#include <algorithm>

#include "core/text.h"

namespace drydock::simulator {
namespace {

// Sources remembered; beyond that, those whose window is over are forgotten, and then all.
constexpr std::size_t kSourcesMax = 4096;

}  // namespace

std::uint64_t PullCounter::LimitOf(const PullSource& source) const {
  return source.account ? limit_.account : limit_.anonymous;
}

std::uint64_t PullCounter::Used(const PullSource& source, TimePoint now) const {
  const auto found = windows_.find(source.name);
  return found == windows_.end() || now - found->second.begun >= limit_.window
             ? 0
             : found->second.pulls;
}

bool PullCounter::Exhausted(const PullSource& source, TimePoint now) const {
  const std::uint64_t limit = LimitOf(source);
  return limit != 0 && Used(source, now) >= limit;
}

void PullCounter::Count(const PullSource& source, TimePoint now) {
  if (LimitOf(source) == 0) {
    return;
  }
  if (windows_.size() >= kSourcesMax) {
    std::erase_if(windows_,
                  [&](const auto& entry) { return now - entry.second.begun >= limit_.window; });
    if (windows_.size() >= kSourcesMax) {
      windows_.clear();
    }
  }
  Window& window = windows_[source.name];
  if (now - window.begun >= limit_.window) {
    window = {now, 0};
  }
  ++window.pulls;
}

void PullCounter::AddHeaders(const PullSource& source, TimePoint now, Headers& headers) const {
  const std::uint64_t limit = LimitOf(source);
  if (limit == 0) {
    return;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit_.window).count();
  const std::string window = Concat({";w=", std::to_string(seconds)});
  const std::uint64_t left = limit - std::min(limit, Used(source, now));
  headers.Set("ratelimit-limit", Concat({std::to_string(limit), window}));
  headers.Set("ratelimit-remaining", Concat({std::to_string(left), window}));
  headers.Set("docker-ratelimit-source", source.name);
}

}  // namespace drydock::simulator
