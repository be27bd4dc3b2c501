// Whether a site has what a rule wants. Source: incidents.md 9.1 (M14).
#include <algorithm>

#include "core/text.h"
#include "simulator/faults/effects.h"
#include "simulator/faults/match.h"

namespace drydock::simulator {
namespace {

bool IsIn(const StateTest::Count& count, std::uint64_t number) {
  return number >= count.least && number <= count.most;
}

bool HasAll(const std::vector<ValueTest>& tests, Held what, const Sight& sight) {
  return std::all_of(tests.begin(), tests.end(), [&](const ValueTest& test) {
    const auto found = sight.site->Find(what, sight.route.repository, Filled(test.name, sight));
    return Holds(test, found ? std::vector{*found} : std::vector<std::string>());
  });
}

std::uint64_t InFlight(const Sight& sight, std::string_view glob) {
  std::uint64_t number = 0;
  for (const auto& [operation, count] : *sight.in_flight) {
    number += GlobMatches(glob, operation) ? count : 0;
  }
  return number;
}

}  // namespace

bool FitsState(const StateTest& state, const Sight& sight) {
  if (sight.site == nullptr || sight.in_flight == nullptr) {
    return false;
  }
  return HasAll(state.tags, Held::kTag, sight) && HasAll(state.manifests, Held::kManifest, sight) &&
         HasAll(state.blobs, Held::kBlob, sight) && HasAll(state.sessions, Held::kSession, sight) &&
         (!state.open_uploads || IsIn(*state.open_uploads, sight.site->OpenUploadCount())) &&
         std::all_of(state.in_flight.begin(), state.in_flight.end(), [&](const auto& test) {
           return IsIn(test.second, InFlight(sight, test.first));
         });
}

}  // namespace drydock::simulator
