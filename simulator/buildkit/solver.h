// From a Dockerfile and its context to layers and configs, one platform at a time, as BuildKit
// solves it: base images are resolved first, a step whose identity is known is not run again, and
// layers stay in the registry until something needs their bytes.
//
// RUN is not executed: it adds one file whose content is made of the command, the arguments and
// environment it sees, the platform and the step below it, so that whatever would give another
// result gives another layer.
//
// Threads: inside an actor. Source: captures buildx-*.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulator/buildkit/buildx.h"
#include "simulator/buildkit/cache_graph.h"
#include "simulator/buildkit/dockerfile.h"
#include "simulator/buildkit/image.h"
#include "simulator/buildkit/registries.h"

namespace drydock::simulator::buildkit {

// The result for one platform.
struct BuiltImage {
  Platform platform;
  std::vector<Layer> layers;
  std::string config;
  std::vector<std::pair<std::string, Digest>> materials;  // base images
};

class Solver {
 public:
  struct Tools {
    World& world;
    Registries& registries;
    BuilderStore& store;
    Progress& progress;
  };

  // All references must outlive the Solver.
  Solver(Tools tools, const BuildSpec& spec, Dockerfile file);
  ~Solver();

  // Resolves the base images of all platforms. Errors carry the text after "failed to solve: ".
  Status LoadBases();
  // Layers other builders left in the registry, by identity of the step.
  void Import(std::map<Digest, Layer> layers);
  Result<std::vector<BuiltImage>> Solve();

  CacheGraph& graph() { return graph_; }
  // The line of the Dockerfile that the error is about; 0 when none is.
  std::size_t failed_line() const { return failed_line_; }

 private:
  struct Base;
  struct StageState;
  struct Step;
  struct Scope;

  std::vector<std::size_t> NeededStages() const;
  Status LoadBase(std::size_t stage, const Platform& platform, bool pull);
  Status ResolveBase(Base& base);
  Status PullBase(Base& base, const Platform& platform);
  Result<std::string> Stored(RegistryHost& host, const std::string& repository,
                             const Descriptor& descriptor, bool manifest);
  // In solve_steps.cc.
  Result<StageState*> Evaluate(std::size_t index, const Platform& platform);
  Status StartStage(Scope& scope);
  Status Apply(Scope& scope, const Instruction& instruction);
  void Declare(Scope& scope, const Instruction& instruction);
  Status Copy(Scope& scope, const Instruction& instruction);
  Status Run(Scope& scope, const Instruction& instruction);
  Result<FileTree> CopySource(Scope& scope, const std::string& from, const std::string& path,
                              std::vector<CacheLink>& links);
  Status Finish(Scope& scope, const Step& step);
  Result<Layer> Execute(Scope& scope, const Step& step, Progress::Vertex vertex);
  Progress::Vertex BeginStep(const Scope& scope, std::size_t number, const std::string& text);
  std::optional<std::size_t> FindStage(const std::string& name, std::size_t before) const;
  Variables GlobalVariables(const Platform& platform) const;
  Error FailAt(std::size_t line, Error error);

  Tools tools_;
  const BuildSpec& spec_;
  Dockerfile file_;
  std::vector<Platform> platforms_;
  CacheGraph graph_;
  std::map<Digest, Layer> imported_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Base>> bases_;  // name, platform
  std::map<std::pair<std::size_t, std::string>, std::unique_ptr<StageState>> stages_;
  std::map<Digest, Layer> made_;  // in this build
  std::size_t failed_line_ = 0;
  bool run_time_passed_ = false;
};

}  // namespace drydock::simulator::buildkit
