// What a Dockerfile fetches without saying which version: built twice from the same text, and so
// under the same base hash, it may give two images.
// Threads: values. Source: Dockerfile reference; opencode-devbox.md section 2.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace drydock::publisher {

struct FloatingLine {
  std::size_t line = 0;  // from 1, where the instruction starts
  std::string what;      // "FROM without a digest: debian:bookworm"
};

// In the order of the lines. A heuristic: what it names floats; what it does not know, it leaves
// out.
std::vector<FloatingLine> FloatingLines(std::string_view dockerfile);

}  // namespace drydock::publisher
