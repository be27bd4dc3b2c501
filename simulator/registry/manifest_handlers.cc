#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/media_type.h"
#include "core/reference.h"
#include "core/text.h"
#include "simulator/registry/error_code.h"
#include "simulator/registry/handlers.h"
#include "simulator/registry/house_rules.h"
#include "simulator/registry/manifest.h"
#include "simulator/registry/view.h"

namespace drydock::simulator {
namespace {

bool LooksLikeDigest(std::string_view reference) {
  return reference.find(':') != std::string_view::npos;
}

Problem ManifestUnknown(const Call& call) {
  const bool digest = LooksLikeDigest(call.route.reference);
  return {ApiCode::kManifestUnknown, digest ? "digest" : "tag", call.route.reference};
}

// A manifest that is there in a type the client does not take.
Problem Unacceptable(const Call& call, std::string_view type) {
  if (call.personality().details == DetailStyle::kDistribution) {
    return {ApiCode::kManifestUnknown, "", "",
            media_type::IsIndex(type)
                ? "OCI index found, but accept header does not support OCI indexes"
                : "OCI manifest found, but accept header does not support OCI manifests"};
  }
  Problem unacceptable = ManifestUnknown(call);
  unacceptable.message = "manifest found, but its media type is not among the accepted ones";
  return unacceptable;
}

void TellTag(const Call& call, std::string_view tag, const std::optional<Digest>& from,
             const std::optional<Digest>& to) {
  if (from != to) {
    call.state.tag_history.Add(call.route.repository, tag, {call.state.clock.Now(), from, to});
    call.state.journal.Append(call.Actor(),
                              TagEvent{call.state.host, call.route.repository, std::string(tag),
                                       from ? from->ToString() : "", to ? to->ToString() : ""});
  }
}

void MoveTag(Call& call, std::string_view tag, const Digest& digest) {
  TellTag(call, tag, call.state.store.SetTag(call.route.repository, tag, digest), digest);
}

// Sizes of what descriptors name; nullopt: the repository does not hold it.
std::optional<std::uint64_t> BlobSize(const Call& call, const Descriptor& blob) {
  const std::string& repository = call.route.repository;
  const Blob found = Visible(call, repository, blob.digest).FindBlob(repository, blob.digest);
  return found ? std::optional(found.size()) : std::nullopt;
}

// An index names manifests, or blobs if their type is none of a manifest's (the layers of
// BuildKit's cache).
std::optional<std::uint64_t> EntrySize(const Call& call, const Descriptor& entry) {
  const std::string& repository = call.route.repository;
  const StoredManifest* manifest =
      Visible(call, repository, entry.digest).FindManifest(repository, entry.digest);
  if (manifest != nullptr) {
    return manifest->bytes->size();
  }
  return IsManifestType(entry.media_type) ? std::nullopt : BlobSize(call, entry);
}

// Everything a descriptor names must be in the repository unless manifests may be sparse, and be
// as large as it says.
std::vector<Problem> CheckContent(const Call& call, const ManifestContent& content) {
  std::vector<Problem> problems;
  const auto check = [&](const std::vector<Descriptor>& descriptors, auto size_of) {
    for (const Descriptor& descriptor : descriptors) {
      if (descriptor.foreign) {
        continue;
      }
      const std::optional<std::uint64_t> size = size_of(call, descriptor);
      if (!size && call.personality().sparse_manifests != Children::kRequired) {
        continue;
      }
      if (!size) {
        problems.push_back({ApiCode::kManifestBlobUnknown, "digest", descriptor.digest.ToString()});
      } else if (call.personality().descriptor_sizes_checked && *size != descriptor.size) {
        problems.push_back({ApiCode::kSizeInvalid, "digest", descriptor.digest.ToString()});
      }
    }
  };
  check(content.blobs, BlobSize);
  check(content.manifests, EntrySize);
  return problems;
}

// Where a PUT puts the manifest: its digest, and the tags that then point at it.
struct Target {
  Digest digest;
  std::vector<std::string> tags;
};

std::vector<std::string> TagParameters(const Url& url) {
  std::vector<std::string> tags;
  for (const std::string& pair : Split(url.query, '&')) {
    if (pair.rfind("tag=", 0) == 0) {
      tags.push_back(PercentDecode(pair.substr(4)));
    }
  }
  return tags;
}

std::variant<Target, Problem> ReadTarget(const Call& call) {
  const std::string& reference = call.route.reference;
  if (!LooksLikeDigest(reference)) {
    if (!IsTag(reference)) {
      return Problem{ApiCode::kTagInvalid, "tag", reference};
    }
    return Target{Digest::Of(call.body), {reference}};
  }
  const auto digest = Digest::Parse(reference);
  if (!digest) {
    return Problem{ApiCode::kDigestInvalid, "digest", reference};
  }
  const Digest actual = Digest::Of(call.body, digest->algorithm());
  if (actual != *digest) {
    return Problem{ApiCode::kDigestInvalid, "digest", actual.ToString()};
  }
  Target target{*digest, {}};
  if (call.personality().tag_parameters) {
    target.tags = TagParameters(call.head.url);
    const auto wrong = std::find_if_not(target.tags.begin(), target.tags.end(), IsTag);
    if (wrong != target.tags.end()) {
      return Problem{ApiCode::kTagInvalid, "tag", *wrong};
    }
    if (target.tags.size() > call.personality().limits.manifest_tags) {
      return Problem{ApiCode::kTooManyTags, "tags", std::to_string(target.tags.size())};
    }
  }
  return target;
}

// The manifest's content if it may be stored; the refusal otherwise.
std::variant<ManifestContent, Response> ReadContent(const Call& call) {
  const Personality& personality = call.personality();
  const std::string content_type = MediaTypeOf(call.head.headers.Get("Content-Type"));
  if (content_type.empty() && personality.content_type_required) {
    return Refusal({ApiCode::kManifestInvalid, "header", "Content-Type"});
  }
  auto read = ReadManifest(call.body, content_type);
  if (const auto* problem = std::get_if<Problem>(&read)) {
    return Refusal(*problem);
  }
  auto& content = std::get<ManifestContent>(read);
  if (const auto problem = CheckHouseRules(personality, content)) {
    return Refusal(*problem);
  }
  if (const auto problems = CheckContent(call, content); !problems.empty()) {
    return call.Refuse(problems);
  }
  return std::move(content);
}

const StoredManifest* Find(const Call& call, std::optional<Digest>& digest) {
  const std::string& reference = call.route.reference;
  const Store& store = Visible(call, call.route.repository, reference);
  if (LooksLikeDigest(reference)) {
    if (auto parsed = Digest::Parse(reference)) {
      digest = std::move(*parsed);
    }
  } else {
    digest = store.FindTag(call.route.repository, reference);
  }
  return digest ? store.FindManifest(call.route.repository, *digest) : nullptr;
}

// The same document as another program would write it.
std::string WrittenAnew(const std::string& json) {
  using nlohmann::ordered_json;
  return ordered_json::parse(json, nullptr, /*allow_exceptions=*/false)
      .dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// Old Quay put a manifest of two bytes in the place of a child that it did not have.
void PutStub(Call& call, const Descriptor& entry) {
  if (call.personality().sparse_manifests != Children::kStubbed ||
      call.state.store.FindManifest(call.route.repository, entry.digest) != nullptr) {
    return;
  }
  static const Bytes kStub = std::make_shared<const std::string>("{}");
  call.state.store.PutManifest(call.route.repository, entry.digest,
                               {kStub, entry.media_type, std::nullopt, "", {}});
}

// The first tag that may not move to where it is asked to.
std::optional<Problem> CheckTags(const Call& call, const Target& target) {
  const std::string& repository = call.route.repository;
  for (const std::string& tag : target.tags) {
    const auto from = call.state.store.FindTag(repository, tag);
    auto problem = from ? CheckOverwrite(call.personality(), repository, tag, *from, target.digest)
                        : std::nullopt;
    if (problem) {
      return problem;
    }
  }
  return std::nullopt;
}

// What came is all of what was announced.
std::optional<Response> CheckBody(const Call& call) {
  if (call.body_too_large) {
    return Refusal(
        {ApiCode::kTooLarge, "limit", std::to_string(call.personality().limits.manifest_bytes)});
  }
  if (call.failed) {
    return StorageFailed(*call.failed);
  }
  if (call.head.content_length && *call.head.content_length != call.received) {
    return Refusal({ApiCode::kSizeInvalid, "received", std::to_string(call.received)});
  }
  return std::nullopt;
}

// There is room for it, and its tags may move there.
std::optional<Response> CheckPlace(const Call& call, const Target& target) {
  const Personality& personality = call.personality();
  if (personality.quota_at == QuotaAt::kManifest) {
    if (auto refusal = CheckQuota(call, 0)) {
      return refusal;
    }
  }
  const auto problem = CheckTags(call, target);
  if (!problem) {
    return std::nullopt;
  }
  Response refusal = Refusal(*problem);
  refusal.status = static_cast<int>(
      personality.overwrite_status.value_or(static_cast<std::uint64_t>(refusal.status)));
  return refusal;
}

bool IsReferred(const Store& store, std::string_view repository, const Digest& digest) {
  const TagMap& tags = store.Tags(repository);
  const auto& manifests = store.Manifests(repository);
  return std::any_of(tags.begin(), tags.end(),
                     [&](const auto& tag) { return tag.second == digest; }) ||
         std::any_of(manifests.begin(), manifests.end(), [&](const auto& entry) {
           const auto& entries = entry.second.manifests;
           return std::find(entries.begin(), entries.end(), digest) != entries.end();
         });
}

// The linux/amd64 child of an index, as a registry of old gives it to a client of old; nullptr when
// it has none that the client takes. `digest` is then the child's.
const StoredManifest* ChildFor(const Call& call, const StoredManifest& index,
                               std::optional<Digest>& digest) {
  const auto parsed = nlohmann::json::parse(*index.bytes, nullptr, false);
  const auto entries = parsed.is_object() ? parsed.value("manifests", nlohmann::json::array())
                                          : nlohmann::json::array();
  for (const auto& entry : entries) {
    const auto platform = entry.value("platform", nlohmann::json::object());
    const auto named = Digest::Parse(entry.value("digest", ""));
    if (!named || platform.value("os", "") != "linux" ||
        platform.value("architecture", "") != "amd64") {
      continue;
    }
    const StoredManifest* child =
        Visible(call, call.route.repository, *named).FindManifest(call.route.repository, *named);
    if (child != nullptr && Accepts(call.head.headers.All("Accept"), child->media_type)) {
      digest = *named;
      return child;
    }
  }
  return nullptr;
}

Response DeleteTag(Call& call) {
  if (!call.personality().delete_tags) {
    return Refusal({ApiCode::kUnsupported, "tag", call.route.reference});
  }
  const auto from = call.state.store.FindTag(call.route.repository, call.route.reference);
  if (!from) {
    return call.Refuse({ManifestUnknown(call)});
  }
  call.state.store.DeleteTag(call.route.repository, call.route.reference);
  TellTag(call, call.route.reference, from, std::nullopt);
  Response response;
  response.status = 202;
  return response;
}

}  // namespace

Response GetManifest(Call& call) {
  if (LooksLikeDigest(call.route.reference) && !Digest::Parse(call.route.reference)) {
    return Refusal({ApiCode::kDigestInvalid, "digest", call.route.reference});
  }
  std::optional<Digest> digest;
  const StoredManifest* manifest = Find(call, digest);
  if (manifest == nullptr) {
    return call.Refuse({ManifestUnknown(call)});
  }
  const bool taken = Accepts(call.head.headers.All("Accept"), manifest->media_type);
  if (!taken && call.personality().index_to_child && !LooksLikeDigest(call.route.reference)) {
    if (const StoredManifest* child = ChildFor(call, *manifest, digest)) {
      manifest = child;
    }
  }
  if (!Accepts(call.head.headers.All("Accept"), manifest->media_type)) {
    return call.Refuse({Unacceptable(call, manifest->media_type)});
  }
  if (Unmodified(call, *digest)) {
    return NotModified(*digest);
  }
  Response response;
  response.headers.Add("Content-Type", manifest->media_type);
  if (call.personality().digest_header != DigestHeader::kNotOnTagRead ||
      LooksLikeDigest(call.route.reference)) {
    response.headers.Add("Docker-Content-Digest", digest->ToString());
  }
  response.headers.Add("ETag", EntityTag(*digest));
  response.body = Clipped(call, manifest->bytes);
  if (const auto& limit = call.personality().pull_limit) {
    const PullSource source = call.Source();
    const TimePoint now = call.state.clock.Now();
    if (call.route.operation == Operation::kManifestGet) {
      call.state.pulls.Count(*limit, source, now);
    }
    call.state.pulls.AddHeaders(*limit, source, now, response.headers);
  }
  return response;
}

Response PutManifest(Call& call) {
  if (auto refusal = CheckBody(call)) {
    return std::move(*refusal);
  }
  auto where = ReadTarget(call);
  if (const auto* problem = std::get_if<Problem>(&where)) {
    return Refusal(*problem);
  }
  auto read = ReadContent(call);
  if (auto* refusal = std::get_if<Response>(&read)) {
    return std::move(*refusal);
  }
  Target& target = std::get<Target>(where);
  if (call.personality().reserialised) {
    call.body = WrittenAnew(call.body);
    target.digest = Digest::Of(call.body);
  }
  if (auto refusal = CheckPlace(call, target)) {
    return std::move(*refusal);
  }
  if (const Status granted = call.share.Grow(MemoryShare::kOverhead); !granted) {
    return StorageFailed(granted.error());
  }
  auto& content = std::get<ManifestContent>(read);
  StoredManifest stored{HoldBytes(std::move(call.body), std::move(call.share)),
                        content.media_type,
                        content.subject,
                        content.artifact_type,
                        {}};
  for (const Descriptor& entry : content.manifests) {
    stored.manifests.push_back(entry.digest);
    PutStub(call, entry);
  }
  call.state.store.PutManifest(call.route.repository, target.digest, std::move(stored));
  Response response;
  response.status = 201;
  const Personality& personality = call.personality();
  if (personality.manifest_location) {
    response.headers.Add("Location",
                         call.Location(call.Path("manifests/" + target.digest.ToString())));
  }
  if (personality.digest_header != DigestHeader::kNotOnPut) {
    response.headers.Add("Docker-Content-Digest", target.digest.ToString());
  }
  if (content.subject && personality.referrers) {
    response.headers.Add("OCI-Subject", content.subject->ToString());
  }
  for (const std::string& tag : target.tags) {
    MoveTag(call, tag, target.digest);
    if (LooksLikeDigest(call.route.reference)) {
      response.headers.Add("OCI-Tag", tag);
    }
  }
  return response;
}

Response DeleteManifest(Call& call) {
  if (!LooksLikeDigest(call.route.reference)) {
    return DeleteTag(call);
  }
  const auto digest = Digest::Parse(call.route.reference);
  if (!digest) {
    return Refusal({ApiCode::kDigestInvalid, "digest", call.route.reference});
  }
  Store& store = call.state.store;
  const std::string& repository = call.route.repository;
  if (call.personality().delete_manifests == ManifestDelete::kDisabled) {
    return Refusal({ApiCode::kUnsupported, "digest", call.route.reference});
  }
  if (store.FindManifest(repository, *digest) == nullptr) {
    return call.Refuse({ManifestUnknown(call)});
  }
  if (call.personality().delete_manifests == ManifestDelete::kUnlessTagged &&
      IsReferred(store, repository, *digest)) {
    return Refusal({ApiCode::kDenied, "digest", call.route.reference});
  }
  const TagMap tags = store.Tags(repository);
  for (const auto& [tag, points_at] : tags) {
    if (points_at == *digest) {
      store.DeleteTag(repository, tag);
      TellTag(call, tag, points_at, std::nullopt);
    }
  }
  store.DeleteManifest(repository, *digest);
  Response response;
  response.status = 202;
  return response;
}

}  // namespace drydock::simulator
