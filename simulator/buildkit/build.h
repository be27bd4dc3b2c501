// One `docker buildx build --push`, from the command line to its exit code.
// Threads: inside an actor.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/rng.h"
#include "simulator/buildkit/buildx.h"
#include "simulator/buildkit/cache_option.h"
#include "simulator/buildkit/exporter.h"
#include "simulator/buildkit/solver.h"

namespace drydock::simulator::buildkit {

class Build {
 public:
  // All references must outlive the Build.
  Build(Solver::Tools tools, const BuildSpec& spec, const BuildxOptions& options, Rng rng);

  // kCancelled when the actor was killed; every other failure is in the result.
  Result<CommandResult> Run();

 private:
  Status Parse();
  Status Solve();
  Status Import(const CacheOption& option);
  Status ReadCacheFrom(const CacheOption& option, Progress::Vertex vertex);
  Status Export();
  Status PushImage(const AssembledImage& image, Progress::Vertex vertex);
  Status ExportCache(const CacheOption& option);
  // Ends the vertex as `status` says; a failure stops what else is under way.
  Status Settle(Progress::Vertex vertex, Status status);
  Status Settle(Progress::Vertex vertex, Status status, Undertaking& work);

  Solver::Tools tools_;
  const BuildSpec& spec_;
  const BuildxOptions& options_;
  Rng rng_;
  Undertaking work_;
  Exporter exporter_;
  TimePoint started_;
  std::vector<ImageReference> tags_;
  std::vector<CacheOption> cache_from_;
  std::vector<CacheOption> cache_to_;
  std::vector<std::string> lines_;
  std::unique_ptr<Solver> solver_;
  std::vector<BuiltImage> images_;
  std::optional<Digest> digest_;
};

}  // namespace drydock::simulator::buildkit
