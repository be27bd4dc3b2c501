// A tar archive, such as an image layer or the output of `git archive`, as the source of a hash:
// what unpacking it into an empty folder would give, without unpacking. Gzip is undone; an archive
// that cannot be read in any order (standard input, gzip) is first spooled to a nameless file in
// the folder for temporary files.
// Threads: as InputSource. Source: issue 3 section 3.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "publisher/hash/input_source.h"
#include "publisher/hash/recipe.h"

namespace drydock::publisher {

// `archive` is a file, or "-" for standard input. Errors as HashTar. `recipe` must outlive the
// source.
Result<std::unique_ptr<InputSource>> OpenTarSource(const std::string& archive, const Recipe& recipe,
                                                   bool compat);

}  // namespace drydock::publisher
