// The one retry loop of the publisher. A budget is plain data; each round answers three small
// questions: may it go away by itself, is there budget left, how long to wait. Every wait goes
// through the Clock and into the Journal. Threads: one Retrier belongs to one thread.
// Source: incidents.md section 5, rules 6, 7 and 14; incident retry-after-forms.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/journal.h"
#include "core/rng.h"
#include "publisher/registry/failure.h"

namespace drydock::publisher {

struct RetryBudget {
  int attempts_max = 4;  // in all, the first one included
  Duration first_pause = std::chrono::seconds(1);
  Duration pause_max = std::chrono::seconds(30);  // of our own pauses, before jitter
  Duration waits_max = std::chrono::minutes(5);   // sum of all pauses, promised ones included
  Deadline deadline = kNoDeadline;                // of the whole run: no pause reaches beyond it
};

// 1st question: could the same request get another answer later?
bool MayGoAway(const Failure& failure);
// 2nd question: does the budget allow another attempt after `attempts` of them?
bool HasAttemptLeft(const RetryBudget& budget, int attempts);
// 3rd question: how long to wait after `attempts` attempts, of which `waited` was spent waiting.
// Doubles from first_pause, jittered into its upper half; never shorter than what the server
// promised. nullopt when that would break waits_max.
std::optional<Duration> PauseBeforeNext(const RetryBudget& budget, int attempts, Duration waited,
                                        const Failure& failure, Rng& rng);

class Retrier {
 public:
  // Told of each wait as it begins.
  using OnWait = std::function<void(const WaitEvent&)>;

  // `clock` and `journal` must outlive it; `actor` is who waits, for the journal.
  Retrier(Clock& clock, Journal& journal, Rng rng, std::string actor, OnWait on_wait = {})
      : clock_(clock),
        journal_(journal),
        rng_(rng),
        actor_(std::move(actor)),
        on_wait_(std::move(on_wait)) {}

  // Calls `operation(attempt)`, attempt = 1, 2, …, until it succeeds, fails for good or the budget
  // ends. Gives the last failure, with `attempts` filled in. `what` names the work in the journal.
  template <class Operation>
  auto RunWithRetry(const RetryBudget& budget, std::string_view what, Operation&& operation)
      -> decltype(operation(1)) {
    Duration waited{0};
    for (int attempt = 1;; ++attempt) {
      auto outcome = operation(attempt);
      if (outcome.ok()) {
        return outcome;
      }
      Failure failure = outcome.failure();
      failure.attempts = attempt;
      if (failure.cancelled || !WaitForNext(budget, what, attempt, failure, waited)) {
        return failure;
      }
    }
  }

  // One round of it, for work that goes on elsewhere after a failure: true after the pause; false
  // when there is no next attempt (then `failure` says cancelled if it was). Adds to `waited`.
  bool WaitForNext(const RetryBudget& budget, std::string_view what, int attempts, Failure& failure,
                   Duration& waited);

 private:
  Clock& clock_;
  Journal& journal_;
  Rng rng_;
  std::string actor_;
  OnWait on_wait_;
};

}  // namespace drydock::publisher
