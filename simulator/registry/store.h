// What a registry holds: blobs (one copy a digest, whatever number of repositories have it),
// manifests and tags. Pure state: it checks nothing and tells nobody; the Registry does both. Use
// it directly to put content in place before a run.
//
// Copying a store forks it, in constant time: both go on from the same content, and what one writes
// the other does not see. Content is in memory, or behind a Backing that also makes it durable.
// Threads: one at a time; forks of one store may live in different threads.
// Source: OCI distribution-spec "Definitions"; docs/adr/0020-copy-on-write-store.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "core/result.h"
#include "simulator/registry/blob.h"
#include "simulator/registry/copy_on_write.h"
#include "simulator/registry/persistent_map.h"

namespace drydock::simulator {

class Store;

struct StoredManifest {
  Bytes bytes;
  std::string media_type;
  std::optional<Digest> subject;
  std::string artifact_type;      // for the referrers list; "" when it has none
  std::vector<Digest> manifests;  // an index's entries
};

using TagMap = std::map<std::string, Digest, std::less<>>;

// What became of a repository since the last commit.
struct RepositoryChange {
  std::set<Digest> content;  // blobs and manifests put or deleted
  bool index = false;        // manifests or tags put, moved or deleted, or what is both changed
};
using Changes = std::map<std::string, RepositoryChange, std::less<>>;

// Keeps a store's content beyond the process. Threads: as the store's.
class Backing {
 public:
  virtual ~Backing() = default;
  // For a blob's bytes on their way in.
  virtual std::unique_ptr<BlobWriter> NewBlob() = 0;
  // Makes durable what `store` now holds where it changed. An error leaves each change either
  // durable or not; committing the same changes again is safe.
  virtual Status Commit(const Store& store, const Changes& changes) = 0;
};

class Store {
 public:
  Store() = default;
  // A fork. It has no backing: what it writes is its own.
  Store(const Store& other);
  // Takes over the content; the backing stays, and the next commit makes the new content durable.
  Store& operator=(const Store& other);
  Store(Store&&) noexcept = default;
  ~Store() = default;

  // From here on `backing` is told of every change; what is held now counts as told.
  void Keep(std::shared_ptr<Backing> backing);
  // From here on what peers put into memory is of `budget`; a fork has none.
  void Limit(std::shared_ptr<MemoryBudget> budget) { budget_ = std::move(budget); }
  const std::shared_ptr<MemoryBudget>& budget() const { return budget_; }
  std::unique_ptr<BlobWriter> NewBlob() const;
  // Makes all changes durable before anybody is told that they happened; Ok at once without a
  // backing. After an error the changes are held and offered again with the next commit.
  Status Commit();

  // Putting content in place. Each creates the repository if need be.
  void PutRepository(std::string_view repository);
  Digest PutBlob(std::string_view repository, std::string bytes);
  // Keeps the copy it has, if it has one.
  void PutBlob(std::string_view repository, const Digest& digest, Blob blob);
  // Puts other bytes in its place, wherever it is held; nothing when the repository does not hold
  // it. In memory: the backing keeps what it has.
  void ReplaceBlob(std::string_view repository, const Digest& digest, Blob blob);
  // Reads subject, artifactType and entries from the JSON in `bytes`; stores whatever it is given.
  Digest PutManifest(std::string_view repository, std::string_view media_type, std::string bytes);
  void PutManifest(std::string_view repository, const Digest& digest, StoredManifest manifest);
  // Gives the digest the tag pointed at before.
  std::optional<Digest> SetTag(std::string_view repository, std::string_view tag,
                               const Digest& digest);

  // Null when the repository does not hold it.
  Blob FindBlob(std::string_view repository, const Digest& digest) const;
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
    Blob blob;
    std::set<std::string, std::less<>> holders;
  };
  struct NameText {
    std::string_view operator()(const std::string& name) const { return name; }
  };
  struct HexText {
    std::string_view operator()(const Digest& digest) const { return digest.hex(); }
  };

  Repository& Open(std::string_view repository);
  const Repository& At(std::string_view repository) const;  // an empty one when unknown
  // Where to note a change, if anybody wants to know.
  void Touch(std::string_view repository, const Digest* content, bool index);
  void TouchAll();

  PersistentMap<std::string, CopyOnWrite<Repository>, NameText> repositories_;
  PersistentMap<Digest, CopyOnWrite<SharedBlob>, HexText> blobs_;
  std::uint64_t blob_bytes_ = 0;
  std::shared_ptr<Backing> backing_;
  std::shared_ptr<MemoryBudget> budget_;
  Changes changes_;
};

}  // namespace drydock::simulator
