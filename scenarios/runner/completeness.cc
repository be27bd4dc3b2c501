#include "scenarios/runner/completeness.h"

#include <set>
#include <variant>
#include <vector>

#include "core/text.h"
#include "publisher/push/oci_layout.h"
#include "publisher/release/pipeline.h"
#include "simulator/registry/manifest.h"

namespace drydock::scenarios {
namespace {

class Walk {
 public:
  Walk(const simulator::Store& store, const std::string& repository)
      : store_(store), repository_(repository) {}

  // What is missing of the tag's image; "" when nothing is.
  std::string Tag(const std::string& tag) {
    const auto digest = store_.FindTag(repository_, tag);
    if (!digest) {
      return Concat({tag, " is absent"});
    }
    const std::string missing = Manifest(*digest);
    return missing.empty() ? "" : Concat({tag, ": ", missing});
  }

  std::string Same(const std::string& alias, const std::string& tag) const {
    const auto left = store_.FindTag(repository_, alias);
    const auto right = store_.FindTag(repository_, tag);
    return left == right ? "" : Concat({alias, " names another image than ", tag});
  }

 private:
  std::string Manifest(const Digest& digest) {
    if (!seen_.insert(digest).second) {
      return "";
    }
    const simulator::StoredManifest* stored = store_.FindManifest(repository_, digest);
    if (stored == nullptr) {
      return Concat({"the manifest ", digest.ToString(), " is not there"});
    }
    const auto read = simulator::ReadManifest(*stored->bytes, stored->media_type);
    const auto* content = std::get_if<simulator::ManifestContent>(&read);
    if (content == nullptr) {
      return Concat({"the manifest ", digest.ToString(), " cannot be read"});
    }
    for (const simulator::Descriptor& blob : content->blobs) {
      if (!blob.foreign && store_.FindBlob(repository_, blob.digest) == nullptr) {
        return Concat({"the blob ", blob.digest.ToString(), " is not there"});
      }
    }
    for (const simulator::Descriptor& child : content->manifests) {
      if (std::string missing = Manifest(child.digest); !missing.empty()) {
        return missing;
      }
    }
    return "";
  }

  const simulator::Store& store_;
  const std::string& repository_;
  std::set<Digest> seen_;
};

}  // namespace

std::string WhatIsIncomplete(const publisher::ReleaseFile& release, const std::string& release_tag,
                             const std::string& base_tag, const std::string& folder,
                             const simulator::Store& store) {
  Walk walk(store, release.image.repository);
  for (const std::string& tag : publisher::ExpectedTags(release, release_tag, base_tag)) {
    if (std::string missing = walk.Tag(tag); !missing.empty()) {
      return missing;
    }
  }
  if (!base_tag.empty()) {
    if (std::string other = walk.Same("base-latest", base_tag); !other.empty()) {
      return other;
    }
  }
  for (const publisher::VariantSpec& variant : release.variants) {
    const std::string& layout = variant.source.layout;
    const std::string version = release_tag + variant.suffix;
    const auto image = layout.empty()
                           ? Error(ErrorCode::kNotFound, "")
                           : publisher::ReadLayoutImage(Concat({folder, "/", layout}), "");
    if (image && store.FindTag(release.image.repository, version) != image->top().digest) {
      return Concat({version, " names another image than ", layout, " holds"});
    }
    std::string other = walk.Same("latest" + variant.suffix, version);
    if (!other.empty()) {
      return other;
    }
  }
  return "";
}

std::uint64_t CountUntagged(const simulator::Store& store, const std::string& repository) {
  std::vector<Digest> open;
  for (const auto& [tag, digest] : store.Tags(repository)) {
    open.push_back(digest);
  }
  std::set<Digest> tagged;
  while (!open.empty()) {
    const Digest digest = open.back();
    open.pop_back();
    const simulator::StoredManifest* manifest = store.FindManifest(repository, digest);
    if (manifest != nullptr && tagged.insert(digest).second) {
      open.insert(open.end(), manifest->manifests.begin(), manifest->manifests.end());
    }
  }
  return store.Manifests(repository).size() - tagged.size();
}

}  // namespace drydock::scenarios
