// What a personality refuses beyond the specification: who may write at all, which manifests it
// takes, which tags may move. Threads: pure functions. Source: incidents.md section 9, P15; the
// links of each personality's quirks.
#pragma once

#include <optional>
#include <string_view>

#include "core/digest.h"
#include "simulator/registry/call.h"
#include "simulator/registry/error_code.h"
#include "simulator/registry/manifest.h"
#include "simulator/registry/personality.h"
#include "simulator/registry/route.h"

namespace drydock::simulator {

// Whether an operation changes what the registry holds.
bool IsWrite(Operation operation);
// Whether it begins something in a repository that need not be there yet.
bool MayCreateRepository(Operation operation);

// The first rule of the house that `content` breaks.
std::optional<Problem> CheckHouseRules(const Personality& personality,
                                       const ManifestContent& content);

// A refusal when `more` bytes of blobs are more than the quota leaves.
std::optional<Response> CheckQuota(const Call& call, std::uint64_t more);

// Why `tag`, which names `from`, may not be put to name `to`.
std::optional<Problem> CheckOverwrite(const Personality& personality, std::string_view repository,
                                      std::string_view tag, const Digest& from, const Digest& to);

}  // namespace drydock::simulator
