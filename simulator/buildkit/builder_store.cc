#include "simulator/buildkit/builder_store.h"

#include <algorithm>
#include <cstddef>

#include "core/text.h"

namespace drydock::simulator::buildkit {
namespace {

std::size_t CommonComponents(std::string_view a, std::string_view b) {
  const std::vector<std::string> left = Split(a, '/');
  const std::vector<std::string> right = Split(b, '/');
  std::size_t common = 0;
  while (common < std::min(left.size(), right.size()) && left[common] == right[common]) {
    ++common;
  }
  return common;
}

}  // namespace

BuilderStore::Bytes BuilderStore::Find(const Digest& digest) const {
  const auto found = contents_.find(digest);
  return found == contents_.end() ? nullptr : found->second;
}

void BuilderStore::NotePushed(const Digest& layer, std::string_view registry,
                              std::string_view repository) {
  pushed_[layer][std::string(registry)].emplace(repository);
}

std::string BuilderStore::MountSource(const Digest& layer, std::string_view registry,
                                      std::string_view target) const {
  const auto layers = pushed_.find(layer);
  if (layers == pushed_.end()) {
    return "";
  }
  const auto repositories = layers->second.find(registry);
  if (repositories == layers->second.end()) {
    return "";
  }
  std::string best;
  std::size_t most = 0;
  for (const std::string& repository : repositories->second) {
    const std::size_t common = CommonComponents(repository, target);
    if (repository != target && common >= most) {
      best = repository;
      most = common;
    }
  }
  return best;
}

const Layer* BuilderStore::Recall(const Digest& step) const {
  const auto found = steps_.find(step);
  return found == steps_.end() ? nullptr : &found->second;
}

}  // namespace drydock::simulator::buildkit
