// Counts the manifests a source has pulled, window by window, as Docker Hub does.
// Threads: one at a time. Source: incident `hub-pull-limit-429`.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/http.h"
#include "simulator/registry/personality.h"
#include "simulator/registry/window_counter.h"

namespace drydock::simulator {

// Who a pull is counted against.
struct PullSource {
  std::string name;  // account or address, as docker-ratelimit-source shows it
  bool account = false;
};

// Whom an address is counted as: itself, or the first 64 bits of an IPv6 address
// ("2001:db8:1:2::"), since whoever has one of them has them all. Source: docker/hub-feedback#2421,
// docker/docs#21905.
std::string LimitSource(const std::string& address);

class PullCounter {
 public:
  // Whether the source has no pull left at `now`.
  bool Exhausted(const PullLimit& limit, const PullSource& source, TimePoint now) const;
  void Count(const PullLimit& limit, const PullSource& source, TimePoint now);
  // Adds ratelimit-limit, ratelimit-remaining and docker-ratelimit-source; nothing for a source
  // without a limit.
  void AddHeaders(const PullLimit& limit, const PullSource& source, TimePoint now,
                  Headers& headers) const;

 private:
  WindowCounter counter_;
};

}  // namespace drydock::simulator
