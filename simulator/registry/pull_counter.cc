#include "simulator/registry/pull_counter.h"

#include <algorithm>
#include <vector>

#include "core/text.h"

namespace drydock::simulator {
namespace {

std::uint64_t LimitOf(const PullLimit& limit, const PullSource& source) {
  return source.account ? limit.account : limit.anonymous;  // 0: none
}

}  // namespace

std::string LimitSource(const std::string& address) {
  constexpr std::size_t kGroups = 8;
  constexpr std::size_t kNetworkGroups = 4;
  if (address.find(':') == std::string::npos) {
    return address;
  }
  const auto groups_of = [](const std::string& text) {
    return text.empty() ? std::vector<std::string>() : Split(text, ':');
  };
  const std::size_t gap = address.find("::");
  std::vector<std::string> groups = groups_of(address.substr(0, gap));
  if (gap != std::string::npos) {  // as many zeros as are wanting
    const std::vector<std::string> after = groups_of(address.substr(gap + 2));
    groups.resize(std::max(groups.size(), kGroups - std::min(after.size(), kGroups)), "0");
    groups.insert(groups.end(), after.begin(), after.end());
  }
  groups.resize(kNetworkGroups, "0");
  while (!groups.empty() && groups.back() == "0") {
    groups.pop_back();
  }
  return Join(groups, ":") + "::";
}

bool PullCounter::Exhausted(const PullLimit& limit, const PullSource& source, TimePoint now) const {
  const std::uint64_t most = LimitOf(limit, source);
  return most != 0 && counter_.Used(source.name, now, limit.window) >= most;
}

void PullCounter::Count(const PullLimit& limit, const PullSource& source, TimePoint now) {
  if (LimitOf(limit, source) != 0) {
    counter_.Count(source.name, now, limit.window);
  }
}

void PullCounter::AddHeaders(const PullLimit& limit, const PullSource& source, TimePoint now,
                             Headers& headers) const {
  const std::uint64_t most = LimitOf(limit, source);
  if (most == 0) {
    return;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit.window).count();
  const std::string window = Concat({";w=", std::to_string(seconds)});
  const std::uint64_t left = most - std::min(most, counter_.Used(source.name, now, limit.window));
  headers.Set("ratelimit-limit", Concat({std::to_string(most), window}));
  headers.Set("ratelimit-remaining", Concat({std::to_string(left), window}));
  headers.Set("docker-ratelimit-source", source.name);
}

}  // namespace drydock::simulator
