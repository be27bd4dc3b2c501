// Budgets in virtual time: what is tried again, how often, and what is waited in between.
#include "publisher/registry/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/publisher/scripted_transport.h"

namespace drydock::publisher {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

Failure Transient(std::optional<Duration> retry_after = std::nullopt) {
  Failure failure;
  failure.answerer = Answerer::kRegistry;
  failure.status = 503;
  failure.persistence = Persistence::kTransient;
  failure.next = retry_after ? NextMove::kWait : NextMove::kRetry;
  failure.retry_after = retry_after;
  return failure;
}

class RetryTest : public ::testing::Test {
 protected:
  // Runs an operation that fails `failures` times in this way and then succeeds.
  Outcome<int> Run(const RetryBudget& budget, int failures, const Failure& failure) {
    return retrier_.RunWithRetry(budget, "work", [&](int attempt) -> Outcome<int> {
      attempts_ = attempt;
      return attempt > failures ? Outcome<int>(attempt) : Outcome<int>(failure);
    });
  }
  std::vector<Duration> Waits() const {
    std::vector<Duration> waits;
    for (const Event& event : journal_.Snapshot()) {
      waits.push_back(std::get<WaitEvent>(event.payload).span);
    }
    return waits;
  }

  FakeClock clock_;
  Journal journal_{clock_};
  Retrier retrier_{clock_, journal_, Rng(1), "host"};
  int attempts_ = 0;
};

TEST_F(RetryTest, SucceedsAtOnceWithoutATrace) {
  ASSERT_TRUE(Run({}, 0, Transient()).ok());
  EXPECT_EQ(attempts_, 1);
  EXPECT_EQ(clock_.Elapsed(), Duration(0));
  EXPECT_EQ(journal_.size(), 0u);
}

TEST_F(RetryTest, DoublesItsPausesAndWritesThemDown) {
  ASSERT_TRUE(Run({.attempts_max = 5}, 3, Transient()).ok());
  const auto waits = Waits();
  ASSERT_EQ(waits.size(), 3u);
  for (std::size_t i = 0; i < waits.size(); ++i) {
    const Duration whole = seconds(1 << i);
    EXPECT_GE(waits[i], whole / 2);
    EXPECT_LE(waits[i], whole);
  }
  EXPECT_EQ(clock_.Elapsed(), waits[0] + waits[1] + waits[2]);
  const auto event = journal_.Snapshot()[1];
  EXPECT_EQ(event.actor, "host");
  EXPECT_THAT(std::get<WaitEvent>(event.payload).reason, HasSubstr("work, attempt 2 of 5"));
}

TEST_F(RetryTest, EndsWithTheBudgetAndCountsItsAttempts) {
  const auto outcome = Run({.attempts_max = 3}, 99, Transient());
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.failure().attempts, 3);
  EXPECT_EQ(attempts_, 3);
  EXPECT_EQ(Waits().size(), 2u);
}

TEST_F(RetryTest, NeverRepeatsWhatIsDeterministic) {
  Failure refused = Transient();
  refused.persistence = Persistence::kDeterministic;
  refused.next = NextMove::kStop;
  ASSERT_FALSE(Run({}, 99, refused).ok());
  Failure pull_limit = Transient();
  pull_limit.next = NextMove::kStop;
  ASSERT_FALSE(Run({}, 99, pull_limit).ok());
  EXPECT_EQ(attempts_, 1);
  EXPECT_EQ(clock_.Elapsed(), Duration(0));
}

TEST_F(RetryTest, WaitsAsLongAsTheServerAsks) {
  ASSERT_TRUE(Run({}, 1, Transient(seconds(42))).ok());
  EXPECT_EQ(clock_.Elapsed(), seconds(42));
}

TEST_F(RetryTest, DoesNotStartAWaitThatBreaksTheBudget) {
  const auto outcome = Run({.waits_max = minutes(5)}, 99, Transient(minutes(6)));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(attempts_, 1);
  EXPECT_EQ(clock_.Elapsed(), Duration(0));
}

TEST_F(RetryTest, SumsItsWaitsUp) {
  const auto outcome =
      Run({.attempts_max = 99, .waits_max = minutes(5)}, 99, Transient(minutes(2)));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(attempts_, 3);
  EXPECT_EQ(clock_.Elapsed(), minutes(4));
}

TEST_F(RetryTest, StopsWhenItIsCancelledInTheMiddleOfAPause) {
  clock_.CancelAt(milliseconds(100));
  const auto outcome = Run({}, 99, Transient());
  ASSERT_FALSE(outcome.ok());
  EXPECT_TRUE(outcome.failure().cancelled);
  EXPECT_EQ(attempts_, 1);
}

TEST_F(RetryTest, RememberWhenCancelledThatAWriteIsOpen) {
  clock_.CancelAt(milliseconds(100));
  Failure lost = Transient();
  lost.next = NextMove::kAsk;
  EXPECT_EQ(Run({}, 99, lost).failure().next, NextMove::kAsk);
}

TEST_F(RetryTest, NeverRepeatsWhatWasCancelled) {
  Failure cancelled = Transient();
  cancelled.cancelled = true;
  ASSERT_FALSE(Run({}, 99, cancelled).ok());
  EXPECT_EQ(attempts_, 1);
}

TEST(MayGoAway, AsksForBothPersistenceAndMove) {
  Failure failure = Transient();
  for (const NextMove move :
       {NextMove::kRetry, NextMove::kWait, NextMove::kAsk, NextMove::kReauthenticate}) {
    failure.next = move;
    EXPECT_TRUE(MayGoAway(failure));
  }
  failure.next = NextMove::kStop;
  EXPECT_FALSE(MayGoAway(failure));
  EXPECT_FALSE(MayGoAway(LocalFailure("x")));
}

RC_GTEST_PROP(PauseBeforeNextProperty, KeepsItsPromises, (std::uint64_t seed)) {
  Rng rng(seed);
  RetryBudget budget;
  budget.first_pause = milliseconds(*rc::gen::inRange(0, 5000));
  budget.pause_max = milliseconds(*rc::gen::inRange(0, 60000));
  budget.waits_max = milliseconds(*rc::gen::inRange(0, 600000));
  const Duration waited = milliseconds(*rc::gen::inRange(0, 700000));
  const int attempts = *rc::gen::inRange(1, 200);
  Failure failure = Transient();
  if (*rc::gen::arbitrary<bool>()) {
    failure = Transient(Duration(milliseconds(*rc::gen::inRange(1, 600000))));
  }
  const auto pause = PauseBeforeNext(budget, attempts, waited, failure, rng);
  if (!pause) {
    return;
  }
  RC_ASSERT(*pause >= Duration(0));
  RC_ASSERT(waited + *pause <= budget.waits_max);
  if (failure.retry_after) {
    RC_ASSERT(*pause >= *failure.retry_after);
  } else {
    RC_ASSERT(*pause <= budget.pause_max);
  }
}

}  // namespace
}  // namespace drydock::publisher
