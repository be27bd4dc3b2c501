// Whether a command may colour what it prints. Threads: any.
// Source: no-color.org.
#pragma once

namespace drydock::cli {

// On a terminal, unless the environment variable NO_COLOR is set to something.
bool MayColour(int file_descriptor);

}  // namespace drydock::cli
