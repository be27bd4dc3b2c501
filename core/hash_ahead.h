// A thread that hashes what arrives while whoever brings it does something else with it.
// Threads: one uses it; the hasher is the thread's own until Rest. Source: docs/performance.md.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>

#include "core/digest.h"

namespace drydock {

class HashAhead {
 public:
  // `hasher` must outlive it.
  explicit HashAhead(Hasher& hasher);
  ~HashAhead();  // rests
  HashAhead(const HashAhead&) = delete;
  HashAhead& operator=(const HashAhead&) = delete;

  // Waits for the piece before; this one must stay as it is until the next call has returned.
  void Update(std::string_view piece);
  // Returns when everything so far is in the hasher, which may be used until the next Update.
  void Rest();

 private:
  void Work();

  Hasher& hasher_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string_view piece_;  // what is being hashed; empty: nothing
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace drydock
