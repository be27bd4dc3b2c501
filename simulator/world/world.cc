#include "simulator/world/world.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "core/text.h"
#include "simulator/world/fiber.h"

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
  std::optional<Fiber> fiber;     // from its first turn to its end
  std::optional<Turn> turn;       // while queued; neither running nor queued: waits for ever
  bool awaited = false;           // by its parent, in RunTogether
  std::size_t children_left = 0;  // that this one awaits
  Duration since{};               // when it began to wait
  bool killed = false;
  bool ended = false;
};

}  // namespace

// An actor's code runs only while `running` names that actor. It gives the baton to another one and
// leaves its fiber; whoever drives the world enters the fiber of the one that has the baton.
struct World::State : public Clock {
  State(std::uint64_t seed_given, TimePoint start_given)
      : seed(seed_given), start(start_given), draws(Rng(seed_given).Fork("world: turns")) {}

  TimePoint Now() override { return start + Elapsed(); }
  Duration Elapsed() override { return now; }
  Status SleepFor(Duration span) override;

  // A moment so far away that it never comes: nullopt.
  std::optional<Duration> After(Duration span) const {
    span = std::max(span, Duration::zero());
    return span >= Duration::max() - now ? std::nullopt : std::optional(now + span);
  }
  Actor& Add(std::string name, std::function<void()> body);
  // Forgets an actor that ended.
  void Remove(const Actor& gone);
  void Enqueue(Actor& actor, Duration wake);
  // Gives the baton to whoever is next, or to nobody when all have ended.
  void PassBaton();
  Actor* Next() const;
  // Kills all, and keeps why and where each was.
  void Strand(ErrorCode code, std::string_view why);
  std::string Position(const Actor& actor) const;
  // From inside `actor`: gives the baton away and waits until it comes back.
  void Wait(Actor& actor);
  // From outside: lets `actor`, who has the baton, go on until it gave the baton away.
  void Continue(Actor& actor);
  void KillActor(Actor& actor);
  void KillAll();
  // Runs until every actor ended, then forgets them.
  void Drain();

  const std::uint64_t seed;
  const TimePoint start;
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
    Wait(*self);
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
    return;
  }
  now = std::max(now, next->turn->wake);
  round = next->turn->round;
  next->turn.reset();
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

void World::State::Wait(Actor& actor) {
  PassBaton();
  if (running != &actor) {  // or nobody else is due before it
    actor.fiber->Suspend();
  }
}

void World::State::Continue(Actor& actor) {
  if (!actor.fiber && !actor.killed) {
    actor.fiber.emplace(std::move(actor.body));
  }
  if (actor.fiber) {
    actor.fiber->Resume();
    if (!actor.fiber->ended()) {
      return;
    }
  }
  actor.fiber.reset();
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

void World::State::Drain() {
  driving = true;
  PassBaton();
  while (running != nullptr) {
    Continue(*running);
  }
  driving = false;
  round = 0;
  actors.clear();
}

World::World(std::uint64_t seed, TimePoint start) : state_(std::make_unique<State>(seed, start)) {}

World::~World() {
  state_->KillAll();
  state_->Drain();
}

void World::Limit(Limits limits) { state_->limits = limits; }

Clock& World::clock() { return *state_; }

Rng World::Fork(std::string_view name) const { return Rng(state_->seed).Fork(name); }

void World::Spawn(std::string name, std::function<void()> body) {
  state_->Add(std::move(name), std::move(body));
}

void World::RunTogether(std::vector<Task> tasks) {
  Actor* self = state_->running;
  std::vector<Actor*> children;
  children.reserve(tasks.size());
  for (Task& task : tasks) {
    children.push_back(&state_->Add(std::move(task.first), std::move(task.second)));
    children.back()->awaited = self != nullptr;
  }
  if (self == nullptr) {
    state_->Drain();
    return;
  }
  if (children.empty()) {
    return;
  }
  self->children_left = children.size();
  self->since = state_->now;
  state_->Wait(*self);
  for (Actor* child : children) {
    state_->Remove(*child);
  }
}

Status World::Run() {
  if (state_->driving) {
    return Error(ErrorCode::kInternal, "world: Run called while it runs");
  }
  state_->Drain();
  if (const auto stranded = std::exchange(state_->stranded, std::nullopt)) {
    return stranded->At("world");
  }
  return Ok{};
}

void World::Kill(std::string_view actor) {
  for (const auto& each : state_->actors) {
    if (each->name == actor) {
      state_->KillActor(*each);
    }
  }
}

bool World::IsKilled(std::string_view actor) const {
  const auto found = state_->killed.find(actor);
  return found != state_->killed.end() && found->second;
}

Status World::Alive() const {
  if (state_->running != nullptr && state_->running->killed) {
    return Cancelled(state_->running->name);
  }
  return Ok{};
}

std::string World::CurrentActor() const {
  return state_->running == nullptr ? "" : state_->running->name;
}

Status World::Yield() {
  Actor* self = state_->running;
  if (self == nullptr) {
    return Ok{};
  }
  if (!self->killed) {
    state_->Enqueue(*self, state_->now);
    state_->Wait(*self);
  }
  if (self->killed) {
    return Cancelled(self->name);
  }
  return Ok{};
}

}  // namespace drydock::simulator
