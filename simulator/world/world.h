// A deterministic world: blocking actors on virtual time, exactly one of which runs at any moment.
// Time stands still while an actor runs and jumps to the next wake-up when all of them wait; equal
// wake-ups are ordered by the seed. One seed gives one interleaving, byte for byte the same
// journal. Threads: one, which makes the world and drives it; actors are fibers on it, and code
// that they call needs no locks among themselves. Where another thread works for an actor (a
// server's, say), it must not touch the world but while that actor waits for it, and must not sleep
// in it. Source: docs/adr/0003-virtual-time.md, docs/adr/0061-fibers.md.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "core/rng.h"

namespace drydock::simulator {

class World {
 public:
  World(std::uint64_t seed, TimePoint start);
  ~World();  // kills what still runs and lets it end
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Virtual time. SleepFor blocks the calling actor; called outside an actor it advances time.
  Clock& clock();
  // A stream of random numbers of its own for each name.
  Rng Fork(std::string_view name) const;

  // When a run that does not end is stopped.
  struct Limits {
    TimePoint end = TimePoint::max();  // no wake-up after this moment
    // Turns that actors take, all together; a request and a pause each end one.
    std::uint64_t turns = std::numeric_limits<std::uint64_t>::max();
  };
  // Of every Run from now on. kTimeout from a sleep outside any actor that would pass `end`.
  void Limit(Limits limits);

  using Task = std::pair<std::string, std::function<void()>>;

  // Adds an actor that starts at the present virtual time once Run runs.
  void Spawn(std::string name, std::function<void()> body);
  // Runs all tasks as actors of their own and waits until every one ended. Killing the caller kills
  // its tasks; one that is killed before its first turn does not begin.
  void RunTogether(std::vector<Task> tasks);
  // Runs until every actor ended. kInternal when actors wait and nothing can wake them (a sleep
  // that outlasts the clock), kTimeout when a limit is reached; they are killed then, and the
  // message has where each was: what it waited for and since when.
  Status Run();

  // From now on every Sleep and every Send of `actor` (and of the actors it started) gives
  // kCancelled. A running actor notices at its next blocking call.
  void Kill(std::string_view actor);
  // Whether the actor that had this name last was killed.
  bool IsKilled(std::string_view actor) const;
  // kCancelled when the calling actor was killed.
  Status Alive() const;
  // The actor running now; "" outside any actor.
  std::string CurrentActor() const;
  // Gives other actors that are ready at this instant their turn. kCancelled when the caller was
  // killed.
  Status Yield();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace drydock::simulator
