#include "simulator/registry/house_rules.h"

#include <algorithm>

#include "core/media_type.h"
#include "core/text.h"

namespace drydock::simulator {
namespace {

bool IsDockerType(std::string_view type) {
  return type.rfind("application/vnd.docker.distribution.", 0) == 0;
}

bool IsImageConfig(std::string_view type) {
  return type == media_type::kOciConfig || type == media_type::kDockerConfig;
}

std::optional<Problem> RefusedType(const Personality& personality, const ManifestContent& content) {
  if (personality.types_refused.empty()) {
    return std::nullopt;
  }
  std::vector<std::string> types = {content.media_type, content.artifact_type};
  for (const auto* descriptors : {&content.blobs, &content.manifests}) {
    for (const Descriptor& descriptor : *descriptors) {
      types.push_back(descriptor.media_type);
    }
  }
  for (const std::string& glob : Split(personality.types_refused, ' ')) {
    const auto refused = std::find_if(types.begin(), types.end(), [&](const std::string& type) {
      return !type.empty() && GlobMatches(glob, type);
    });
    if (refused != types.end()) {
      return Problem{ApiCode::kManifestInvalid, "mediaType", *refused};
    }
  }
  return std::nullopt;
}

std::optional<Problem> CheckEntries(const Personality& personality,
                                    const std::vector<Descriptor>& entries) {
  for (const Descriptor& entry : entries) {
    if (personality.blob_entries_refused && !IsManifestType(entry.media_type)) {
      return Problem{*personality.blob_entries_refused, "mediaType", entry.media_type};
    }
    if (personality.platforms_required && !entry.has_platform) {
      return Problem{ApiCode::kManifestInvalid, "message", "'platform' is a required property"};
    }
  }
  return std::nullopt;
}

}  // namespace

bool IsWrite(Operation operation) {
  const Access access = RowOf(operation).access;
  return access == Access::kPush || access == Access::kDelete;
}

bool MayCreateRepository(Operation operation) {
  return operation == Operation::kUploadStart || operation == Operation::kUploadMount ||
         operation == Operation::kManifestPut;
}

std::optional<Problem> CheckHouseRules(const Personality& personality,
                                       const ManifestContent& content) {
  if (personality.known_manifest_types_only && !IsManifestType(content.media_type)) {
    return Problem{ApiCode::kUnsupportedMediaType, "mediaType", content.media_type};
  }
  if (!personality.docker_types && IsDockerType(content.media_type)) {
    return Problem{ApiCode::kUnsupportedMediaType, "mediaType", content.media_type};
  }
  if (const auto refused = RefusedType(personality, content)) {
    return refused;
  }
  if (media_type::IsImageManifest(content.media_type) && !content.blobs.empty()) {
    if (!personality.artifacts && !IsImageConfig(content.blobs.front().media_type)) {
      return Problem{ApiCode::kManifestInvalid, "message", "manifest schema version not supported"};
    }
    if (!personality.empty_layers && content.blobs.size() == 1) {
      return Problem{ApiCode::kManifestInvalid, "message", "missing required field \"layers\""};
    }
  }
  return CheckEntries(personality, content.manifests);
}

std::optional<Response> CheckQuota(const Call& call, std::uint64_t more) {
  const std::uint64_t quota = call.personality().limits.quota_bytes;
  if (quota == 0 || call.state.store.blob_bytes() + more <= quota) {
    return std::nullopt;
  }
  return Refusal({ApiCode::kDenied, "quota", std::to_string(quota)});
}

std::optional<Problem> CheckOverwrite(const Personality& personality, std::string_view repository,
                                      std::string_view tag, const Digest& from, const Digest& to) {
  if (!personality.overwrite_refused || (personality.same_digest_allowed && from == to)) {
    return std::nullopt;
  }
  return Problem{*personality.overwrite_refused, "tag", std::string(tag),
                 ReplaceAll(ReplaceAll(personality.overwrite_message, "{tag}", tag), "{repository}",
                            repository)};
}

}  // namespace drydock::simulator
