// Files of a project template that are described and not kept: "generated.json" in its folder names
// them, their size and the line they repeat. Threads: pure but for the files it writes.
#pragma once

#include <string>

#include "core/result.h"

namespace drydock::scenarios {

// Writes what `folder`/generated.json describes, and removes that; Ok without one. kInvalid with
// file, line and the offending piece, kUnavailable when a file cannot be written.
Status WriteGeneratedFiles(const std::string& folder);

}  // namespace drydock::scenarios
