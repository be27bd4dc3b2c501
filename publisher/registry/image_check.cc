#include "publisher/registry/image_check.h"

#include "core/media_type.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr int kIndexDepthMax = 4;

// A layer that its manifest says is kept elsewhere and may not be pushed.
bool IsForeign(std::string_view media_type) {
  return Contains(media_type, "nondistributable") || Contains(media_type, ".foreign.");
}

Failure Odd(const ImageReference& image, std::string_view what) {
  return LocalFailure(Concat({image.ToString(), ": ", what}),
                      "Build and push the image again under the next letter.");
}

}  // namespace

Outcome<Ok> ImageCheck::Run(const ImageReference& image) {
  return CheckManifest(image, kIndexDepthMax);
}

Outcome<Ok> ImageCheck::CheckManifest(const ImageReference& image, int depth) {
  if (right_.count(*image.digest) != 0) {
    return Ok{};
  }
  const auto manifest = registry_.AwaitManifest(image);
  if (!manifest) {
    return manifest.failure();
  }
  ++manifests_;
  const auto parsed = json::Parse(manifest->bytes, image.ToString());
  if (!parsed) {
    return Odd(image, parsed.error().message());
  }
  if (media_type::IsIndex(manifest->media_type)) {
    if (auto children = CheckChildren(image, *parsed, depth); !children) {
      return children;
    }
  } else {
    const json::Value* config = parsed->Find("config");
    const json::Value* layers = parsed->Find("layers");
    if (config == nullptr || layers == nullptr || layers->as_array() == nullptr) {
      return Odd(image, "a manifest without config and layers");
    }
    if (auto checked = CheckBlobOf(image, *config); !checked) {
      return checked;
    }
    for (const json::Value& layer : *layers->as_array()) {
      if (auto checked = CheckBlobOf(image, layer); !checked) {
        return checked;
      }
    }
  }
  right_.insert(*image.digest);
  return Ok{};
}

Outcome<Ok> ImageCheck::CheckChildren(const ImageReference& image, const json::Value& index,
                                      int depth) {
  const json::Value* children = index.Find("manifests");
  if (depth == 0 || children == nullptr || children->as_array() == nullptr) {
    return Odd(image,
               depth == 0 ? "indexes inside indexes without end" : "an index without manifests");
  }
  for (const json::Value& descriptor : *children->as_array()) {
    const auto digest = Digest::Parse(descriptor.Text("digest"));
    if (!digest) {
      return Odd(image, digest.error().message());
    }
    ImageReference child = image;
    child.digest = *digest;
    if (auto checked = CheckManifest(child, depth - 1); !checked) {
      return checked;
    }
  }
  return Ok{};
}

Outcome<Ok> ImageCheck::CheckBlobOf(const ImageReference& image, const json::Value& descriptor) {
  const auto digest = Digest::Parse(descriptor.Text("digest"));
  const json::Value* size = descriptor.Find("size");
  const auto bytes = size == nullptr ? std::nullopt : size->as_integer();
  if (!digest || !bytes || *bytes < 0) {
    return Odd(image, "a descriptor without digest and size");
  }
  if (IsForeign(descriptor.Text("mediaType")) || right_.count(*digest) != 0) {
    return Ok{};
  }
  const RegistryClient::BlobSize wanted{*digest, static_cast<std::uint64_t>(*bytes)};
  if (auto checked = registry_.CheckBlob(image, wanted, depth_ == Depth::kBytes); !checked) {
    return checked;
  }
  right_.insert(*digest);
  ++blobs_;
  bytes_ += wanted.bytes;
  return Ok{};
}

}  // namespace drydock::publisher
