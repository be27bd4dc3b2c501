#include "simulator/world/fiber.h"

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

// The sanitizers follow a change of stacks only when they are told of it.
#if defined(__has_feature)
#define DRYDOCK_HAS_FEATURE(feature) __has_feature(feature)
#else
#define DRYDOCK_HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || DRYDOCK_HAS_FEATURE(address_sanitizer)
#define DRYDOCK_TELL_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__) || DRYDOCK_HAS_FEATURE(thread_sanitizer)
#define DRYDOCK_TELL_TSAN 1
#include <sanitizer/tsan_interface.h>
#endif

namespace drydock::simulator {
namespace {

// As much as a thread has. It is address space: memory comes with what is touched.
constexpr std::size_t kStackBytes = std::size_t{8} << 20;

// Memory with a page below it that nobody may touch.
class Stack {
 public:
  Stack()
      : memory_(::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0)) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    if (memory_ == MAP_FAILED || ::mprotect(memory_, page, PROT_NONE) != 0) {
      std::fputs("drydock: no memory for the stack of an actor\n", stderr);
      std::abort();
    }
    bottom_ = static_cast<std::byte*>(memory_) + page;
    bytes_ = kStackBytes - page;
  }
  ~Stack() { ::munmap(memory_, kStackBytes); }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  void* bottom() const { return bottom_; }
  std::size_t bytes() const { return bytes_; }

  // One that an ended fiber of this thread left, or a new one. A kernel takes longer to make a
  // stack and its first pages than most actors take for their work.
  static std::unique_ptr<Stack> Take() {
    std::unique_ptr<Stack> stack;
    if (idle.empty()) {
      stack = std::make_unique<Stack>();
    } else {
      stack = std::move(idle.back());
      idle.pop_back();
    }
#ifdef DRYDOCK_TELL_ASAN
    // Of one that lay here before, whose last frames nobody left.
    __asan_unpoison_memory_region(stack->bottom_, stack->bytes_);
#endif
    return stack;
  }
  static void Leave(std::unique_ptr<Stack> stack) {
    if (idle.size() < kIdleMost) {
      idle.push_back(std::move(stack));
    }
  }

 private:
  static constexpr std::size_t kIdleMost = 16;
  static thread_local std::vector<std::unique_ptr<Stack>> idle;

  void* memory_;
  void* bottom_ = nullptr;
  std::size_t bytes_ = 0;
};

thread_local std::vector<std::unique_ptr<Stack>> Stack::idle;

// One of the two sides of a fiber: where it stands, and what the sanitizers know it by.
struct Side {
  ucontext_t context{};
  const void* bottom = nullptr;
  std::size_t bytes = 0;
  void* fake_stack = nullptr;  // AddressSanitizer's
  void* thread = nullptr;      // ThreadSanitizer's name of it
};

// From one side to the other; comes back when somebody switches to `from`. `last`: nobody will.
void Switch(Side& from, Side& to, [[maybe_unused]] bool last) {
#ifdef DRYDOCK_TELL_ASAN
  __sanitizer_start_switch_fiber(last ? nullptr : &from.fake_stack, to.bottom, to.bytes);
#endif
#ifdef DRYDOCK_TELL_TSAN
  __tsan_switch_to_fiber(to.thread, 0);
#endif
  ::swapcontext(&from.context, &to.context);
#ifdef DRYDOCK_TELL_ASAN
  __sanitizer_finish_switch_fiber(from.fake_stack, &to.bottom, &to.bytes);
#endif
}

}  // namespace

struct Fiber::State {
  explicit State(std::function<void()> body_given) : body(std::move(body_given)) {
    ::getcontext(&inside.context);
    inside.context.uc_stack.ss_sp = stack->bottom();
    inside.context.uc_stack.ss_size = stack->bytes();
    inside.bottom = stack->bottom();
    inside.bytes = stack->bytes();
    ::makecontext(&inside.context, &State::Begin, 0);
#ifdef DRYDOCK_TELL_TSAN
    inside.thread = __tsan_create_fiber(0);
#endif
  }
  ~State() {
#ifdef DRYDOCK_TELL_TSAN
    __tsan_destroy_fiber(inside.thread);
#endif
    Stack::Leave(std::move(stack));
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // The first thing on the new stack; makecontext hands over no pointers.
  static void Begin() {
    State& self = *std::exchange(entering, nullptr);
#ifdef DRYDOCK_TELL_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &self.outside.bottom, &self.outside.bytes);
#endif
    self.body();
    self.ended = true;
    Switch(self.inside, self.outside, true);
  }

  static thread_local State* entering;

  std::unique_ptr<Stack> stack = Stack::Take();
  std::function<void()> body;
  Side inside;
  Side outside;
  bool begun = false;
  bool ended = false;
};

thread_local Fiber::State* Fiber::State::entering = nullptr;

Fiber::Fiber(std::function<void()> body) : state_(std::make_unique<State>(std::move(body))) {}

Fiber::~Fiber() = default;

void Fiber::Resume() {
  if (!std::exchange(state_->begun, true)) {
    State::entering = state_.get();
  }
#ifdef DRYDOCK_TELL_TSAN
  state_->outside.thread = __tsan_get_current_fiber();
#endif
  Switch(state_->outside, state_->inside, false);
}

void Fiber::Suspend() { Switch(state_->inside, state_->outside, false); }

bool Fiber::ended() const { return state_->ended; }

}  // namespace drydock::simulator
