#include "publisher/build/buildx_inspection.h"

#include "core/text.h"

namespace drydock::publisher {

BuildxInspection ReadBuildxInspection(std::string_view text) {
  BuildxInspection seen;
  for (const std::string& line : Split(text, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) {
      continue;
    }
    const std::string_view label = Trim(std::string_view(line).substr(0, colon));
    const std::string_view value = Trim(std::string_view(line).substr(colon + 1));
    if (label == "Name" && seen.name.empty()) {  // later ones are those of nodes
      seen.name = value;
    } else if (label == "Driver") {
      seen.driver = value;
    } else if (label == "Status") {
      seen.running = seen.running || value == "running";
    } else if (label == "Platforms" && !value.empty()) {
      for (const std::string& platform : Split(value, ',')) {
        std::string_view name = Trim(platform);
        if (name.ends_with('*')) {  // set by hand
          name.remove_suffix(1);
        }
        seen.platforms.emplace_back(name);
      }
    }
  }
  return seen;
}

}  // namespace drydock::publisher
