#include "simulator/world/world.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <tuple>

#include "core/text.h"

namespace drydock::simulator {
namespace {

Error Cancelled(std::string_view actor) {
  return Error(ErrorCode::kCancelled, Concat({"actor ", actor, ": killed"}));
}

// When an actor that waits gets its turn. Actors that wake at one instant take turns in rounds;
// within a round a draw from the seed decides.
struct Turn {
  Duration wake{};
  std::uint64_t round = 0;
  std::uint64_t draw = 0;

  friend bool operator<(const Turn& a, const Turn& b) {
    return std::tie(a.wake, a.round, a.draw) < std::tie(b.wake, b.round, b.draw);
  }
};

struct Actor {
  std::string name;
  std::function<void()> body;
  Actor* parent = nullptr;
  std::thread thread;
  std::condition_variable wakes;
  std::optional<Turn> turn;       // while queued; neither running nor queued: waits for ever
  bool awaited = false;           // by its parent, in RunTogether
  std::size_t children_left = 0;  // that this one awaits
  Duration since{};               // when it began to wait
  bool killed = false;
  bool ended = false;
};

}  // namespace

// Everything is under one mutex. An actor's code runs without it, but only while `running` names
// that actor: the mutex hands over both the baton and the memory.
struct World::State : public Clock {
  State(std::uint64_t seed_given, TimePoint start_given)
      : seed(seed_given), start(start_given), draws(Rng(seed_given).Fork("world: turns")) {}

  using Lock = std::unique_lock<std::mutex>;

  TimePoint Now() override { return start + Elapsed(); }
  Duration Elapsed() override {
    const Lock lock(mutex);
    return now;
  }
  Status SleepFor(Duration span) override;

  // A moment so far away that it never comes: nullopt.
  std::optional<Duration> After(Duration span) const {
    span = std::max(span, Duration::zero());
    return span >= Duration::max() - now ? std::nullopt : std::optional(now + span);
  }
  Actor& Add(std::string name, std::function<void()> body);
  // Forgets an actor that ended and was joined.
  void Remove(const Actor& gone);
  void Enqueue(Actor& actor, Duration wake);
  // Gives the baton to whoever is next, or to nobody when all have ended.
  void PassBaton();
  Actor* Next() const;
  // Kills all, and keeps why and where each was.
  void Strand(ErrorCode code, std::string_view why);
  std::string Position(const Actor& actor) const;
  // From inside `actor`: waits until it has the baton again.
  static void AwaitTurn(Lock& lock, State& state, Actor& actor);
  void Live(Actor& actor);
  void KillActor(Actor& actor);
  void KillAll();
  // Runs until every actor ended, then joins them.
  void Drain(Lock& lock);

  const std::uint64_t seed;
  const TimePoint start;
  mutable std::mutex mutex;
  std::condition_variable drained;
  Rng draws;
  Duration now{};
  std::uint64_t round = 0;
  Actor* running = nullptr;
  bool driving = false;
  std::vector<std::unique_ptr<Actor>> actors;
  std::map<std::string, bool, std::less<>> killed;  // by name, for those who ask later
  std::optional<Error> stranded;                    // why a run was stopped
  Limits limits;
  std::uint64_t turns = 0;
};

Status World::State::SleepFor(Duration span) {
  Lock lock(mutex);
  const auto wake = After(span);
  Actor* self = running;
  if (self == nullptr) {
    if (!wake) {
      return Error(ErrorCode::kInternal, "world: a sleep without end outside every actor");
    }
    if (start + *wake > limits.end) {
      return Error(ErrorCode::kTimeout,
                   Concat({"not over by ", FormatRfc3339(limits.end), ": a wait until ",
                           FormatRfc3339(start + *wake), " since ", FormatRfc3339(start + now)}));
    }
    now = *wake;
    return Ok{};
  }
  if (!self->killed) {
    self->since = now;
    if (wake) {
      Enqueue(*self, *wake);
    }
    PassBaton();
    AwaitTurn(lock, *this, *self);
  }
  if (self->killed) {
    return Cancelled(self->name);
  }
  return Ok{};
}

Actor& World::State::Add(std::string name, std::function<void()> body) {
  auto& actor = *actors.emplace_back(std::make_unique<Actor>());
  killed[name] = false;
  actor.name = std::move(name);
  actor.body = std::move(body);
  actor.parent = running;
  if (running != nullptr && running->killed) {
    KillActor(actor);
  }
  Enqueue(actor, now);
  actor.thread = std::thread([this, &actor] { Live(actor); });
  return actor;
}

void World::State::Remove(const Actor& gone) {
  for (const auto& actor : actors) {
    actor->parent = actor->parent == &gone ? gone.parent : actor->parent;
  }
  std::erase_if(actors, [&](const auto& actor) { return actor.get() == &gone; });
}

void World::State::Enqueue(Actor& actor, Duration wake) {
  actor.since = now;
  actor.turn = Turn{wake, wake == now ? round + 1 : 0, draws.Next()};
}

Actor* World::State::Next() const {
  Actor* next = nullptr;
  for (const auto& actor : actors) {
    if (actor->turn && (next == nullptr || *actor->turn < *next->turn)) {
      next = actor.get();
    }
  }
  return next;
}

void World::State::PassBaton() {
  Actor* next = Next();
  const bool all_ended =
      std::all_of(actors.begin(), actors.end(), [](const auto& actor) { return actor->ended; });
  if (!stranded && next == nullptr && !all_ended) {
    Strand(ErrorCode::kInternal, "actors wait and nothing can wake them");
    next = Next();
  } else if (!stranded && next != nullptr && start + next->turn->wake > limits.end) {
    Strand(ErrorCode::kTimeout, Concat({"not over by ", FormatRfc3339(limits.end)}));
    next = Next();
  } else if (!stranded && next != nullptr && ++turns > limits.turns) {
    Strand(ErrorCode::kTimeout,
           Concat({"not over after ", std::to_string(limits.turns), " requests and pauses"}));
    next = Next();
  }
  running = next;
  if (next == nullptr) {
    drained.notify_all();
    return;
  }
  now = std::max(now, next->turn->wake);
  round = next->turn->round;
  next->turn.reset();
  next->wakes.notify_one();
}

std::string World::State::Position(const Actor& actor) const {
  std::string what = "waits for what never comes";
  if (actor.children_left > 0) {
    what = Concat({"waits for ", std::to_string(actor.children_left), " that it started"});
  } else if (actor.turn) {
    what = actor.turn->wake > now
               ? Concat({"sleeps until ", FormatRfc3339(start + actor.turn->wake)})
               : std::string("is about to go on");
  }
  return Concat({actor.name, " ", what, ", since ", FormatRfc3339(start + actor.since)});
}

void World::State::Strand(ErrorCode code, std::string_view why) {
  std::vector<std::string> positions;
  for (const auto& actor : actors) {
    if (!actor->ended) {
      positions.push_back(Position(*actor));
    }
  }
  stranded = Error(code, Concat({why, ": ", Join(positions, "; ")}));
  running = nullptr;
  KillAll();
}

void World::State::AwaitTurn(Lock& lock, State& state, Actor& actor) {
  actor.wakes.wait(lock, [&] { return state.running == &actor; });
}

void World::State::Live(Actor& actor) {
  Lock lock(mutex);
  AwaitTurn(lock, *this, actor);
  if (!actor.killed) {
    lock.unlock();
    actor.body();
    lock.lock();
  }
  actor.body = nullptr;
  actor.ended = true;
  if (actor.awaited && --actor.parent->children_left == 0) {
    Enqueue(*actor.parent, now);
  }
  PassBaton();
}

void World::State::KillActor(Actor& actor) {
  if (actor.ended || actor.killed) {
    return;
  }
  actor.killed = true;
  killed[actor.name] = true;
  const bool sleeps = &actor != running && actor.children_left == 0;
  if (sleeps && (!actor.turn || actor.turn->wake > now)) {
    Enqueue(actor, now);
  }
  for (const auto& other : actors) {
    if (other->parent == &actor) {
      KillActor(*other);
    }
  }
}

void World::State::KillAll() {
  for (const auto& actor : actors) {
    KillActor(*actor);
  }
}

void World::State::Drain(Lock& lock) {
  driving = true;
  PassBaton();
  drained.wait(lock, [&] { return running == nullptr; });
  driving = false;
  round = 0;
  auto gone = std::move(actors);
  actors.clear();
  lock.unlock();
  for (const auto& actor : gone) {
    if (actor->thread.joinable()) {
      actor->thread.join();
    }
  }
  lock.lock();
}

World::World(std::uint64_t seed, TimePoint start) : state_(std::make_unique<State>(seed, start)) {}

World::~World() {
  State::Lock lock(state_->mutex);
  state_->KillAll();
  state_->Drain(lock);
}

void World::Limit(Limits limits) {
  const State::Lock lock(state_->mutex);
  state_->limits = limits;
}

Clock& World::clock() { return *state_; }

Rng World::Fork(std::string_view name) const { return Rng(state_->seed).Fork(name); }

void World::Spawn(std::string name, std::function<void()> body) {
  const State::Lock lock(state_->mutex);
  state_->Add(std::move(name), std::move(body));
}

void World::RunTogether(std::vector<Task> tasks) {
  State::Lock lock(state_->mutex);
  Actor* self = state_->running;
  std::vector<Actor*> children;
  children.reserve(tasks.size());
  for (Task& task : tasks) {
    children.push_back(&state_->Add(std::move(task.first), std::move(task.second)));
    children.back()->awaited = self != nullptr;
  }
  if (self == nullptr) {
    state_->Drain(lock);
    return;
  }
  if (children.empty()) {
    return;
  }
  self->children_left = children.size();
  self->since = state_->now;
  state_->PassBaton();
  State::AwaitTurn(lock, *state_, *self);
  for (Actor* child : children) {
    lock.unlock();
    child->thread.join();
    lock.lock();
    state_->Remove(*child);
  }
}

Status World::Run() {
  State::Lock lock(state_->mutex);
  if (state_->driving) {
    return Error(ErrorCode::kInternal, "world: Run called while it runs");
  }
  state_->Drain(lock);
  if (const auto stranded = std::exchange(state_->stranded, std::nullopt)) {
    return stranded->At("world");
  }
  return Ok{};
}

void World::Kill(std::string_view actor) {
  const State::Lock lock(state_->mutex);
  for (const auto& each : state_->actors) {
    if (each->name == actor) {
      state_->KillActor(*each);
    }
  }
}

bool World::IsKilled(std::string_view actor) const {
  const State::Lock lock(state_->mutex);
  const auto found = state_->killed.find(actor);
  return found != state_->killed.end() && found->second;
}

Status World::Alive() const {
  const State::Lock lock(state_->mutex);
  if (state_->running != nullptr && state_->running->killed) {
    return Cancelled(state_->running->name);
  }
  return Ok{};
}

std::string World::CurrentActor() const {
  const State::Lock lock(state_->mutex);
  return state_->running == nullptr ? "" : state_->running->name;
}

Status World::Yield() {
  State::Lock lock(state_->mutex);
  Actor* self = state_->running;
  if (self == nullptr) {
    return Ok{};
  }
  if (!self->killed) {
    state_->Enqueue(*self, state_->now);
    state_->PassBaton();
    State::AwaitTurn(lock, *state_, *self);
  }
  if (self->killed) {
    return Cancelled(self->name);
  }
  return Ok{};
}

}  // namespace drydock::simulator
