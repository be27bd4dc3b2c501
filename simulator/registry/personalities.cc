#include "simulator/registry/personalities.h"

#include <algorithm>
#include <array>

#include "simulator/registry/traits.h"

namespace drydock::simulator {
namespace {

constexpr std::string_view kHubApi = "https://docs.docker.com/reference/api/registry/latest/";
constexpr std::string_view kHubAuth = "https://docs.docker.com/reference/api/registry/auth/";
constexpr std::string_view kDistribution28 =
    "captured from Debian's docker-registry 2.8.2 (tests/captures/traffic)";
constexpr std::string_view kSuite282 =
    "https://github.com/opencontainers/distribution-spec/tree/main/conformance run against 2.8.2";
constexpr std::string_view kModelled =
    "modelled on distribution, from which the Hub descends; not observed";
constexpr std::string_view kOciServer =
    "https://github.com/cue-labs/oci (ociserver options for other vendors' quirks)";

constexpr std::array kAnonymous = {
    Quirk{"authentication", "none", "the OCI specification leaves authentication to the registry"},
};

constexpr std::array kDockerHub = {
    Quirk{"token-realm", "https://auth.docker.io/token", kHubAuth},
    Quirk{"token-service", "registry.docker.io", kHubAuth},
    Quirk{"token-issuer", "auth.docker.io", kHubAuth},
    Quirk{"token-excess-refused", "yes", "https://github.com/moby/moby/issues/45726"},
    Quirk{"login-lockout", "10;w=900", "https://github.com/docker/hub-feedback/issues/2217"},
    Quirk{"pull-limit", "100;w=21600", "https://github.com/docker/hub-feedback/issues/2464"},
    Quirk{"request-limit", "3000;w=60", "https://github.com/docker/hub-feedback/issues/1907"},
    Quirk{"absolute-location", "yes", kHubApi},
    Quirk{"upload-state", "yes", "https://github.com/regclient/regclient/issues/323"},
    Quirk{"cdn", "production.cloudflare.docker.com",
          "https://github.com/docker-library/official-images/issues/4309"},
    Quirk{"catalog", "no", kHubApi},
    Quirk{"referrers", "no", kHubApi},
    Quirk{"anonymous-mount", "no", kHubApi},
    Quirk{"single-post", "no", kHubApi},
    Quirk{"tag-parameters", "no", kHubApi},
    Quirk{"digest-algorithm", "no", kHubApi},
    Quirk{"delete-blobs", "no", kHubApi},
    Quirk{"delete-tags", "no", kHubApi},
    Quirk{"delete-manifests", "unless-tagged", kHubApi},
    Quirk{"known-manifest-types-only", "no", kModelled},
    Quirk{"content-type-required", "no", kModelled},
    Quirk{"descriptor-sizes-checked", "no", kModelled},
    Quirk{"overwrite-message",
          "tag {tag} is already assigned to an image in this repository and cannot be updated due "
          "to immutability settings",
          "https://github.com/fabiocicerchia/go-proxy-cache/pull/283"},
};

constexpr std::array kDistribution = {
    Quirk{"authentication", "none", kDistribution28},
    Quirk{"absolute-location", "yes", kDistribution28},
    Quirk{"upload-state", "yes", kDistribution28},
    Quirk{"error-details", "distribution", kDistribution28},
    Quirk{"referrers", "no", kSuite282},
    Quirk{"anonymous-mount", "no", kSuite282},
    Quirk{"single-post", "no", kSuite282},
    Quirk{"tag-parameters", "no", kSuite282},
    Quirk{"digest-algorithm", "no", kSuite282},
    Quirk{"delete-tags", "no", kSuite282},
    Quirk{"descriptor-sizes-checked", "no", kDistribution28},
};

constexpr std::array kGhcr = {
    Quirk{"upload-state", "yes", "https://github.com/apple/swift-container-plugin/pull/44"},
    Quirk{"chunk-bytes", "4194304", "incident ghcr-chunk-over-4mib-416-2026-07"},
};

constexpr std::array kEcr = {
    Quirk{"authentication", "basic",
          "https://docs.aws.amazon.com/AmazonECR/latest/userguide/"
          "registry_auth.html"},
    Quirk{"range-reply", "frozen", "https://github.com/aws/containers-roadmap/issues/2831"},
    Quirk{"manifest-location", "no", "https://github.com/apple/swift-container-plugin/pull/27"},
    Quirk{"digest-header", "not-on-tag-read", kOciServer},
    Quirk{"create-repositories", "no", "incident ecr-missing-repo-eof-or-404"},
    Quirk{"overwrite-refused", "TAG_INVALID",
          "https://github.com/aws/containers-roadmap/issues/2380"},
    Quirk{"same-digest-allowed", "no", "https://github.com/moby/buildkit/issues/3776"},
    Quirk{"overwrite-message",
          "The image tag '{tag}' already exists in the '{repository}' repository and cannot be "
          "overwritten because the tag is immutable.",
          "https://github.com/osscontainertools/kaniko/pull/204"},
};

constexpr std::array kGar = {
    Quirk{"create-repositories", "no",
          "https://cloud.google.com/artifact-registry/docs/docker/troubleshoot"},
    Quirk{"list-paging", "no", kOciServer},
    Quirk{"empty-layers", "no", "https://github.com/buildpacks/lifecycle/issues/830"},
    Quirk{"blob-entries-refused", "MANIFEST_INVALID",
          "https://github.com/moby/buildkit/issues/1143"},
};

constexpr std::array kQuay = {
    Quirk{"artifacts", "no", "https://github.com/oras-project/oras/issues/738"},
    Quirk{"platforms-required", "yes", "https://github.com/moby/buildkit/issues/1440"},
    Quirk{"blob-entries-refused", "MANIFEST_INVALID",
          "https://github.com/moby/buildkit/issues/3222"},
};

constexpr std::array kGitlab = {
    Quirk{"token-scopes", "last", "incident mount-401-403"},
    Quirk{"upload-state", "yes", "https://gitlab.com/gitlab-org/container-registry/-/issues/1207"},
    Quirk{"status-wants-state", "yes",
          "https://gitlab.com/gitlab-org/container-registry/-/issues/1207"},
};

constexpr std::array kHarbor = {
    Quirk{"token-scopes", "first", "incident mount-401-403"},
    Quirk{"blob-entries-refused", "MANIFEST_UNKNOWN",
          "https://github.com/goharbor/harbor/issues/14774"},
    Quirk{"quota-bytes", "10737418240", "https://github.com/goharbor/harbor/issues/17390"},
};

constexpr std::array kNexus = {
    Quirk{"authentication", "basic", "https://github.com/sonatype/nexus-public/issues/659"},
    Quirk{"digest-header", "not-on-put", "incident digest-header-missing"},
    Quirk{"overwrite-refused", "BLOB_UPLOAD_INVALID",
          "https://github.com/GoogleContainerTools/jib/issues/3057"},
    Quirk{"same-digest-allowed", "no", "https://github.com/GoogleContainerTools/jib/issues/3057"},
    Quirk{"overwrite-message", "Repository does not allow updating assets: {repository}",
          "https://github.com/GoogleContainerTools/jib/issues/3057"},
};

constexpr std::array kRows = {
    PersonalityRow{"strict", "the OCI specification to the letter, Bearer tokens", {}},
    PersonalityRow{"anonymous", "strict, without authentication", kAnonymous},
    PersonalityRow{"docker-hub", "Docker Hub", kDockerHub},
    PersonalityRow{"distribution-2.8", "docker-registry 2.8.2, as Debian 12 has it", kDistribution},
    PersonalityRow{"ghcr", "GitHub's container registry", kGhcr},
    PersonalityRow{"ecr", "Amazon ECR with immutable tags", kEcr},
    PersonalityRow{"gar", "Google Artifact Registry", kGar},
    PersonalityRow{"quay", "quay.io", kQuay},
    PersonalityRow{"gitlab", "GitLab's container registry", kGitlab},
    PersonalityRow{"harbor", "Harbor 2", kHarbor},
    PersonalityRow{"nexus", "Nexus 3, hosted, redeploy disabled", kNexus},
};

Personality Make(const PersonalityRow& row) {
  Personality made;
  made.tokens.emplace();
  made.name = std::string(row.name);
  for (const Quirk& quirk : row.quirks) {
    // The rows are constants: a test sets each of them.
    static_cast<void>(SetTrait(made, quirk.trait, quirk.value));
  }
  return made;
}

Personality Known(std::string_view name) { return *FindPersonality(name); }

}  // namespace

std::span<const PersonalityRow> PersonalityRows() { return kRows; }

std::optional<Personality> FindPersonality(std::string_view name) {
  const auto row = std::find_if(kRows.begin(), kRows.end(),
                                [&](const PersonalityRow& one) { return one.name == name; });
  return row == kRows.end() ? std::nullopt : std::optional(Make(*row));
}

std::vector<std::string> PersonalityNames() {
  std::vector<std::string> names;
  names.reserve(kRows.size());
  for (const PersonalityRow& row : kRows) {
    names.emplace_back(row.name);
  }
  return names;
}

Personality StrictPersonality() { return Known("strict"); }
Personality AnonymousPersonality() { return Known("anonymous"); }
Personality DockerHubPersonality() { return Known("docker-hub"); }
Personality Distribution28Personality() { return Known("distribution-2.8"); }

std::vector<Difference> DifferencesFromStrict(const Personality& personality) {
  const Personality strict = StrictPersonality();
  std::vector<Difference> differences;
  for (const Trait& trait : Traits()) {
    std::string own = trait.get(personality);
    std::string usual = trait.get(strict);
    if (own != usual) {
      differences.push_back({trait.name, std::move(usual), std::move(own)});
    }
  }
  return differences;
}

}  // namespace drydock::simulator
