// Code with a stack of its own that is entered and left by hand: what an actor of a World runs on.
// Threads: a fiber belongs to the thread that enters it first. Source: docs/adr/0061-fibers.md.
#pragma once

#include <functional>
#include <memory>

namespace drydock::simulator {

class Fiber {
 public:
  // Nothing runs before the first Resume. `body` must not throw.
  explicit Fiber(std::function<void()> body);
  // Of one that has not begun, or has ended: what lies on a stack left halfway is not destroyed.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // From outside: runs the body until it suspends itself or ends. Not after it ended.
  void Resume();
  // From inside: goes back to whoever resumed it, until resumed again.
  void Suspend();
  bool ended() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace drydock::simulator
