// One SHA-256 over everything a source gives: the engine behind every kind of base hash.
// Threads: as HashTree.
#pragma once

#include "core/result.h"
#include "publisher/hash/base_hash.h"
#include "publisher/hash/input_source.h"

namespace drydock::publisher {

// Errors as HashTree's, the first one in the recipe's order.
Result<BaseHash> HashSource(InputSource& source, const HashOptions& options);

}  // namespace drydock::publisher
