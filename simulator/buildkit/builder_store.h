// What a builder keeps between builds: the bytes it has, where it pushed them, and which step of a
// build gave which layer. Threads: actors of one world, in turn.
// Source: captures buildx-repush-noprov, buildx-push-same-layers-other-repo, auth/buildx--push-*.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "core/digest.h"
#include "simulator/buildkit/layer.h"

namespace drydock::simulator::buildkit {

class BuilderStore {
 public:
  using Bytes = std::shared_ptr<const std::string>;

  void Put(const Digest& digest, Bytes bytes) { contents_[digest] = std::move(bytes); }
  // nullptr when the builder has never had it.
  Bytes Find(const Digest& digest) const;

  // The builder pushed a layer to a repository, or found it there.
  void NotePushed(const Digest& layer, std::string_view registry, std::string_view repository);
  // Another repository of the registry that the layer can be mounted from: of those it was pushed
  // to the one with the longest common path, the last by name among equals; "" when there is none.
  // Layers that were only pulled have none, as captured.
  std::string MountSource(const Digest& layer, std::string_view registry,
                          std::string_view target) const;

  // Results of build steps by the identity of the step.
  void Remember(const Digest& step, const Layer& layer) { steps_.insert_or_assign(step, layer); }
  const Layer* Recall(const Digest& step) const;

 private:
  std::map<Digest, Bytes> contents_;
  std::map<Digest, std::map<std::string, std::set<std::string>, std::less<>>> pushed_;
  std::map<Digest, Layer> steps_;
};

}  // namespace drydock::simulator::buildkit
