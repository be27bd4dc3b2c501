#include "simulator/registry/store.h"

#include <utility>

#include "simulator/registry/manifest.h"

namespace drydock::simulator {

Store::Store(const Store& other)
    : repositories_(other.repositories_), blobs_(other.blobs_), blob_bytes_(other.blob_bytes_) {}

Store& Store::operator=(const Store& other) {
  if (this == &other) {
    return *this;
  }
  TouchAll();
  repositories_ = other.repositories_;
  blobs_ = other.blobs_;
  blob_bytes_ = other.blob_bytes_;
  TouchAll();
  return *this;
}

void Store::Keep(std::shared_ptr<Backing> backing) {
  backing_ = std::move(backing);
  changes_.clear();
}

std::unique_ptr<BlobWriter> Store::NewBlob() const {
  return backing_ == nullptr ? NewMemoryBlob(budget_) : backing_->NewBlob();
}

Status Store::Commit() {
  if (changes_.empty()) {
    return Ok{};
  }
  Status committed = backing_->Commit(*this, changes_);
  if (committed) {
    changes_.clear();
  }
  return committed;
}

void Store::Touch(std::string_view repository, const Digest* content, bool index) {
  if (backing_ == nullptr) {
    return;
  }
  const auto found = changes_.find(repository);
  RepositoryChange& change =
      found != changes_.end() ? found->second : changes_[std::string(repository)];
  if (content != nullptr) {
    change.content.insert(*content);
  }
  change.index = change.index || index;
}

void Store::TouchAll() {
  repositories_.ForEach([this](const std::string& name, const CopyOnWrite<Repository>& held) {
    Touch(name, nullptr, true);
    for (const Digest& digest : held->blobs) {
      Touch(name, &digest, true);
    }
    for (const auto& [digest, manifest] : held->manifests) {
      Touch(name, &digest, true);
    }
  });
}

Store::Repository& Store::Open(std::string_view repository) {
  CopyOnWrite<Repository>& held = repositories_.Write(std::string(repository));
  if (!held) {
    held = CopyOnWrite<Repository>::Make();
  }
  return held.Write();
}

const Store::Repository& Store::At(std::string_view repository) const {
  static const Repository kEmpty;
  const CopyOnWrite<Repository>* found = repositories_.Find(repository);
  return found == nullptr ? kEmpty : **found;
}

void Store::PutRepository(std::string_view repository) {
  Open(repository);
  Touch(repository, nullptr, false);
}

Digest Store::PutBlob(std::string_view repository, std::string bytes) {
  Digest digest = Digest::Of(bytes);
  PutBlob(repository, digest, Blob(std::make_shared<const std::string>(std::move(bytes))));
  return digest;
}

void Store::PutBlob(std::string_view repository, const Digest& digest, Blob blob) {
  Open(repository).blobs.insert(digest);
  CopyOnWrite<SharedBlob>& held = blobs_.Write(digest);
  if (!held) {
    blob_bytes_ += blob.size();
    held = CopyOnWrite<SharedBlob>::Make(std::move(blob), std::set<std::string, std::less<>>());
  } else if (held->blob.size() != blob.size()) {
    // Only who does not look at digests comes here: the last bytes are the ones it has.
    blob_bytes_ += blob.size() - held->blob.size();
    held.Write().blob = std::move(blob);
  }
  held.Write().holders.emplace(repository);
  Touch(repository, &digest, FindManifest(repository, digest) != nullptr);
}

void Store::ReplaceBlob(std::string_view repository, const Digest& digest, Blob blob) {
  if (At(repository).blobs.count(digest) == 0) {
    return;
  }
  SharedBlob& held = blobs_.Write(digest).Write();
  blob_bytes_ += blob.size();
  blob_bytes_ -= held.blob.size();
  held.blob = std::move(blob);
}

Digest Store::PutManifest(std::string_view repository, std::string_view media_type,
                          std::string bytes) {
  Digest digest = Digest::Of(bytes);
  StoredManifest stored;
  stored.media_type = std::string(media_type);
  const auto read = ReadManifest(bytes, media_type);
  if (const auto* content = std::get_if<ManifestContent>(&read)) {
    stored.subject = content->subject;
    stored.artifact_type = content->artifact_type;
    for (const Descriptor& entry : content->manifests) {
      stored.manifests.push_back(entry.digest);
    }
  }
  stored.bytes = std::make_shared<const std::string>(std::move(bytes));
  PutManifest(repository, digest, std::move(stored));
  return digest;
}

void Store::PutManifest(std::string_view repository, const Digest& digest,
                        StoredManifest manifest) {
  Open(repository).manifests.insert_or_assign(digest, std::move(manifest));
  Touch(repository, &digest, true);
}

std::optional<Digest> Store::SetTag(std::string_view repository, std::string_view tag,
                                    const Digest& digest) {
  Touch(repository, nullptr, true);
  TagMap& tags = Open(repository).tags;
  const auto found = tags.find(tag);
  if (found == tags.end()) {
    tags.emplace(tag, digest);
    return std::nullopt;
  }
  return std::exchange(found->second, digest);
}

Blob Store::FindBlob(std::string_view repository, const Digest& digest) const {
  return At(repository).blobs.count(digest) != 0 ? (*blobs_.Find(digest))->blob : Blob();
}

const StoredManifest* Store::FindManifest(std::string_view repository, const Digest& digest) const {
  const auto& manifests = At(repository).manifests;
  const auto found = manifests.find(digest);
  return found == manifests.end() ? nullptr : &found->second;
}

std::optional<Digest> Store::FindTag(std::string_view repository, std::string_view tag) const {
  const TagMap& tags = At(repository).tags;
  const auto found = tags.find(tag);
  return found == tags.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> Store::FindHolder(
    const Digest& digest, const std::function<bool(std::string_view)>& readable) const {
  const CopyOnWrite<SharedBlob>* found = blobs_.Find(digest);
  if (found != nullptr) {
    for (const std::string& holder : (*found)->holders) {
      if (readable(holder)) {
        return holder;
      }
    }
  }
  return std::nullopt;
}

bool Store::HasRepository(std::string_view repository) const {
  return repositories_.Find(repository) != nullptr;
}

std::vector<std::string> Store::Repositories() const {
  std::vector<std::string> names;
  names.reserve(repositories_.size());
  repositories_.ForEach([&names](const std::string& name, const CopyOnWrite<Repository>& /*held*/) {
    names.push_back(name);
  });
  return names;
}

const TagMap& Store::Tags(std::string_view repository) const { return At(repository).tags; }

const std::map<Digest, StoredManifest>& Store::Manifests(std::string_view repository) const {
  return At(repository).manifests;
}

const std::set<Digest>& Store::Blobs(std::string_view repository) const {
  return At(repository).blobs;
}

bool Store::DeleteBlob(std::string_view repository, const Digest& digest) {
  if (At(repository).blobs.count(digest) == 0) {
    return false;
  }
  Open(repository).blobs.erase(digest);
  Touch(repository, &digest, FindManifest(repository, digest) != nullptr);
  SharedBlob& shared = blobs_.Write(digest).Write();
  shared.holders.erase(shared.holders.find(repository));
  if (shared.holders.empty()) {
    blob_bytes_ -= shared.blob.size();
    blobs_.Erase(digest);
  }
  return true;
}

bool Store::DeleteManifest(std::string_view repository, const Digest& digest) {
  if (At(repository).manifests.count(digest) == 0) {
    return false;
  }
  Open(repository).manifests.erase(digest);
  Touch(repository, &digest, true);
  return true;
}

bool Store::DeleteTag(std::string_view repository, std::string_view tag) {
  if (At(repository).tags.count(tag) == 0) {
    return false;
  }
  TagMap& tags = Open(repository).tags;
  tags.erase(tags.find(tag));
  Touch(repository, nullptr, true);
  return true;
}

}  // namespace drydock::simulator
