// The real Builder: `docker buildx build --push` as a child process. Its output is passed on line
// by line while it runs and kept for the diagnosis. No cache option is passed unless the request
// has one. Threads: one build at a time. Source: runbook steps 2 and 4; ADR 0002.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "publisher/build/builder.h"

namespace drydock::publisher {

class BuildxBuilder : public Builder {
 public:
  struct Options {
    std::string program = "docker";  // looked up in PATH unless it has a slash
    std::string builder;             // buildx builder to use; "" means the present one
    // Gets the builder's standard error, piece by piece, as it comes; may be empty.
    std::function<void(std::string_view)> on_output;
  };

  explicit BuildxBuilder(Options options);

  // Runs `docker buildx version` once; "docker buildx (not installed)" when that fails.
  std::string Describe() override;
  Status CheckReady() override;
  Result<BuildOutcome> Build(const BuildRequest& request) override;

 private:
  Options options_;
  std::string description_;
};

// The arguments after the program's name, without the digest file: "buildx", "build", "--push", ….
std::vector<std::string> BuildxArguments(const BuildRequest& request, std::string_view builder);

}  // namespace drydock::publisher
