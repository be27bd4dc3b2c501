// What must hold of every run of drydock's publisher, whatever a scenario expects of it: looked at
// in the journal and in the registry's store after each host-publish, with and without the faults.
// Threads: pure functions. Source: incidents.md 9.5 ("History", "Conduct") and section 5, rules 2,
// 9, 13 and 14.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/runner/check.h"
#include "scenarios/runner/result.h"
#include "simulator/registry/store.h"

namespace drydock::scenarios {

// All deliberate waits of one publish together stay below this.
inline constexpr Duration kWaitsMax = std::chrono::hours(1);

// What did not hold in the events of one host-publish (`stretch`): a permanent refusal answered by
// the same request again; a login on another origin than `registry_host` or the token service; a
// request before the moment a Retry-After promised; an alias moved more than once; waits without
// bound. A builder's own requests do not count.
// `others`: further registries of the release, each with logins of its own.
std::vector<ExpectationFailure> CheckConduct(const Stretch& stretch, std::string_view registry_host,
                                             const std::set<std::string, std::less<>>& others = {});

// The aliases (latest…, base-latest) that the stretch moved to an image of which `store` lacks a
// manifest or a blob.
std::vector<ExpectationFailure> CheckAliases(const Stretch& stretch, const simulator::Store& store,
                                             std::string_view repository);

// The requests by anybody that would have changed something at a registry: what a publish that
// found everything in place must not send.
std::vector<ExpectationFailure> CheckNothingSent(const Stretch& stretch);

}  // namespace drydock::scenarios
