// What a registry held before its latest changes, for reads that lag behind, and answers that
// caches in front of it remember. Costs nothing until somebody asks to look back: a step is a fork
// of the store, which is made in constant time.
// Threads: one at a time. Source: incidents.md 9.2, P11 (`hub-stale-tag-after-push`,
// `not-found-right-after-put`, `gc-cached-descriptor-phantom-blob`); docs/adr/0034-treatment.md.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "simulator/registry/store.h"

namespace drydock::simulator {

class Past {
 public:
  static constexpr std::size_t kStepsMax = 4096;       // the oldest are forgotten
  static constexpr std::size_t kRememberedMax = 4096;  // likewise all, when there are more

  // What reads are about: a tag, a digest, or with "" the repository's lists.
  struct Key {
    std::string_view repository;
    std::string_view reference;
  };

  // From here on changes are kept for at least this long.
  void KeepFor(Duration span);
  bool keeps() const { return span_ > Duration::zero(); }
  // `store` is about to be changed at `now` through `replica`. `now` must not go back.
  void Note(const Store& store, TimePoint now, std::size_t replica);

  // What was there at `then`; `now` itself when nothing changed since.
  const Store& AsOf(TimePoint then, const Store& now) const;
  // The same, but with what came in through `replica` by itself as soon as it came.
  const Store& ReplicatedTo(std::size_t replica, TimePoint then, const Store& now,
                            const Key& key) const;
  // What was there before the latest change to `key`; `now` when none is known.
  const Store& BeforeLastChange(const Store& now, const Key& key) const;

  // The store that was remembered under `name`, unless its time has passed by `at`. Else null.
  const Store* Remembered(std::string_view name, TimePoint at) const;
  void Remember(std::string name, const Store& store, TimePoint until);

  // Whether `key` means the same in both.
  static bool Same(const Store& one, const Store& other, const Key& key);
  // Whether there is such a tag, manifest or blob.
  static bool Has(const Store& store, const Key& key);

 private:
  struct Step {
    TimePoint at{};
    std::size_t replica = 0;
    Store before;
  };
  struct Memory {
    TimePoint until{};
    Store store;
  };

  // The store right after a step.
  const Store& After(std::size_t step, const Store& now) const;

  Duration span_{};
  std::deque<Step> steps_;
  std::map<std::string, Memory, std::less<>> remembered_;
};

}  // namespace drydock::simulator
