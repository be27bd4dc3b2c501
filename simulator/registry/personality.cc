#include "simulator/registry/personality.h"

#include <array>

namespace drydock::simulator {
namespace {

struct Preset {
  std::string_view name;
  Personality (*make)();
};

constexpr std::array<Preset, 4> kPresets = {{
    {"strict", StrictPersonality},
    {"anonymous", AnonymousPersonality},
    {"docker-hub", DockerHubPersonality},
    {"distribution-2.8", Distribution28Personality},
}};

}  // namespace

Personality StrictPersonality() {
  Personality strict;
  strict.tokens = TokenRule{};
  return strict;
}

Personality AnonymousPersonality() {
  Personality anonymous;
  anonymous.name = "anonymous";
  return anonymous;
}

Personality DockerHubPersonality() {
  Personality hub;
  hub.name = "docker-hub";
  hub.tokens = TokenRule{.realm = "https://auth.docker.io/token",
                         .service = "registry.docker.io",
                         .issuer = "auth.docker.io"};
  hub.pull_limit = PullLimit{};
  hub.absolute_location = true;
  hub.upload_state = true;
  hub.catalog = false;
  hub.referrers = false;
  hub.anonymous_mount = false;
  hub.single_post = false;
  hub.tag_parameters = false;
  hub.digest_algorithm = false;
  hub.delete_blobs = false;
  hub.delete_tags = false;
  hub.delete_manifests = ManifestDelete::kUnlessTagged;
  hub.known_manifest_types_only = false;
  hub.content_type_required = false;
  hub.descriptor_sizes_checked = false;
  return hub;
}

Personality Distribution28Personality() {
  Personality distribution;
  distribution.name = "distribution-2.8";
  // wire-behaviour.md section 5; every capture of tests/captures/traffic.
  distribution.absolute_location = true;
  distribution.upload_state = true;
  distribution.details = DetailStyle::kDistribution;
  // No referrers, no single POST, no tag delete (peers.md, "Why they fail"); corners.jsonl.
  distribution.referrers = false;
  distribution.single_post = false;
  distribution.delete_tags = false;
  // from= is needed for a mount; other parameters of later specifications are not looked at.
  distribution.anonymous_mount = false;
  distribution.tag_parameters = false;
  distribution.digest_algorithm = false;
  // A descriptor's size is not held against the blob's (corners.jsonl).
  distribution.descriptor_sizes_checked = false;
  return distribution;
}

std::optional<Personality> FindPersonality(std::string_view name) {
  for (const Preset& preset : kPresets) {
    if (preset.name == name) {
      return preset.make();
    }
  }
  return std::nullopt;
}

std::vector<std::string> PersonalityNames() {
  std::vector<std::string> names;
  names.reserve(kPresets.size());
  for (const Preset& preset : kPresets) {
    names.emplace_back(preset.name);
  }
  return names;
}

}  // namespace drydock::simulator
