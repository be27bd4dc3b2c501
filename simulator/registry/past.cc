#include "simulator/registry/past.h"

#include <algorithm>
#include <utility>

namespace drydock::simulator {
namespace {

bool IsDigest(std::string_view reference) { return reference.find(':') != std::string_view::npos; }

// What a digest names there; both null for nothing.
std::pair<Blob, Bytes> Content(const Store& store, const Past::Key& key) {
  const auto digest = Digest::Parse(key.reference);
  if (!digest) {
    return {};
  }
  const StoredManifest* manifest = store.FindManifest(key.repository, *digest);
  return {store.FindBlob(key.repository, *digest), manifest == nullptr ? nullptr : manifest->bytes};
}

}  // namespace

void Past::KeepFor(Duration span) { span_ = std::max(span_, span); }

void Past::Note(const Store& store, TimePoint now, std::size_t replica) {
  while (!steps_.empty() && (steps_.size() >= kStepsMax || steps_.front().at <= now - span_)) {
    steps_.pop_front();
  }
  steps_.push_back({now, replica, store});
}

const Store& Past::After(std::size_t step, const Store& now) const {
  return step + 1 < steps_.size() ? steps_[step + 1].before : now;
}

const Store& Past::AsOf(TimePoint then, const Store& now) const {
  const auto undone =
      std::upper_bound(steps_.begin(), steps_.end(), then,
                       [](TimePoint time, const Step& step) { return time < step.at; });
  return undone == steps_.end() ? now : undone->before;
}

const Store& Past::ReplicatedTo(std::size_t replica, TimePoint then, const Store& now,
                                const Key& key) const {
  for (std::size_t step = steps_.size(); step > 0 && steps_[step - 1].at > then; --step) {
    const Step& change = steps_[step - 1];
    const Store& after = After(step - 1, now);
    if (change.replica == replica && !Same(change.before, after, key)) {
      return after;
    }
  }
  return AsOf(then, now);
}

const Store& Past::BeforeLastChange(const Store& now, const Key& key) const {
  for (std::size_t step = steps_.size(); step > 0; --step) {
    const Store& before = steps_[step - 1].before;
    if (!Same(before, After(step - 1, now), key)) {
      return before;
    }
  }
  return now;
}

const Store* Past::Remembered(std::string_view name, TimePoint at) const {
  const auto found = remembered_.find(name);
  return found == remembered_.end() || at >= found->second.until ? nullptr : &found->second.store;
}

void Past::Remember(std::string name, const Store& store, TimePoint until) {
  if (remembered_.size() >= kRememberedMax) {
    remembered_.clear();
  }
  remembered_.insert_or_assign(std::move(name), Memory{until, store});
}

bool Past::Same(const Store& one, const Store& other, const Key& key) {
  if (key.repository.empty()) {
    return one.Repositories() == other.Repositories();
  }
  if (key.reference.empty()) {
    return one.HasRepository(key.repository) == other.HasRepository(key.repository) &&
           one.Tags(key.repository) == other.Tags(key.repository) &&
           one.Manifests(key.repository).size() == other.Manifests(key.repository).size();
  }
  return IsDigest(key.reference) ? Content(one, key) == Content(other, key)
                                 : one.FindTag(key.repository, key.reference) ==
                                       other.FindTag(key.repository, key.reference);
}

bool Past::Has(const Store& store, const Key& key) {
  if (key.reference.empty()) {
    return store.HasRepository(key.repository);
  }
  return IsDigest(key.reference) ? Content(store, key) != Content(Store(), key)
                                 : store.FindTag(key.repository, key.reference).has_value();
}

}  // namespace drydock::simulator
