#include "simulator/world/fiber.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace drydock::simulator {
namespace {

TEST(Fiber, RunsNothingBeforeItIsResumed) {
  bool ran = false;
  {
    const Fiber never([&] { ran = true; });
    EXPECT_FALSE(never.ended());
  }
  EXPECT_FALSE(ran);
}

TEST(Fiber, GoesOnWhereItLeft) {
  std::string order;
  std::unique_ptr<Fiber> fiber;
  fiber = std::make_unique<Fiber>([&] {
    for (const char letter : {'a', 'b', 'c'}) {
      const std::string kept(100, letter);
      order += letter;
      fiber->Suspend();
      order += kept.back();
    }
  });
  while (!fiber->ended()) {
    order += '(';
    fiber->Resume();
    order += ')';
  }
  EXPECT_EQ(order, "(a)(ab)(bc)(c)");
}

TEST(Fiber, WhatItHoldsIsDestroyedWithIt) {
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = held;
  {
    Fiber fiber([held = std::move(held)] { *held = 2; });
    fiber.Resume();
    EXPECT_TRUE(fiber.ended());
  }
  EXPECT_TRUE(watch.expired());
}

// As a publisher does that starts a world of its own.
TEST(Fiber, MayResumeAnother) {
  std::string order;
  std::unique_ptr<Fiber> inner;
  std::unique_ptr<Fiber> outer;
  inner = std::make_unique<Fiber>([&] {
    order += "1";
    inner->Suspend();
    order += "3";
  });
  outer = std::make_unique<Fiber>([&] {
    inner->Resume();
    order += "2";
    outer->Suspend();
    order += "4";
  });
  outer->Resume();
  inner->Resume();  // from elsewhere than before
  outer->Resume();
  EXPECT_TRUE(inner->ended() && outer->ended());
  EXPECT_EQ(order, "1234");
}

// Four megabytes of frames: what a thread may put on its stack, an actor may.
std::size_t Deep(std::size_t levels) {
  std::array<char, 4096> frame{};
  std::fill(frame.begin(), frame.end(), static_cast<char>(levels));
  const std::size_t below = levels == 0 ? 0 : Deep(levels - 1);
  return below + static_cast<std::size_t>(frame[levels % frame.size()] != 0 ? 1 : 0);
}

TEST(Fiber, HasAStackAsDeepAsAThreads) {
  std::size_t depth = 0;
  Fiber fiber([&] { depth = Deep(1000); });
  fiber.Resume();
  EXPECT_GT(depth, 900U);
}

std::int64_t PagesTouchedFirst() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

// Each fiber goes deep enough that its stack outweighs what a sanitizer keeps of it.
TEST(Fiber, TakesTheStackOfOneThatEnded) {
  constexpr int kFibers = 50;
  constexpr std::size_t kPage = 4096;
  constexpr std::size_t kPages = 512;
  const std::int64_t before = PagesTouchedFirst();
  for (int each = 0; each < kFibers; ++each) {
    Fiber fiber([] {
      std::array<volatile char, kPages * kPage> deep;
      for (std::size_t page = 0; page < kPages; ++page) {
        deep[page * kPage] = 1;
      }
    });
    fiber.Resume();
    ASSERT_TRUE(fiber.ended());
  }
  EXPECT_LT(PagesTouchedFirst() - before, kFibers * std::int64_t{kPages} / 2)
      << "each had a stack of untouched memory";
}

TEST(Fiber, GivesAwayNoStackThatIsInUse) {
  int held = 0;
  Fiber holder([&] {
    volatile int mine = 7;
    holder.Suspend();
    held = mine;
  });
  holder.Resume();
  for (int each = 0; each < 3; ++each) {
    Fiber other([] {
      std::array<volatile char, 4096> scribble{};
      scribble[0] = 1;
    });
    other.Resume();
  }
  holder.Resume();
  EXPECT_EQ(held, 7);
}

TEST(Fiber, HundredsTakeTurns) {
  constexpr int kFibers = 500;
  constexpr int kRounds = 3;
  std::vector<std::unique_ptr<Fiber>> fibers(kFibers);
  int turns = 0;
  for (auto& fiber : fibers) {
    fiber = std::make_unique<Fiber>([&turns, &fiber] {
      for (int round = 1; round < kRounds; ++round) {
        ++turns;
        fiber->Suspend();
      }
      ++turns;
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    for (const auto& fiber : fibers) {
      fiber->Resume();
    }
  }
  EXPECT_EQ(turns, kRounds * kFibers);
  EXPECT_TRUE(
      std::all_of(fibers.begin(), fibers.end(), [](const auto& each) { return each->ended(); }));
}

}  // namespace
}  // namespace drydock::simulator
