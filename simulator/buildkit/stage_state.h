// What the two halves of the solver share about a stage. Threads: values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "simulator/buildkit/cache_graph.h"
#include "simulator/buildkit/dockerfile.h"
#include "simulator/buildkit/image.h"
#include "simulator/buildkit/solver.h"

namespace drydock::simulator::buildkit {

// An external image that a stage starts from.
struct Solver::Base {
  ImageReference reference;
  Progress::Vertex vertex = 0;
  bool pulled = false;  // manifest and config are read
  Descriptor top{"", Digest::Of(""), 0, {}, std::nullopt};
  Digest manifest = Digest::Of("");
  ImageConfig config;
  std::vector<Layer> layers;
};

struct Solver::StageState {
  ImageConfig config;
  FileTree files;  // what COPY and RUN put there; a base image's files are not looked into
  std::vector<Layer> layers;
  std::size_t record = kNoRecord;    // of the latest layer
  std::vector<std::size_t> records;  // of all layers
  std::vector<std::pair<std::string, Digest>> materials;
};

// A stage while its instructions are applied.
struct Solver::Scope {
  std::size_t index = 0;
  const Stage& stage;
  const Platform& platform;
  StageState& state;
  Variables arguments;  // ARG
  std::string workdir = "/";
  std::size_t step = 0;   // last numbered step
  std::size_t steps = 0;  // numbered steps of the stage

  Variables Visible() const;  // arguments, and over them the environment
};

// An instruction that makes a layer, before it is known whether it has to run.
struct Solver::Step {
  std::string text;        // for the progress
  std::string created_by;  // for the image's history
  std::size_t line = 0;
  CacheRecord record;
  FileTree files;
  bool run = false;
};

// COPY's arguments taken apart.
struct CopyArguments {
  std::string from;                // --from=, or ""
  std::string flags;               // the other flags, as written
  std::vector<std::string> words;  // sources and, last, the destination
};
CopyArguments ParseCopy(const std::string& arguments);

}  // namespace drydock::simulator::buildkit
