// All that a store says, as one text, for comparing stores. Threads: one.
#pragma once

#include <string>

#include "simulator/registry/store.h"

namespace drydock::simulator {

inline std::string WhatIn(const Store& store, const std::string& repository) {
  std::string text = "repository " + repository + "\n";
  for (const Digest& digest : store.Blobs(repository)) {
    Body body = store.FindBlob(repository, digest).Read();
    const auto bytes = ReadAll(body, std::size_t{1} << 30);
    text += "  blob " + digest.ToString() + " " + (bytes ? *bytes : bytes.error().message()) + "\n";
  }
  for (const auto& [digest, manifest] : store.Manifests(repository)) {
    text += "  manifest " + digest.ToString() + " " + manifest.media_type + " " + *manifest.bytes +
            " subject " + (manifest.subject ? manifest.subject->Short() : "") + " artifact " +
            manifest.artifact_type + " entries " + std::to_string(manifest.manifests.size()) + "\n";
  }
  for (const auto& [tag, digest] : store.Tags(repository)) {
    text += "  tag " + tag + " " + digest.ToString() + "\n";
  }
  return text;
}

inline std::string WhatIn(const Store& store) {
  std::string text;
  for (const std::string& repository : store.Repositories()) {
    text += WhatIn(store, repository);
  }
  return text;
}

}  // namespace drydock::simulator
