// What a release file says about the base hash: the runbook's inputs under names of the project's
// own, or a recipe from scratch. Threads: values. Source: runbook 3C; issue 3 section 3; ADR 0005.
#pragma once

#include <string>

#include "core/json.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

// Reads one of
//   { "dockerfile": …, "tree": …, "entrypoints": […] }
//   { "inputs": [ { "file": … },
//                 { "tree": …, "exclude-folders": […], "exclude-files": […] },
//                 { "line": … } ] }
// Fails `source` for a path that is not in its plain form below the project, and for what the
// shell's find would understand in another way than this program.
Recipe ReadHashRecipe(json::Source& source, const json::Value& value, std::string name);

}  // namespace drydock::publisher
