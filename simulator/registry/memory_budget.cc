#include "simulator/registry/memory_budget.h"

#include "core/text.h"

namespace drydock::simulator {
namespace {

struct HeldBytes {
  std::string bytes;
  MemoryShare share;
};

}  // namespace

bool MemoryBudget::Take(std::uint64_t bytes) {
  std::uint64_t used = used_;
  do {
    if (bytes > bytes_max_ || used > bytes_max_ - bytes) {
      return false;
    }
  } while (!used_.compare_exchange_weak(used, used + bytes));
  return true;
}

MemoryShare& MemoryShare::operator=(MemoryShare&& other) noexcept {
  std::swap(budget_, other.budget_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

MemoryShare::~MemoryShare() {
  if (budget_ != nullptr) {
    budget_->Give(bytes_);
  }
}

Status MemoryShare::Grow(std::uint64_t bytes) {
  if (budget_ == nullptr) {
    return Ok{};
  }
  if (!budget_->Take(bytes)) {
    return Error(ErrorCode::kDenied,
                 Concat({"this registry holds at most ", HumanBytes(budget_->bytes_max()),
                         " in memory, and they are taken"}));
  }
  bytes_ += bytes;
  return Ok{};
}

void MemoryShare::Shrink(std::uint64_t bytes) {
  if (budget_ != nullptr) {
    budget_->Give(bytes);
    bytes_ -= bytes;
  }
}

Bytes HoldBytes(std::string bytes, MemoryShare share) {
  const auto held =
      std::make_shared<const HeldBytes>(HeldBytes{std::move(bytes), std::move(share)});
  return {held, &held->bytes};
}

}  // namespace drydock::simulator
