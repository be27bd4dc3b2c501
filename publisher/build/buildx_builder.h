// The real Builder: `docker buildx build --push` as a child process. Its output is passed on line
// by line while it runs and kept for the diagnosis. No cache option is passed unless the request
// has one. Threads: one build at a time. Source: runbook steps 2 and 4; ADR 0002.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "publisher/build/builder.h"
#include "publisher/build/buildx_inspection.h"

namespace drydock::publisher {

class BuildxBuilder : public Builder {
 public:
  struct Options {
    std::string program = "docker";  // looked up in PATH unless it has a slash
    // The buildx builder to use, made with driver docker-container if there is none of that name.
    // "" means the present one or, for several platforms where that is the Docker engine's own,
    // kOwnBuilder. The engine's takes one platform, or (with the containerd image store) puts the
    // tag on one platform's image after another before the index gets it.
    std::string builder;
    // Gets the builder's standard error, piece by piece, as it comes; may be empty.
    std::function<void(std::string_view)> on_output;
  };
  static constexpr std::string_view kOwnBuilder = "drydock";

  explicit BuildxBuilder(Options options);

  // Runs `docker buildx version` once; "docker buildx (not installed)" when that fails.
  std::string Describe() override;
  Result<std::string> CheckReady(const std::vector<std::string>& platforms) override;
  // Makes the builder first, if it is missing.
  Result<BuildOutcome> Build(const BuildRequest& request) override;

 private:
  struct Choice {
    std::string name;      // "" means the present one
    bool missing = false;  // there is none of that name yet
    std::string words;     // what it is and what is doubtful about it
  };

  // Which builder takes these platforms. kUnavailable when Docker does not answer.
  Result<Choice> Choose(const std::vector<std::string>& platforms);
  // nullopt when there is no builder of that name.
  Result<std::optional<BuildxInspection>> Inspect(const std::string& name);
  Status Make(const std::string& name);

  Options options_;
  std::string description_;
};

// The arguments after the program's name, without the digest file: "buildx", "build", "--push", ….
std::vector<std::string> BuildxArguments(const BuildRequest& request, std::string_view builder);

}  // namespace drydock::publisher
