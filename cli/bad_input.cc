#include <iostream>

#include "cli/commands.h"

namespace drydock::cli {

int BadInput(std::string_view message) {
  std::cerr << "drydock: " << message << '\n';
  return kExitUsage;
}

int BadInput(std::string_view command, std::string_view message) {
  std::cerr << "drydock " << command << ": " << message << '\n';
  return kExitUsage;
}

}  // namespace drydock::cli
