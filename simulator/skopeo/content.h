// Where skopeo copies from and to: an OCI layout on disk, or a repository of a registry.
// Threads: inside an actor. Source: captures skopeo1.9-copy-*, skopeo1.9-promote-same-repo.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/result.h"
#include "simulator/skopeo/session.h"

namespace drydock::simulator::skopeo {

using Bytes = std::shared_ptr<const std::string>;

struct Manifest {
  std::string media_type;
  Bytes bytes;
  Digest digest;
};

// What a manifest names, in its order.
struct Parts {
  std::vector<Digest> children;  // of an index
  std::vector<Digest> layers;
  std::optional<Digest> config;
};
Result<Parts> PartsOf(const Manifest& manifest);

class Source {
 public:
  virtual ~Source() = default;
  // The image that was asked for, or one manifest of it.
  virtual Result<Manifest> Top() = 0;
  virtual Result<Manifest> Child(const Digest& digest) = 0;
  virtual Result<Bytes> Blob(const Digest& digest) = 0;
};

class LayoutSource : public Source {
 public:
  explicit LayoutSource(std::string folder) : folder_(std::move(folder)) {}
  Result<Manifest> Top() override;
  Result<Manifest> Child(const Digest& digest) override;
  Result<Bytes> Blob(const Digest& digest) override;

 private:
  std::string folder_;
};

class RegistrySource : public Source {
 public:
  explicit RegistrySource(Session session) : session_(std::move(session)) {}
  Result<Manifest> Top() override;
  Result<Manifest> Child(const Digest& digest) override;
  Result<Bytes> Blob(const Digest& digest) override;

 private:
  Result<Manifest> Get(const std::string& reference);

  Session session_;
};

class Destination {
 public:
  explicit Destination(Session session) : session_(std::move(session)) {}

  // Whether the repository has the blob.
  Result<bool> Has(const Digest& blob);
  // Asks once more whether it is there, and sends it: POST, PATCH with all of it, an empty PUT.
  Status PutBlob(const Digest& digest, const Bytes& bytes);
  // Under its digest, or under the tag that was asked for. kConflict: in words that skopeo takes
  // for a refusal of the manifest's type.
  Status PutManifest(const Manifest& manifest, bool tag);
  const ImageReference& image() const { return session_.image(); }

 private:
  Session session_;
};

}  // namespace drydock::simulator::skopeo
