#include "simulator/registry/window_counter.h"

namespace drydock::simulator {
namespace {

// Sources remembered; beyond that, those whose window is over are forgotten, and then all.
constexpr std::size_t kSourcesMax = 4096;

}  // namespace

std::uint64_t WindowCounter::Used(std::string_view source, TimePoint now) const {
  const auto found = windows_.find(source);
  return found == windows_.end() || now - found->second.begun >= window_ ? 0 : found->second.count;
}

void WindowCounter::Count(std::string_view source, TimePoint now) {
  if (windows_.size() >= kSourcesMax) {
    std::erase_if(windows_, [&](const auto& entry) { return now - entry.second.begun >= window_; });
    if (windows_.size() >= kSourcesMax) {
      windows_.clear();
    }
  }
  Window& window = windows_[std::string(source)];
  if (now - window.begun >= window_) {
    window = {now, 0};
  }
  ++window.count;
}

Duration WindowCounter::Remaining(std::string_view source, TimePoint now) const {
  const auto found = windows_.find(source);
  return found == windows_.end() || now - found->second.begun >= window_
             ? Duration::zero()
             : Duration(found->second.begun + window_ - now);
}

void WindowCounter::Forget(std::string_view source) {
  if (const auto found = windows_.find(source); found != windows_.end()) {
    windows_.erase(found);
  }
}

}  // namespace drydock::simulator
