// The records behind a build cache: operations, what went into them, and the layers that came out.
// Writes and reads BuildKit's cache config (application/vnd.buildkit.cacheconfig.v0).
// Threads: values. Source: captures buildx-cache-*, buildx-ci-*.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/result.h"
#include "simulator/buildkit/image.h"
#include "simulator/buildkit/layer.h"

namespace drydock::simulator::buildkit {

inline constexpr std::size_t kNoRecord = static_cast<std::size_t>(-1);

struct CacheLink {
  std::size_t record = kNoRecord;
  std::string selector;  // digest of the path taken from the record's result; "" for all of it
};

struct CacheRecord {
  Digest operation;
  // One entry an input; its alternatives lead to the same content, the first decides the identity.
  std::vector<std::vector<CacheLink>> inputs;
  std::vector<Layer> chain;  // layers of the result, lowest first; none for plain content
  bool of_result = false;    // belongs to the image itself; all that mode=min exports with layers
};

class CacheGraph {
 public:
  // Adds the record unless one of the same identity is there; gives its index.
  std::size_t Add(CacheRecord record);
  CacheRecord& At(std::size_t index) { return records_[index]; }
  const Digest& Identity(std::size_t index) const { return identities_[index]; }

  // Descriptors of all layers in the cache manifest's order (repeated where chains differ) and the
  // cache config's text.
  struct Export {
    std::vector<Descriptor> layers;
    std::map<Digest, Layer> by_digest;
    std::string config;
  };
  Export Write(bool all_layers, std::string_view layer_type) const;

 private:
  std::vector<CacheRecord> records_;
  std::vector<Digest> identities_;
  std::map<Digest, std::size_t> by_identity_;
};

// Layers by the identity of the step that made them, read from a cache manifest and its config.
// `reference` is where they came from ("registry/repository:tag"). Broken parts are left out.
std::map<Digest, Layer> ReadCache(std::string_view config, const std::vector<Descriptor>& layers,
                                  const std::string& reference, const std::string& repository);

}  // namespace drydock::simulator::buildkit
