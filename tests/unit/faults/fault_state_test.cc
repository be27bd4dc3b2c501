// The counters of the fault engine, its dice and what it reports.
#include "simulator/faults/fault_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "core/text.h"
#include "tests/unit/faults/seen.h"

namespace drydock::simulator {
namespace {

// "x" where the rule fires, "." where it does not, for `count` equal exchanges.
std::string Pattern(std::string_view times, int count, std::uint64_t seed = 1) {
  FaultState faults = Faults(
      Concat({R"({"name": "r", "do": {"reply": {"status": 500}}, "times": )", times, "}"}), seed);
  std::string pattern;
  for (int i = 0; i < count; ++i) {
    pattern += Seen().Fires(faults) ? 'x' : '.';
  }
  return pattern;
}

TEST(Counters, CountMatches) {
  const std::pair<const char*, const char*> rows[] = {
      {"2", "xx......"},
      {R"({"nth": 3})", "..x....."},
      {R"({"first": 3})", "xxx....."},
      {R"({"after": 3})", "...xxxxx"},
      {R"({"every": 3})", "..x..x.."},
      {R"({"every": 1})", "xxxxxxxx"},
      {R"({"from": 2, "to": 4})", ".xxx...."},
  };
  for (const auto& [times, expected] : rows) {
    EXPECT_EQ(Pattern(times, 8), expected) << times;
  }
}

TEST(Counters, CountWhatMatchesAlone) {
  FaultState faults = Faults(
      R"({"name": "r", "when": {"reference": "v1"}, "do": {"reply": {"status": 500}}, "times": {"nth": 2}})");
  Seen other;
  other.route.reference = "v2";
  EXPECT_FALSE(Seen().Fires(faults));
  EXPECT_FALSE(other.Fires(faults));
  EXPECT_TRUE(Seen().Fires(faults));
}

TEST(Counters, AreKeptByTheirKey) {
  const auto with = [](auto change) {
    Seen seen = BlobCommit();
    change(seen);
    return seen;
  };
  struct Row {
    const char* key;
    Seen other;
  };
  const Row rows[] = {
      {"client", with([](Seen& seen) { seen.caller.client = "host"; })},
      {"connection", with([](Seen& seen) { seen.caller.connection = 2; })},
      {"host", with([](Seen& seen) { seen.host = "ghcr.io"; })},
      {"repository", with([](Seen& seen) { seen.route.repository = "a/b"; })},
      {"session", with([](Seen& seen) { seen.route.session = "session-2"; })},
      {"digest", with([](Seen& seen) { seen.route.reference = kOtherDigest; })},
  };
  for (const Row& row : rows) {
    for (const bool keyed : {true, false}) {
      FaultState faults = Faults(
          Concat({R"({"name": "r", "do": {"reply": {"status": 500}}, "times": {"nth": 2, "per": ")",
                  keyed                            ? row.key
                  : std::string(row.key) == "host" ? "client"
                                                   : "host",
                  "\"}}"}));
      EXPECT_FALSE(BlobCommit().Fires(faults)) << row.key;
      // Without the key, this is the second match and fires.
      EXPECT_EQ(row.other.Fires(faults), !keyed) << row.key;
      EXPECT_EQ(BlobCommit().Fires(faults), keyed) << row.key;
    }
  }
  FaultState faults = Faults(
      R"({"name": "r", "do": {"reply": {"status": 500}}, "times": {"nth": 2, "per": ["repository", "tag"]}})");
  Seen other;
  other.route.reference = "v2";
  EXPECT_FALSE(Seen().Fires(faults));
  EXPECT_FALSE(other.Fires(faults));
  const auto firing =
      other.With([&](const Sight& sight) { return faults.Offer(Phase::kDecide, sight); });
  ASSERT_TRUE(firing.has_value());
  EXPECT_EQ(firing->key, "repository=joakimp/devbox tag=v2");
}

TEST(Dice, AreAHashOfSeedRuleKeyAndOrdinal) {
  const std::string pattern = Pattern(R"({"chance": "1/2"})", 64);
  EXPECT_EQ(Pattern(R"({"chance": "1/2"})", 64), pattern);
  EXPECT_NE(Pattern(R"({"chance": "1/2"})", 64, 2), pattern) << "the seed does nothing";
  // Pinned: a replay of last year must fall the same way.
  EXPECT_EQ(Pattern(R"({"chance": "1/2"})", 16), "..xx.xxxxx...xx.");

  // A rule in front of it, or exchanges of another key between, must not move its draws.
  FaultState crowded = Faults(
      R"({"name": "front", "when": {"client": "host"}, "do": {"reply": {"status": 500}}, "times": {"chance": "1/3"}},
         {"name": "r", "do": {"reply": {"status": 500}}, "times": {"chance": "1/2", "per": "tag"}})");
  FaultState alone = Faults(
      R"({"name": "r", "do": {"reply": {"status": 500}}, "times": {"chance": "1/2", "per": "tag"}})");
  for (int i = 0; i < 64; ++i) {
    Seen other;
    other.route.reference = "v2";
    other.Fires(crowded);
    EXPECT_EQ(Seen().Fires(crowded), Seen().Fires(alone)) << i;
  }
}

TEST(Dice, DeliverTheRateTheyWereGiven) {
  // Binomial: five standard deviations around the mean.
  const std::pair<const char*, double> rows[] = {{"1/2", 0.5}, {"1/20", 0.05}, {"19/20", 0.95}};
  constexpr int kDraws = 4000;
  for (const auto& [chance, rate] : rows) {
    const std::string pattern = Pattern(Concat({R"({"chance": ")", chance, "\"}"}), kDraws);
    const auto fired = static_cast<double>(std::count(pattern.begin(), pattern.end(), 'x'));
    EXPECT_NEAR(fired, kDraws * rate, 5 * std::sqrt(kDraws * rate * (1 - rate))) << chance;
  }
}

TEST(FaultState, TheFirstRuleThatFiresWinsItsPhase) {
  FaultState faults = Faults(
      R"({"name": "second", "do": {"reply": {"status": 500}}, "times": {"nth": 2}},
         {"name": "always", "do": {"reply": {"status": 503}}},
         {"name": "never asked", "do": {"reply": {"status": 400}}},
         {"name": "other phase", "do": {"edit-reply": {"status": 400}}})");
  const auto fired = [&] {
    return Seen().With(
        [&](const Sight& sight) { return faults.Offer(Phase::kDecide, sight)->rule->name; });
  };
  EXPECT_EQ(fired(), "always") << "a match that is not due gives way";
  EXPECT_EQ(fired(), "second");
  EXPECT_EQ(fired(), "always");
  EXPECT_TRUE(Seen().Fires(faults, Phase::kResponseHead));
  const auto counts = faults.Counts();
  const std::vector<std::vector<std::uint64_t>> expected = {
      {3, 3, 1}, {2, 2, 2}, {0, 0, 0}, {1, 1, 1}};
  ASSERT_EQ(counts.size(), expected.size());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    EXPECT_EQ((std::vector{counts[i].offered, counts[i].matched, counts[i].fired}), expected[i])
        << counts[i].rule;
  }
}

TEST(FaultState, CountsSeenByRule) {
  FaultState faults = Faults(
      R"({"name": "a", "do": {"reply": {"status": 500}}}, {"name": "b", "do": {"reply": {"status": 503}}})");
  EXPECT_TRUE(faults.Switch("a", false));
  const FaultRule* fired =
      Seen().With([&](const Sight& sight) { return faults.Offer(Phase::kDecide, sight)->rule; });
  faults.MarkSeen(*fired);
  EXPECT_EQ(faults.Counts()[0].seen, 0u);
  EXPECT_EQ(faults.Counts()[1].seen, 1u);
}

TEST(FaultState, RulesComeAndGo) {
  FaultState faults = Faults(R"({"name": "a", "do": {"reply": {"status": 500}}})");
  FaultState others = Faults(
      R"({"name": "b", "do": {"reply": {"status": 502}}}, {"name": "c", "do": {"reply": {"status": 503}}})");
  EXPECT_TRUE(faults.Add(others.rules()).ok());
  const Status twice = faults.Add(others.rules());
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().message(), "faults: there is a rule of that name: \"b\"");
  const FaultRule* fired =
      Seen().With([&](const Sight& sight) { return faults.Offer(Phase::kDecide, sight)->rule; });
  EXPECT_TRUE(faults.Remove("a"));
  EXPECT_FALSE(faults.Remove("a"));
  EXPECT_EQ(fired->name, "a") << "whoever acts on it goes on with it";
  faults.MarkSeen(*fired);
  EXPECT_EQ(Seen().With([&](const Sight& sight) {
    return faults.Offer(Phase::kDecide, sight)->rule->name;
  }),
            "b");
  EXPECT_EQ(faults.Counts().size(), 2u);
}

TEST(FaultState, RulesAreSwitchedByName) {
  FaultState faults = Faults(
      R"({"name": "a", "do": {"reply": {"status": 500}}},
         {"name": "b", "armed": false, "do": {"reply": {"status": 503}}, "times": {"nth": 2}})");
  EXPECT_TRUE(Seen().Fires(faults));
  EXPECT_TRUE(faults.Switch("a", false));
  EXPECT_FALSE(faults.Switch("c", true)) << "no such rule";
  EXPECT_FALSE(Seen().Fires(faults)) << "nothing is armed";
  EXPECT_EQ(faults.Counts()[0].offered, 1u) << "a disarmed rule is not asked";
  EXPECT_TRUE(faults.Switch("b", true));
  EXPECT_FALSE(Seen().Fires(faults));
  faults.SwitchAll(false);
  EXPECT_FALSE(Seen().Fires(faults));
  EXPECT_FALSE(faults.Counts()[0].armed);
  faults.Switch("b", true);
  EXPECT_TRUE(Seen().Fires(faults)) << "the count went on where it stood";
  FaultState none;
  EXPECT_FALSE(Seen().Fires(none));
  EXPECT_TRUE(none.Counts().empty());
}

TEST(FaultState, BytePositionsAreOfTheirPhase) {
  FaultState faults = Faults(
      R"({"name": "a", "do": {"cut": "rst", "at": "request-body", "after-bytes": 500}},
         {"name": "b", "do": {"cut": "rst", "at": "request-body", "after-bytes": 20}},
         {"name": "c", "do": {"cut": "rst", "at": "response-body", "after-bytes": 7}})");
  const auto next = [&](Phase phase, std::uint64_t from) {
    return Seen().With([&](const Sight& sight) { return faults.NextPosition(phase, sight, from); });
  };
  EXPECT_EQ(next(Phase::kRequestBody, 0), 20u);
  EXPECT_EQ(next(Phase::kRequestBody, 20), 20u);
  EXPECT_EQ(next(Phase::kRequestBody, 21), 500u);
  EXPECT_EQ(next(Phase::kRequestBody, 501), std::nullopt);
  EXPECT_EQ(next(Phase::kResponseBody, 0), 7u);
  const auto between = [&](std::uint64_t from, std::uint64_t to) {
    return Seen().With([&](const Sight& sight) {
      const auto firing = faults.OfferBytes(Phase::kRequestBody, sight, from, to);
      return firing ? Concat({firing->rule->name, " ", std::to_string(firing->position)}) : "";
    });
  };
  EXPECT_EQ(between(0, 19), "");
  EXPECT_EQ(between(20, 20), "b 20");
  EXPECT_EQ(between(0, 1000), "b 20") << "positions come in order";
  EXPECT_EQ(between(21, 1000), "a 500");
  EXPECT_FALSE(Seen().Fires(faults, Phase::kRequestBody)) << "they all have a position";
  EXPECT_EQ(faults.Counts()[0].offered, 1u);
  EXPECT_EQ(faults.Counts()[1].offered, 2u);
  EXPECT_EQ(faults.Counts()[2].offered, 0u);
}

TEST(FaultState, RulesForSomethingElseAreAskedAndCountedAllTheSame) {
  FaultState faults = Faults(
      R"({"name": "repository", "when": {"repository": "a/b"}, "do": {"reply": {"status": 500}}},
         {"name": "tag", "when": {"reference": "v2"}, "do": {"reply": {"status": 500}}},
         {"name": "operation", "when": {"operation": "blob.*"}, "do": {"reply": {"status": 500}}},
         {"name": "glob", "when": {"repository": "joakimp/*"}, "do": {"reply": {"status": 500}}, "times": {"nth": 3}},
         {"name": "behind", "when": {"repository": "a/b"}, "do": {"reply": {"status": 500}}},
         {"name": "bytes", "when": {"repository": "a/b"},
          "do": {"cut": "rst", "at": "response-body", "after-bytes": 5}},
         {"name": "more bytes", "when": {"operation": "blob.get"},
          "do": {"cut": "rst", "at": "response-body", "after-bytes": 9}})");
  const auto told = [&](std::uint64_t to) {
    return Seen().With(
        [&](const Sight& sight) { return faults.OfferBytes(Phase::kResponseBody, sight, 0, to); });
  };
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(Seen().Fires(faults), i == 2) << i;
    EXPECT_FALSE(told(i < 3 ? 7 : 9));
  }
  faults.Switch("tag", false);
  EXPECT_FALSE(Seen().Fires(faults));
  faults.Switch("tag", true);
  EXPECT_FALSE(Seen().Fires(faults));
  EXPECT_FALSE(told(4));
  const std::pair<const char*, std::uint64_t> expected[] = {
      {"repository", 6}, {"tag", 5},   {"operation", 6}, {"glob", 6},
      {"behind", 5},     {"bytes", 4}, {"more bytes", 1}};
  const auto counts = faults.Counts();
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(counts[i].rule, expected[i].first);
    EXPECT_EQ(counts[i].offered, expected[i].second) << counts[i].rule;
  }
}

TEST(FaultState, AShortlistFollowsTheRules) {
  FaultState faults = Faults(
      R"({"name": "other", "when": {"repository": "a/b"}, "do": {"reply": {"status": 500}}})");
  FaultState more = Faults(R"({"name": "this", "do": {"reply": {"status": 503}}})");
  Shortlist list;
  const auto fires = [&] {
    return Seen().With([&](Sight sight) {
      sight.shortlist = &list;
      return faults.Offer(Phase::kDecide, sight).has_value();
    });
  };
  EXPECT_FALSE(fires());
  EXPECT_TRUE(faults.Add(more.rules()).ok());
  EXPECT_TRUE(fires());
  EXPECT_TRUE(faults.Remove("this"));
  EXPECT_FALSE(fires());
}

TEST(FaultState, MayBeAskedFromManyThreads) {
  FaultState faults =
      Faults(R"({"name": "r", "do": {"reply": {"status": 500}}, "times": {"first": 150}})");
  constexpr std::size_t kThreads = 4;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 100; ++k) {
        Seen().Fires(faults);
        (void)faults.Counts();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(faults.Counts()[0].matched, 400u);
  EXPECT_EQ(faults.Counts()[0].fired, 150u);
}

}  // namespace
}  // namespace drydock::simulator
