#include "publisher/push/oci_layout.h"

#include <algorithm>
#include <filesystem>

#include "core/file.h"
#include "core/media_type.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kDepthMax = 8;  // indexes inside one another
constexpr std::size_t kManifestsMax = 1024;
constexpr std::string_view kRefName = "org.opencontainers.image.ref.name";
constexpr std::string_view kSourceAnnotation = "containerd.io/distribution.source.";

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;
};

std::string BlobPath(const std::string& folder, const Digest& digest) {
  return Concat({folder, "/blobs/", Name(digest.algorithm()), "/", digest.hex()});
}

Result<Descriptor> ReadDescriptor(const json::Value& value, std::string_view where) {
  const auto digest = Digest::Parse(value.Text("digest"));
  if (!digest) {
    return digest.error().At(where);
  }
  const json::Value* size = value.Find("size");
  const auto bytes = size == nullptr ? std::nullopt : size->as_integer();
  if (!bytes || *bytes < 0) {
    return Error(ErrorCode::kInvalid,
                 Concat({where, ": descriptor without a size: ", digest->ToString()}));
  }
  return Descriptor{std::string(value.Text("mediaType")), *digest,
                    static_cast<std::uint64_t>(*bytes)};
}

std::vector<std::string> SourcesOf(const json::Value& descriptor) {
  std::vector<std::string> sources;
  const json::Value* annotations = descriptor.Find("annotations");
  const json::Value::Object* members = annotations == nullptr ? nullptr : annotations->as_object();
  if (members == nullptr) {
    return sources;
  }
  for (const json::Member& member : *members) {
    const std::string* value = member.value.as_string();
    if (value == nullptr || !member.key.starts_with(kSourceAnnotation)) {
      continue;
    }
    for (const std::string& repository : Split(*value, ',')) {
      sources.push_back(
          Concat({member.key.substr(kSourceAnnotation.size()), "/", Trim(repository)}));
    }
  }
  return sources;
}

// Collects what hangs on one descriptor.
class Walk {
 public:
  explicit Walk(const std::string& folder) : folder_(folder) {}

  Status Take(const Descriptor& descriptor, std::size_t depth) {
    if (image_.FindManifest(descriptor.digest) != nullptr) {
      return Ok{};
    }
    const std::string path = BlobPath(folder_, descriptor.digest);
    if (depth > kDepthMax || image_.manifests.size() >= kManifestsMax ||
        descriptor.size > kManifestBytesMax) {
      return Error(ErrorCode::kInvalid, Concat({path, ": too large or too deep for a manifest"}));
    }
    auto bytes = ReadWholeFile(path);
    if (!bytes) {
      return bytes.error();
    }
    if (bytes->size() != descriptor.size ||
        Digest::Of(*bytes, descriptor.digest.algorithm()) != descriptor.digest) {
      return Error(
          ErrorCode::kInvalid,
          Concat({path, ": is not what its descriptor says: ", descriptor.digest.ToString()}));
    }
    const auto parsed = json::Parse(*bytes, path);
    if (!parsed) {
      return parsed.error();
    }
    std::string type(parsed->Text("mediaType"));
    type = type.empty() ? descriptor.media_type : type;
    Status parts = media_type::IsIndex(type) ? TakeChildren(*parsed, path, depth)
                                             : TakeBlobs(*parsed, path, descriptor.digest);
    if (parts.ok()) {
      image_.manifests.push_back({std::move(*bytes), std::move(type), descriptor.digest});
    }
    return parts;
  }

  LayoutImage image() && { return std::move(image_); }

 private:
  Status TakeChildren(const json::Value& index, const std::string& path, std::size_t depth) {
    const json::Value* children = index.Find("manifests");
    if (children == nullptr || children->as_array() == nullptr) {
      return Error(ErrorCode::kInvalid, Concat({path, ": an index without manifests"}));
    }
    for (const json::Value& child : *children->as_array()) {
      const auto descriptor = ReadDescriptor(child, path);
      Status taken = descriptor ? Take(*descriptor, depth + 1) : descriptor.error();
      if (!taken) {
        return taken;
      }
    }
    return Ok{};
  }

  Status TakeBlobs(const json::Value& manifest, const std::string& path, const Digest& digest) {
    std::vector<const json::Value*> descriptors;
    if (const json::Value* config = manifest.Find("config")) {
      descriptors.push_back(config);
    }
    const json::Value* layers = manifest.Find("layers");
    if (layers == nullptr || layers->as_array() == nullptr) {
      return Error(ErrorCode::kInvalid, Concat({path, ": a manifest without layers"}));
    }
    for (const json::Value& layer : *layers->as_array()) {
      descriptors.push_back(&layer);
    }
    std::vector<Digest> parts;
    for (const json::Value* one : descriptors) {
      const auto descriptor = ReadDescriptor(*one, path);
      if (!descriptor) {
        return descriptor.error();
      }
      if (const json::Value* urls = one->Find("urls"); urls != nullptr) {
        continue;  // it is fetched from there, not from a registry
      }
      parts.push_back(descriptor->digest);
      if (Status taken = TakeBlob(*descriptor, *one); !taken) {
        return taken;
      }
    }
    image_.parts.emplace_back(digest, std::move(parts));
    return Ok{};
  }

  Status TakeBlob(const Descriptor& descriptor, const json::Value& value) {
    if (image_.FindBlob(descriptor.digest) != nullptr) {
      return Ok{};
    }
    std::string path = BlobPath(folder_, descriptor.digest);
    std::error_code failed;
    const auto size = std::filesystem::file_size(path, failed);
    if (failed) {
      return Error(ErrorCode::kNotFound, Concat({path, ": cannot be read"}));
    }
    if (size != descriptor.size) {
      return Error(ErrorCode::kInvalid,
                   Concat({path, ": ", std::to_string(size), " bytes, its descriptor says ",
                           std::to_string(descriptor.size)}));
    }
    image_.blobs.push_back({descriptor.digest, descriptor.size, std::move(path), SourcesOf(value)});
    return Ok{};
  }

  const std::string& folder_;
  LayoutImage image_;
};

std::string_view RefNameOf(const json::Value& descriptor) {
  const json::Value* annotations = descriptor.Find("annotations");
  return annotations == nullptr ? std::string_view() : annotations->Text(kRefName);
}

Result<const json::Value*> FindEntry(const json::Value& index, const std::string& path,
                                     std::string_view name) {
  const json::Value* entries = index.Find("manifests");
  const json::Value::Array* list = entries == nullptr ? nullptr : entries->as_array();
  if (list == nullptr || list->empty()) {
    return Error(ErrorCode::kInvalid, Concat({path, ": no manifests"}));
  }
  std::vector<const json::Value*> found;
  std::vector<std::string> names;
  for (const json::Value& entry : *list) {
    names.emplace_back(RefNameOf(entry).empty() ? entry.Text("digest") : RefNameOf(entry));
    if (name.empty() || RefNameOf(entry) == name || entry.Text("digest") == name) {
      found.push_back(&entry);
    }
  }
  if (found.size() == 1) {
    return found.front();
  }
  return Error(
      found.empty() ? ErrorCode::kNotFound : ErrorCode::kInvalid,
      Concat({path, ": ", found.empty() ? "no image" : "more than one image",
              name.empty() ? "" : " named ", name, " (expected one of: ", Join(names, ", "), ")"}));
}

}  // namespace

const LayoutBlob* LayoutImage::FindBlob(const Digest& digest) const {
  const auto found = std::find_if(blobs.begin(), blobs.end(),
                                  [&](const LayoutBlob& blob) { return blob.digest == digest; });
  return found == blobs.end() ? nullptr : &*found;
}

const Manifest* LayoutImage::FindManifest(const Digest& digest) const {
  const auto found = std::find_if(manifests.begin(), manifests.end(),
                                  [&](const Manifest& one) { return one.digest == digest; });
  return found == manifests.end() ? nullptr : &*found;
}

bool LayoutImage::IsAttestation(const Digest& digest) const {
  const auto index = json::Parse(top().bytes, "index");
  const json::Value* children = index ? index->Find("manifests") : nullptr;
  if (children == nullptr || children->as_array() == nullptr) {
    return false;
  }
  return std::any_of(children->as_array()->begin(), children->as_array()->end(),
                     [&](const json::Value& child) {
                       const json::Value* annotations = child.Find("annotations");
                       return child.Text("digest") == digest.ToString() && annotations != nullptr &&
                              !annotations->Text("vnd.docker.reference.type").empty();
                     });
}

std::uint64_t LayoutImage::blob_bytes() const {
  std::uint64_t bytes = 0;
  for (const LayoutBlob& blob : blobs) {
    bytes += blob.size;
  }
  return bytes;
}

Result<LayoutImage> ReadLayoutImage(const std::string& folder, std::string_view name) {
  const std::string path = folder + "/index.json";
  const auto text = ReadWholeFile(path);
  if (!text) {
    return text.error();
  }
  const auto index = json::Parse(*text, path);
  if (!index) {
    return index.error();
  }
  const auto entry = FindEntry(*index, path, name);
  if (!entry) {
    return entry.error();
  }
  const auto descriptor = ReadDescriptor(**entry, path);
  if (!descriptor) {
    return descriptor.error();
  }
  Walk walk(folder);
  if (const Status taken = walk.Take(*descriptor, 0); !taken) {
    return taken.error();
  }
  return std::move(walk).image();
}

}  // namespace drydock::publisher
