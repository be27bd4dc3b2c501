// What the registries of a process may hold in memory together, so that no peer's garbage exhausts
// the machine: bytes of blobs and manifests, on their way in or there, each with what it costs to
// keep. Threads: a MemoryBudget any; a MemoryShare one at a time.
// Source: issue 4 section 4 ("memory bounded").
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "core/result.h"
#include "simulator/registry/blob.h"

namespace drydock::simulator {

class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // All of `bytes`, or false and none of them.
  bool Take(std::uint64_t bytes);
  void Give(std::uint64_t bytes) { used_ -= bytes; }
  std::uint64_t bytes_max() const { return bytes_max_; }
  std::uint64_t used() const { return used_; }

 private:
  std::uint64_t bytes_max_;
  std::atomic<std::uint64_t> used_ = 0;
};

// A part of a budget, given back with its owner. Without a budget everything is granted.
class MemoryShare {
 public:
  // What a blob or a manifest costs beyond its bytes, roughly.
  static constexpr std::uint64_t kOverhead = 512;

  explicit MemoryShare(std::shared_ptr<MemoryBudget> budget = nullptr)
      : budget_(std::move(budget)) {}
  MemoryShare(MemoryShare&& other) noexcept
      : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryShare& operator=(MemoryShare&& other) noexcept;
  ~MemoryShare();

  // kDenied when the budget has no more; the share is then what it was.
  Status Grow(std::uint64_t bytes);
  void Shrink(std::uint64_t bytes);

 private:
  std::shared_ptr<MemoryBudget> budget_;
  std::uint64_t bytes_ = 0;
};

// Bytes that keep their share of a budget for as long as anybody has them.
Bytes HoldBytes(std::string bytes, MemoryShare share);

}  // namespace drydock::simulator
