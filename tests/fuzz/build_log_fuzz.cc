// What a builder printed before it failed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "publisher/registry/failure.h"

using drydock::publisher::ClassifyBuildLog;
using drydock::publisher::NextMove;
using drydock::publisher::Persistence;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kTextMax = 65536;
  if (size > kTextMax) {
    return 0;
  }
  const auto failure =
      ClassifyBuildLog(std::string_view(reinterpret_cast<const char*>(data), size), 1);
  const bool goes_on = failure.next != NextMove::kStop;
  // A builder settles by itself what it does not know: there is nothing to ask after it.
  if ((goes_on && failure.persistence == Persistence::kDeterministic) ||
      failure.next == NextMove::kAsk || failure.cancelled) {
    std::abort();
  }
  return 0;
}
