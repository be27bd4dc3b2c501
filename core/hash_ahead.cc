#include "core/hash_ahead.h"

namespace drydock {

HashAhead::HashAhead(Hasher& hasher) : hasher_(hasher), thread_([this] { Work(); }) {}

HashAhead::~HashAhead() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void HashAhead::Update(std::string_view piece) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return piece_.empty(); });
  piece_ = piece;
  changed_.notify_all();
}

void HashAhead::Rest() { Update({}); }

void HashAhead::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ended_ || !piece_.empty(); });
    if (piece_.empty()) {
      return;
    }
    lock.unlock();
    hasher_.Update(piece_);
    lock.lock();
    piece_ = {};
    changed_.notify_all();
  }
}

}  // namespace drydock
