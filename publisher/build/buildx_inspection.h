// What `docker buildx inspect` says of a builder. Threads: values.
// Source: docker/buildx, commands/inspect.go (labels of 0.13).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drydock::publisher {

struct BuildxInspection {
  std::string name;
  std::string driver;                  // "docker", "docker-container", "kubernetes", "remote"
  bool running = false;                // a node is; one that is not tells no platforms
  std::vector<std::string> platforms;  // of all nodes: "linux/amd64", "linux/amd64/v2", …
};

// What is not there stays empty.
BuildxInspection ReadBuildxInspection(std::string_view text);

}  // namespace drydock::publisher
