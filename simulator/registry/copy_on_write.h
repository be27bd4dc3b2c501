// A value that its copies share until one of them writes: copying counts a reference, the first
// write afterwards clones. Threads: copies of one value may live in different threads; one copy
// belongs to one thread at a time. Source: docs/adr/0020-copy-on-write-store.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace drydock::simulator {

// A null one holds no value. std::shared_ptr would not do: its use_count() promises nothing about
// what the last other owner read before it let go.
template <class T>
class CopyOnWrite {
 public:
  CopyOnWrite() = default;
  template <class... Args>
  static CopyOnWrite Make(Args&&... args) {
    CopyOnWrite made;
    made.held_ = new Held{{1}, T{std::forward<Args>(args)...}};
    return made;
  }

  CopyOnWrite(const CopyOnWrite& other) : held_(other.held_) {
    if (held_ != nullptr) {
      held_->owners.fetch_add(1, std::memory_order_relaxed);
    }
  }
  CopyOnWrite(CopyOnWrite&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  CopyOnWrite& operator=(CopyOnWrite other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~CopyOnWrite() {
    if (held_ != nullptr && held_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete held_;
    }
  }

  explicit operator bool() const { return held_ != nullptr; }
  const T& operator*() const { return held_->value; }
  const T* operator->() const { return &held_->value; }

  // The value for this owner alone; cloned when it has others. Must not be null. The reference is
  // good until this owner is copied.
  T& Write() {
    if (held_->owners.load(std::memory_order_acquire) != 1) {
      *this = Make(held_->value);
    }
    return held_->value;
  }

 private:
  struct Held {
    std::atomic<std::uint32_t> owners;
    T value;
  };

  Held* held_ = nullptr;
};

}  // namespace drydock::simulator
