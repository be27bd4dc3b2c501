// Counts the manifests a source has pulled, window by window, as Docker Hub does.
// Threads: one at a time. Source: incident `hub-pull-limit-429`.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/http.h"
#include "simulator/registry/personality.h"

namespace drydock::simulator {

// Who a pull is counted against.
struct PullSource {
  std::string name;  // account or address, as docker-ratelimit-source shows it
  bool account = false;
};

class PullCounter {
 public:
  explicit PullCounter(PullLimit limit) : limit_(limit) {}

  // Whether the source has no pull left at `now`.
  bool Exhausted(const PullSource& source, TimePoint now) const;
  void Count(const PullSource& source, TimePoint now);
  // Adds ratelimit-limit, ratelimit-remaining and docker-ratelimit-source; nothing for a source
  // without a limit.
  void AddHeaders(const PullSource& source, TimePoint now, Headers& headers) const;

 private:
  struct Window {
    TimePoint begun{};
    std::uint64_t pulls = 0;
  };

  std::uint64_t LimitOf(const PullSource& source) const;  // 0: none
  std::uint64_t Used(const PullSource& source, TimePoint now) const;

  PullLimit limit_;
  std::map<std::string, Window, std::less<>> windows_;
};

}  // namespace drydock::simulator
