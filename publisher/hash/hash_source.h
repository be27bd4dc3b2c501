// One SHA-256 over everything a source gives: the engine behind every kind of base hash.
// Threads: as HashTree.
#pragma once

#include "core/result.h"
#include "publisher/hash/base_hash.h"
#include "publisher/hash/input_source.h"
#include "publisher/hash/part.h"

namespace drydock::publisher {

// Errors as HashTree's, the first one in the recipe's order. `known`, when not null, is what an
// earlier run over the same recipe remembered: the hash goes on from the last state before the
// first input that is not as it was. `made`, when not null, gets this run's.
Result<BaseHash> HashSource(InputSource& source, const HashOptions& options,
                            const Checkpoints* known = nullptr, Checkpoints* made = nullptr);

}  // namespace drydock::publisher
