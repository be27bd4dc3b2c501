// Manifests, indexes, configs and provenance as BuildKit 0.13 writes them: manifests and indexes
// indented by two spaces, configs compact, members in its order. Threads: values and pure
// functions. Source: OCI image-spec; wire captures buildx-push-*, buildx-variant-*.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/digest.h"
#include "core/json.h"
#include "simulator/buildkit/dockerfile.h"
#include "simulator/buildkit/layer.h"

namespace drydock::simulator::buildkit {

inline constexpr std::string_view kEpoch = "1970-01-01T00:00:00Z";

// "linux/arm64/v8" in parts.
struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;

  static Platform Parse(std::string_view text);
  std::string ToString() const;
  // Whether an image for `other` is one for this: arm64 without a variant is arm64/v8.
  bool Fits(const Platform& other) const;
};

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;
  std::map<std::string, std::string> annotations;
  std::optional<Platform> platform;
};

// Bytes that a push has to bring to the registry, and how they are described.
struct Content {
  Descriptor descriptor;
  std::shared_ptr<const std::string> bytes;  // nullptr: read from where the layer came from
};
Content MakeContent(std::string_view media_type, std::string bytes);

// The media types of one family.
struct MediaTypes {
  std::string_view manifest;
  std::string_view index;
  std::string_view config;
  std::string_view layer;
};
// Without provenance BuildKit 0.13 writes Docker's types, with it OCI's.
const MediaTypes& OciTypes();
const MediaTypes& DockerTypes();

struct HistoryEntry {
  std::string created_by;
  bool empty_layer = false;
};

// What the instructions of a stage say about the image. Starts from a base image's config.
class ImageConfig {
 public:
  ImageConfig();  // of a scratch image
  ImageConfig(ImageConfig&&) noexcept;
  ImageConfig& operator=(ImageConfig&&) noexcept;
  ImageConfig(const ImageConfig&);
  ImageConfig& operator=(const ImageConfig&);
  ~ImageConfig();

  // kInvalid when `text` is no image config.
  static Result<ImageConfig> Parse(std::string_view text);
  std::vector<Digest> DiffIds() const;
  Variables Environment() const;

  // Records an instruction that makes no layer: ENV, LABEL, CMD, ENTRYPOINT, WORKDIR, USER, ….
  // Its arguments are expanded already.
  void Apply(const Instruction& instruction);
  // A label of the command line: no instruction, so no history.
  void Label(const std::string& name, const std::string& value);
  void AddHistory(HistoryEntry entry);
  std::string Write(const Platform& platform, const std::vector<Layer>& layers) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string WriteManifest(const MediaTypes& types, const Descriptor& config,
                          const std::vector<Descriptor>& layers);
std::string WriteIndex(const MediaTypes& types, const std::vector<Descriptor>& manifests);

struct ProvenanceFacts {
  std::string tag;  // "registry/repository:tag"
  Platform platform;
  Digest manifest;
  std::string dockerfile;
  std::vector<std::pair<std::string, Digest>> materials;  // base images by reference
  std::string invocation;
  TimePoint started{};
  TimePoint finished{};
};
// An in-toto statement, SLSA provenance 0.2, mode=min.
std::string WriteProvenance(const ProvenanceFacts& facts);
// The config of an attestation manifest: 167 bytes.
std::string WriteAttestationConfig(const Digest& statement);

// The descriptors of a manifest's config and layers, or of an index's manifests; none for anything
// else. Reads what registries send, so nothing in it is trusted.
struct Children {
  std::optional<Descriptor> config;
  std::vector<Descriptor> entries;
};
Children ReadChildren(std::string_view text);

}  // namespace drydock::simulator::buildkit
