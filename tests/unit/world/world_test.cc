#include "simulator/world/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/text.h"

namespace drydock::simulator {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const TimePoint kStart = *ParseRfc3339("2026-05-28T06:00:00Z");

// A line for each thing that happened, with the virtual time.
class Log {
 public:
  explicit Log(World& world) : world_(world) {}
  void Add(std::string_view what) {
    lines_.push_back(Concat({FormatDuration(world_.clock().Elapsed()), " ", what}));
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  World& world_;
  std::vector<std::string> lines_;
};

TEST(World, TimeStandsStillWhileAnActorRunsAndJumpsWhenAllWait) {
  World world(1, kStart);
  Log log(world);
  world.Spawn("slow", [&] {
    log.Add("slow begins");
    EXPECT_TRUE(world.clock().SleepFor(hours(24 * 5)).ok());
    log.Add("slow ends");
  });
  world.Spawn("quick", [&] {
    EXPECT_TRUE(world.clock().SleepFor(milliseconds(250)).ok());
    log.Add("quick");
    EXPECT_TRUE(world.clock().SleepFor(seconds(1)).ok());
    log.Add("quick again");
  });
  EXPECT_TRUE(world.Run().ok());
  EXPECT_EQ(log.lines(), (std::vector<std::string>{"0ms slow begins", "250ms quick",
                                                   "1.2s quick again", "5d slow ends"}));
  EXPECT_EQ(world.clock().Now(), kStart + hours(24 * 5));
}

TEST(World, SleepingOutsideEveryActorMovesTime) {
  World world(1, kStart);
  EXPECT_TRUE(world.clock().SleepFor(hours(6)).ok());
  EXPECT_EQ(FormatRfc3339(world.clock().Now()), "2026-05-28T12:00:00Z");
  EXPECT_EQ(world.clock().SleepFor(Duration::max()).error().code(), ErrorCode::kInternal);
  EXPECT_TRUE(world.clock().SleepFor(-hours(1)).ok());
  EXPECT_EQ(FormatRfc3339(world.clock().Now()), "2026-05-28T12:00:00Z");
  EXPECT_EQ(world.CurrentActor(), "");
  EXPECT_TRUE(world.Yield().ok());
}

// Five actors that wake at the same instants, each with its own number of steps.
std::string Interleaving(std::uint64_t seed) {
  World world(seed, kStart);
  std::string order;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    world.Spawn(name, [&world, &order, name] {
      for (int step = 0; step < 4; ++step) {
        order += name;
        EXPECT_EQ(world.CurrentActor(), name);
        EXPECT_TRUE(step % 2 == 0 ? world.Yield().ok() : world.clock().SleepFor(seconds(1)).ok());
      }
    });
  }
  EXPECT_TRUE(world.Run().ok());
  return order;
}

TEST(World, OneSeedGivesOneInterleaving) {
  const std::string order = Interleaving(7);
  for (int again = 0; again < 5; ++again) {
    EXPECT_EQ(Interleaving(7), order);
  }
  std::vector<std::string> different;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    different.push_back(Interleaving(seed));
  }
  std::sort(different.begin(), different.end());
  different.erase(std::unique(different.begin(), different.end()), different.end());
  EXPECT_GT(different.size(), 15u) << "the seed does not order equal wake-ups";
}

TEST(World, TheOrderOfASeedIsPinned) { EXPECT_EQ(Interleaving(1), "adecbdeacbcdbeabacde"); }

TEST(World, YieldGivesEveryOtherReadyActorATurn) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string order = Interleaving(seed);
    // Each instant has every actor once in each round.
    for (std::size_t round = 0; round < order.size(); round += 5) {
      std::string names = order.substr(round, 5);
      std::sort(names.begin(), names.end());
      EXPECT_EQ(names, "abcde") << "seed " << seed << ": " << order;
    }
  }
}

TEST(World, RunTogetherWaitsForAll) {
  World world(3, kStart);
  Log log(world);
  world.Spawn("ci", [&] {
    world.RunTogether({{"one", [&] { (void)world.clock().SleepFor(seconds(3)); }},
                       {"two", [&] { (void)world.clock().SleepFor(seconds(7)); }}});
    log.Add("both");
    world.RunTogether({});
    log.Add("none");
  });
  EXPECT_TRUE(world.Run().ok());
  EXPECT_EQ(log.lines(), (std::vector<std::string>{"7s both", "7s none"}));
}

TEST(World, RunTogetherOutsideAnActorRunsTheWorld) {
  World world(3, kStart);
  int ran = 0;
  world.RunTogether({{"one", [&] { ++ran; }}, {"two", [&] { ++ran; }}});
  EXPECT_EQ(ran, 2);
}

TEST(World, AnActorMaySpawnOneThatOutlivesIt) {
  World world(3, kStart);
  Log log(world);
  world.Spawn("top", [&] {
    world.RunTogether({{"parent", [&] {
                          world.Spawn("orphan", [&] {
                            (void)world.clock().SleepFor(seconds(9));
                            log.Add("orphan");
                          });
                        }}});
    log.Add("top");
  });
  EXPECT_TRUE(world.Run().ok());
  EXPECT_EQ(log.lines(), (std::vector<std::string>{"0ms top", "9s orphan"}));
}

TEST(World, KillReachesWhatAnEndedPartOfTheActorStarted) {
  World world(3, kStart);
  Status orphan = Ok{};
  world.Spawn("top", [&] {
    world.RunTogether({{"parent", [&] {
                          world.Spawn("orphan", [&] { orphan = world.clock().SleepFor(hours(1)); });
                        }}});
    (void)world.clock().SleepFor(hours(1));
  });
  world.Spawn("killer", [&] {
    (void)world.clock().SleepFor(seconds(5));
    world.Kill("top");
  });
  EXPECT_TRUE(world.Run().ok());
  ASSERT_FALSE(orphan.ok());
  EXPECT_EQ(orphan.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(world.clock().Elapsed(), Duration(seconds(5)));
}

// The blocking calls of a world, each of which must notice a kill.
using Block = Status (*)(World&);
Status Sleeps(World& world) { return world.clock().SleepFor(hours(1)); }
Status SleepsForEver(World& world) { return world.clock().SleepFor(Duration::max()); }
Status Yields(World& world) { return world.Yield(); }
Status RunsTogether(World& world) {
  Status inner = Ok{};
  world.RunTogether({{"inner", [&] { inner = world.clock().SleepFor(hours(1)); }}});
  EXPECT_FALSE(inner.ok()) << "the task of a killed actor went on";
  return world.Alive();
}

TEST(World, KillIsNoticedAtEveryBlockingCall) {
  const std::pair<const char*, Block> blocks[] = {{"sleep", Sleeps},
                                                  {"endless sleep", SleepsForEver},
                                                  {"yield", Yields},
                                                  {"run together", RunsTogether}};
  for (const auto& [name, block] : blocks) {
    SCOPED_TRACE(name);
    World world(1, kStart);
    Status seen = Ok{};
    Duration woke{};
    world.Spawn("victim", [&, block = block] {
      do {
        seen = block(world);
      } while (seen.ok());
      woke = world.clock().Elapsed();
      // Ever after, too.
      EXPECT_EQ(world.clock().SleepFor(seconds(1)).error().code(), ErrorCode::kCancelled);
      EXPECT_EQ(world.Yield().error().code(), ErrorCode::kCancelled);
    });
    world.Spawn("killer", [&, yields = block == &Yields] {
      (void)(yields ? world.Yield() : world.clock().SleepFor(seconds(5)));
      world.Kill("victim");
      EXPECT_TRUE(world.IsKilled("victim"));
    });
    ASSERT_TRUE(world.Run().ok());
    ASSERT_FALSE(seen.ok());
    EXPECT_EQ(seen.error().code(), ErrorCode::kCancelled);
    EXPECT_LE(woke, seconds(5)) << "the sleep went on after the kill";
    EXPECT_EQ(world.clock().Elapsed(), block == &Yields ? Duration(0) : Duration(seconds(5)));
  }
}

TEST(World, AKilledActorNoticesOnlyAtItsNextBlockingCall) {
  World world(1, kStart);
  std::string did;
  world.Spawn("self", [&] {
    world.Kill("self");
    did += "works on, ";
    EXPECT_EQ(world.Alive().error().code(), ErrorCode::kCancelled);
    bool began = false;
    world.RunTogether({{"late", [&] { began = true; }}});
    EXPECT_FALSE(began);
    did += world.Yield().ok() ? "never noticed" : "stopped";
  });
  EXPECT_TRUE(world.Run().ok());
  EXPECT_EQ(did, "works on, stopped");
}

TEST(World, ANewActorOfAKilledNameLives) {
  World world(1, kStart);
  world.Spawn("host", [&] { (void)world.clock().SleepFor(hours(1)); });
  world.Kill("host");
  EXPECT_TRUE(world.Run().ok());
  EXPECT_TRUE(world.IsKilled("host"));
  EXPECT_EQ(world.clock().Elapsed(), Duration(0)) << "an actor killed before its turn began";
  bool ran = false;
  world.Spawn("host", [&] { ran = world.clock().SleepFor(seconds(1)).ok(); });
  EXPECT_FALSE(world.IsKilled("host"));
  EXPECT_TRUE(world.Run().ok());
  EXPECT_TRUE(ran);
  EXPECT_FALSE(world.IsKilled("nobody"));
}

TEST(World, ActorsThatNothingCanWakeAreNamed) {
  World world(1, kStart);
  Status left = Ok{};
  Status right = Ok{};
  world.Spawn("worker", [&] { (void)world.clock().SleepFor(seconds(1)); });
  world.Spawn("parent", [&] {
    world.RunTogether({{"left", [&] { left = world.clock().SleepFor(Duration::max()); }}});
  });
  world.Spawn("right", [&] { right = world.clock().SleepFor(Duration::max()); });
  const Status run = world.Run();
  ASSERT_FALSE(run.ok());
  EXPECT_EQ(run.error().code(), ErrorCode::kInternal);
  for (const std::string_view piece :
       {"right waits for what never comes", "left waits for what never comes, since 2026",
        "parent waits for 1 that it started"}) {
    EXPECT_NE(run.error().message().find(piece), std::string::npos) << run.error().message();
  }
  EXPECT_EQ(run.error().message().find("worker"), std::string::npos) << run.error().message();
  EXPECT_EQ(left.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(right.error().code(), ErrorCode::kCancelled);
  EXPECT_TRUE(world.Run().ok()) << "the complaint is made once";
}

TEST(World, ARunThatPassesItsEndIsStopped) {
  World world(1, kStart);
  world.Limit({.end = kStart + std::chrono::hours(1)});
  std::vector<ErrorCode> codes;
  world.Spawn("parent", [&] {
    world.RunTogether({{"polls",
                        [&] {
                          Status slept = Ok{};
                          while (slept) {
                            slept = world.clock().SleepFor(std::chrono::minutes(25));
                          }
                          codes.push_back(slept.error().code());
                        }},
                       {"sleeps", [&] {
                          const Status slept = world.clock().SleepFor(std::chrono::hours(2));
                          codes.push_back(slept.error().code());
                        }}});
  });
  const Status run = world.Run();
  ASSERT_FALSE(run.ok());
  EXPECT_EQ(run.error().code(), ErrorCode::kTimeout);
  for (const std::string_view piece : {"parent waits for 2 that it started, since ",
                                       "polls sleeps until ", "sleeps sleeps until "}) {
    EXPECT_NE(run.error().message().find(piece), std::string::npos) << run.error().message();
  }
  EXPECT_EQ(codes, (std::vector<ErrorCode>{ErrorCode::kCancelled, ErrorCode::kCancelled}));
  EXPECT_EQ(world.clock().SleepFor(std::chrono::hours(1)).error().code(), ErrorCode::kTimeout);
}

TEST(World, ARunInWhichNoTimePassesIsStopped) {
  World world(1, kStart);
  world.Limit({.turns = 1000});
  world.Spawn("spins", [&] {
    while (world.Yield()) {
    }
  });
  const Status run = world.Run();
  ASSERT_FALSE(run.ok());
  EXPECT_NE(
      run.error().message().find("not over after 1000 requests and pauses: spins is about to"),
      std::string::npos)
      << run.error().message();
}

TEST(World, ADroppedWorldKillsItsActors) {
  bool ran = false;
  {
    World world(1, kStart);
    world.Spawn("never run", [&] { ran = true; });
  }
  EXPECT_FALSE(ran);
}

TEST(World, RunFromInsideIsRefused) {
  World world(1, kStart);
  world.Spawn("actor", [&] { EXPECT_EQ(world.Run().error().code(), ErrorCode::kInternal); });
  EXPECT_TRUE(world.Run().ok());
}

TEST(World, ForksByNameDoNotDependOnTheOrderOfAsking) {
  const World world(5, kStart);
  Rng registry = world.Fork("registry");
  (void)world.Fork("other").Next();
  EXPECT_EQ(registry.Next(), world.Fork("registry").Next());
  EXPECT_NE(world.Fork("a").Next(), world.Fork("b").Next());
}

}  // namespace
}  // namespace drydock::simulator
