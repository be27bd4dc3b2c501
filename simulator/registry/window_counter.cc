#include "simulator/registry/window_counter.h"

namespace drydock::simulator {
namespace {

// Sources remembered; beyond that, those whose window is over are forgotten, and then all.
constexpr std::size_t kSourcesMax = 4096;

}  // namespace

std::uint64_t WindowCounter::Used(std::string_view source, TimePoint now, Duration window) const {
  const auto found = windows_.find(source);
  return found == windows_.end() || now - found->second.begun >= window ? 0 : found->second.count;
}

void WindowCounter::Count(std::string_view source, TimePoint now, Duration window) {
  if (windows_.size() >= kSourcesMax) {
    std::erase_if(windows_, [&](const auto& entry) { return now - entry.second.begun >= window; });
    if (windows_.size() >= kSourcesMax) {
      windows_.clear();
    }
  }
  Window& current = windows_[std::string(source)];
  if (now - current.begun >= window) {
    current = {now, 0};
  }
  ++current.count;
}

}  // namespace drydock::simulator
