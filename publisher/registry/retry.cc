#include "publisher/registry/retry.h"

#include <algorithm>

#include "core/text.h"

namespace drydock::publisher {

bool MayGoAway(const Failure& failure) {
  return !failure.cancelled && failure.persistence == Persistence::kTransient &&
         failure.next != NextMove::kStop;
}

bool HasAttemptLeft(const RetryBudget& budget, int attempts) {
  return attempts < budget.attempts_max;
}

std::optional<Duration> PauseBeforeNext(const RetryBudget& budget, int attempts, Duration waited,
                                        const Failure& failure, Rng& rng) {
  Duration pause = budget.first_pause;
  for (int doubled = 1; doubled < attempts && pause < budget.pause_max; ++doubled) {
    pause *= 2;
  }
  pause = std::min(pause, budget.pause_max);
  const auto half = static_cast<std::uint64_t>(std::max<Duration::rep>(pause.count(), 0)) / 2;
  pause -= Duration(static_cast<Duration::rep>(rng.Below(half + 1)));
  if (failure.retry_after) {
    pause = std::max(pause, *failure.retry_after);
  }
  if (pause > budget.waits_max - waited) {
    return std::nullopt;
  }
  return pause;
}

bool Retrier::WaitForNext(const RetryBudget& budget, std::string_view what, int attempts,
                          Failure& failure, Duration& waited) {
  if (!MayGoAway(failure) || !HasAttemptLeft(budget, attempts)) {
    return false;
  }
  const auto pause = PauseBeforeNext(budget, attempts, waited, failure, rng_);
  if (!pause) {
    return false;
  }
  if (budget.deadline != kNoDeadline && *pause > budget.deadline - clock_.Elapsed()) {
    failure.advice = Concat({"The run's time would be over before the next attempt, ",
                             FormatDuration(*pause), " from now; run it again then."});
    return false;
  }
  WaitEvent wait{*pause, Concat({what, ", attempt ", std::to_string(attempts), " of ",
                                 std::to_string(budget.attempts_max), ": ", failure.ToString()})};
  if (on_wait_) {
    on_wait_(wait);
  }
  journal_.Append(actor_, std::move(wait));
  waited += *pause;
  if (!clock_.SleepFor(*pause).ok()) {
    failure.cancelled = true;
    failure.next = failure.next == NextMove::kAsk ? NextMove::kAsk : NextMove::kStop;
    return false;
  }
  return true;
}

}  // namespace drydock::publisher
