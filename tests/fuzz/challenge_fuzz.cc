// WWW-Authenticate fields as a peer sent them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/text.h"
#include "publisher/registry/challenge.h"

using drydock::ToLower;
using drydock::publisher::BestChallenge;
using drydock::publisher::kChallengeParametersMax;
using drydock::publisher::kChallengesMax;
using drydock::publisher::ParseChallenges;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kTextMax = 65536;
  if (size > kTextMax) {
    return 0;
  }
  const std::string field(reinterpret_cast<const char*>(data), size);
  const auto challenges = ParseChallenges(field);
  if (challenges.size() > kChallengesMax) {
    std::abort();
  }
  for (const auto& challenge : challenges) {
    if (challenge.scheme.empty() || challenge.scheme != ToLower(challenge.scheme) ||
        challenge.parameters.size() > kChallengeParametersMax) {
      std::abort();
    }
  }
  const auto best = BestChallenge({field});
  if (best && best->scheme != "basic" && (best->scheme != "bearer" || best->Get("realm").empty())) {
    std::abort();
  }
  return 0;
}
