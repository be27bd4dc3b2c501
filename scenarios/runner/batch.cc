#include "scenarios/runner/batch.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "scenarios/runner/shelf.h"

namespace drydock::scenarios {
namespace {

// The outcomes between those who play and the one who is told of them in order.
class Outcomes {
 public:
  explicit Outcomes(std::size_t count) : slots_(count) {}

  // The next scenario nobody has taken; nullopt when there is none.
  std::optional<std::size_t> Take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return next_ < slots_.size() ? std::optional(next_++) : std::nullopt;
  }

  void Put(std::size_t index, Result<ScenarioResult> outcome) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      slots_[index].emplace(std::move(outcome));
    }
    filled_.notify_one();
  }

  Result<ScenarioResult> Await(std::size_t index) {
    std::unique_lock<std::mutex> lock(mutex_);
    filled_.wait(lock, [&] { return slots_[index].has_value(); });
    Result<ScenarioResult> outcome = std::move(*slots_[index]);
    slots_[index].reset();
    return outcome;
  }

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::size_t next_ = 0;
  std::vector<std::optional<Result<ScenarioResult>>> slots_;
};

}  // namespace

void RunAll(const std::vector<Scenario>& scenarios, const RunOptions& options, unsigned jobs,
            const OnPlayed& on_played) {
  Shelf shelf;
  RunOptions shared = options;
  shared.shelf = &shelf;
  const std::size_t count =
      std::min<std::size_t>(std::clamp(jobs, 1U, kJobsMost), scenarios.size());
  if (count == 1) {  // memory costs a thread more than the one that the program began with
    for (std::size_t index = 0; index < scenarios.size(); ++index) {
      on_played(index, RunScenario(scenarios[index], shared));
    }
    return;
  }
  Outcomes outcomes(scenarios.size());
  std::vector<std::thread> players;
  players.reserve(count);
  for (std::size_t player = 0; player < count; ++player) {
    players.emplace_back([&] {
      while (const auto index = outcomes.Take()) {
        outcomes.Put(*index, RunScenario(scenarios[*index], shared));
      }
    });
  }
  for (std::size_t index = 0; index < scenarios.size(); ++index) {
    on_played(index, outcomes.Await(index));
  }
  for (std::thread& player : players) {
    player.join();
  }
}

}  // namespace drydock::scenarios
