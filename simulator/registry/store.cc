#include "simulator/registry/store.h"

#include <utility>

#include "simulator/registry/manifest.h"

namespace drydock::simulator {

Store::Repository& Store::Open(std::string_view repository) {
  const auto found = repositories_.find(repository);
  return found != repositories_.end() ? found->second : repositories_[std::string(repository)];
}

const Store::Repository& Store::At(std::string_view repository) const {
  static const Repository kEmpty;
  const auto found = repositories_.find(repository);
  return found == repositories_.end() ? kEmpty : found->second;
}

Digest Store::PutBlob(std::string_view repository, std::string bytes) {
  Digest digest = Digest::Of(bytes);
  PutBlob(repository, digest, std::make_shared<const std::string>(std::move(bytes)));
  return digest;
}

void Store::PutBlob(std::string_view repository, const Digest& digest, Bytes bytes) {
  Open(repository).blobs.insert(digest);
  SharedBlob& shared = blobs_[digest];
  if (shared.bytes == nullptr) {
    blob_bytes_ += bytes->size();
    shared.bytes = std::move(bytes);
  }
  shared.holders.emplace(repository);
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
}

std::optional<Digest> Store::SetTag(std::string_view repository, std::string_view tag,
                                    const Digest& digest) {
  TagMap& tags = Open(repository).tags;
  const auto found = tags.find(tag);
  if (found == tags.end()) {
    tags.emplace(tag, digest);
    return std::nullopt;
  }
  return std::exchange(found->second, digest);
}

Bytes Store::FindBlob(std::string_view repository, const Digest& digest) const {
  return At(repository).blobs.count(digest) != 0 ? blobs_.at(digest).bytes : nullptr;
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
  const auto found = blobs_.find(digest);
  if (found != blobs_.end()) {
    for (const std::string& holder : found->second.holders) {
      if (readable(holder)) {
        return holder;
      }
    }
  }
  return std::nullopt;
}

bool Store::HasRepository(std::string_view repository) const {
  return repositories_.find(repository) != repositories_.end();
}

std::vector<std::string> Store::Repositories() const {
  std::vector<std::string> names;
  names.reserve(repositories_.size());
  for (const auto& [name, repository] : repositories_) {
    names.push_back(name);
  }
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
  const auto shared = blobs_.find(digest);
  shared->second.holders.erase(shared->second.holders.find(repository));
  if (shared->second.holders.empty()) {
    blob_bytes_ -= shared->second.bytes->size();
    blobs_.erase(shared);
  }
  return true;
}

bool Store::DeleteManifest(std::string_view repository, const Digest& digest) {
  const auto found = repositories_.find(repository);
  return found != repositories_.end() && found->second.manifests.erase(digest) != 0;
}

bool Store::DeleteTag(std::string_view repository, std::string_view tag) {
  const auto found = repositories_.find(repository);
  if (found == repositories_.end()) {
    return false;
  }
  TagMap& tags = found->second.tags;
  const auto at = tags.find(tag);
  if (at == tags.end()) {
    return false;
  }
  tags.erase(at);
  return true;
}

}  // namespace drydock::simulator
