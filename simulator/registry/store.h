// What a registry holds, in memory: blobs (one copy a digest, whatever number of repositories have
// it), manifests and tags. Pure state: it checks nothing and tells nobody; the Registry does both.
// Use it directly to put content in place before a run.
// Threads: one at a time. Source: OCI distribution-spec "Definitions".
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"

namespace drydock::simulator {

using Bytes = std::shared_ptr<const std::string>;

struct StoredManifest {
  Bytes bytes;
  std::string media_type;
  std::optional<Digest> subject;
  std::string artifact_type;      // for the referrers list; "" when it has none
  std::vector<Digest> manifests;  // an index's entries
};

using TagMap = std::map<std::string, Digest, std::less<>>;

class Store {
 public:
  // Putting content in place. Each creates the repository if need be.
  Digest PutBlob(std::string_view repository, std::string bytes);
  void PutBlob(std::string_view repository, const Digest& digest, Bytes bytes);
  // Reads subject, artifactType and entries from the JSON in `bytes`; stores whatever it is given.
  Digest PutManifest(std::string_view repository, std::string_view media_type, std::string bytes);
  void PutManifest(std::string_view repository, const Digest& digest, StoredManifest manifest);
  // Gives the digest the tag pointed at before.
  std::optional<Digest> SetTag(std::string_view repository, std::string_view tag,
                               const Digest& digest);

  // Null when the repository does not hold it.
  Bytes FindBlob(std::string_view repository, const Digest& digest) const;
  const StoredManifest* FindManifest(std::string_view repository, const Digest& digest) const;
  std::optional<Digest> FindTag(std::string_view repository, std::string_view tag) const;
  // A repository that holds the blob and that `readable` lets through; nullopt when there is none.
  std::optional<std::string> FindHolder(
      const Digest& digest, const std::function<bool(std::string_view)>& readable) const;

  bool HasRepository(std::string_view repository) const;
  std::vector<std::string> Repositories() const;
  // In byte order of the tags; empty for an unknown repository.
  const TagMap& Tags(std::string_view repository) const;
  const std::map<Digest, StoredManifest>& Manifests(std::string_view repository) const;
  const std::set<Digest>& Blobs(std::string_view repository) const;

  // Each false when there was no such thing. A blob's bytes are dropped with its last holder.
  bool DeleteBlob(std::string_view repository, const Digest& digest);
  // Leaves tags that point at it alone: the caller removes them first.
  bool DeleteManifest(std::string_view repository, const Digest& digest);
  bool DeleteTag(std::string_view repository, std::string_view tag);

  // Different blobs held, and their bytes.
  std::size_t blob_count() const { return blobs_.size(); }
  std::uint64_t blob_bytes() const { return blob_bytes_; }

 private:
  struct Repository {
    std::set<Digest> blobs;
    std::map<Digest, StoredManifest> manifests;
    TagMap tags;
  };
  struct SharedBlob {
    Bytes bytes;
    std::set<std::string, std::less<>> holders;
  };

  Repository& Open(std::string_view repository);
  const Repository& At(std::string_view repository) const;  // an empty one when unknown

  std::map<std::string, Repository, std::less<>> repositories_;
  std::map<Digest, SharedBlob> blobs_;
  std::uint64_t blob_bytes_ = 0;
};

}  // namespace drydock::simulator
