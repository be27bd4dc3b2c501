#include "cli/ci_log.h"

#include <cstdlib>
#include <string_view>

namespace drydock::cli {

bool LogTakesAnnotations() {
  for (const char* name : {"GITHUB_ACTIONS", "GITEA_ACTIONS"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && std::string_view(value) == "true") {
      return true;
    }
  }
  return false;
}

}  // namespace drydock::cli
