// Everything a build sends: the image with its attestations, tag by tag, and the cache.
// Threads: inside an actor; uploads of an image run in up to five actors of their own, one of which
// takes JSON only, as BuildKit's limiter has it. Source: captures buildx-push-*, buildx-cache-*.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/reference.h"
#include "simulator/buildkit/buildx.h"
#include "simulator/buildkit/cache_graph.h"
#include "simulator/buildkit/cache_option.h"
#include "simulator/buildkit/image.h"
#include "simulator/buildkit/pusher.h"
#include "simulator/buildkit/registries.h"
#include "simulator/buildkit/solver.h"

namespace drydock::simulator::buildkit {

// An image ready to be sent.
struct AssembledImage {
  std::vector<Content> blobs;     // layers, configs, statements; each digest once
  std::vector<Layer> layers;      // what the layers among them are
  std::vector<Content> children;  // manifests below the index; empty when `top` is a manifest
  Content top;
};

struct ImageFacts {
  std::string tag;  // the first one, for provenance
  std::string dockerfile;
  bool provenance = true;
  std::string invocation;
  TimePoint started{};
  TimePoint finished{};
};

class Exporter {
 public:
  // All references must outlive the Exporter. `work` stops what is still under way once a part of
  // it failed. Cache layers go out on `cache_lanes` connections at a time: one in BuildKit 0.13,
  // four since 0.27.
  Exporter(Solver::Tools tools, Undertaking& work, std::size_t cache_lanes = 1)
      : tools_(tools), work_(work), cache_lanes_(cache_lanes) {}

  // Manifests and index of the built images; says so in the vertex.
  AssembledImage Assemble(const std::vector<BuiltImage>& images, const ImageFacts& facts,
                          Progress::Vertex vertex);
  // Pushes all tags in turn; `by_digest`: to each repository under the digest alone, for which no
  // name may have a tag. Errors carry the text after "failed to solve: ".
  Status PushImage(const AssembledImage& image, const std::vector<ImageReference>& tags,
                   bool by_digest, Progress::Vertex vertex);
  Status ExportCache(const CacheGraph& graph, const CacheOption& option, Progress::Vertex vertex);

 private:
  // `name`: what the log calls the image.
  Status PushTag(const AssembledImage& image, const ImageReference& tag, const std::string& name,
                 bool by_digest, Progress::Vertex vertex);
  Status PushBlobs(const AssembledImage& image, const ImageReference& tag, Progress::Vertex vertex);
  Status PushLayers(const CacheGraph::Export& cache, const CacheOption& option,
                    Progress::Vertex vertex);
  Status PushLayer(const CacheGraph::Export& cache, const CacheOption& option,
                   const Descriptor& layer, Progress::Vertex vertex);
  BytesSource SourceOf(const Content& blob, const std::vector<Layer>& layers,
                       Progress::Vertex vertex);

  Solver::Tools tools_;
  Undertaking& work_;
  std::size_t cache_lanes_;
};

}  // namespace drydock::simulator::buildkit
