// The log of a failed publish, as whoever ran it hands it over: read, or refused, and diagnosed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "publisher/release/attempt_log.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto attempt = drydock::publisher::ReadAttemptLog("ci", "log", text, {});
  if (attempt) {
    const auto diagnosis = drydock::publisher::Diagnose({*attempt});
    if (attempt->succeeded != (diagnosis.trouble == drydock::publisher::Trouble::kNone)) {
      std::abort();
    }
  }
  return 0;
}
