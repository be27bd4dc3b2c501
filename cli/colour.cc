#include "cli/colour.h"

#include <unistd.h>

#include <cstdlib>

namespace drydock::cli {

bool MayColour(int file_descriptor) {
  const char* refused = std::getenv("NO_COLOR");
  return ::isatty(file_descriptor) == 1 && (refused == nullptr || *refused == '\0');
}

}  // namespace drydock::cli
