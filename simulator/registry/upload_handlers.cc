#include <algorithm>

#include "core/text.h"
#include "simulator/registry/error_code.h"
#include "simulator/registry/handlers.h"
#include "simulator/registry/house_rules.h"
#include "simulator/registry/view.h"

namespace drydock::simulator {
namespace {

constexpr std::uint64_t kAheadFrom = std::uint64_t{1} << 20;  // less is not worth a thread

// "0-0" for an empty session, as registries write it though one byte looks the same.
std::string RangeOf(const UploadSession& session) {
  return Concat({"0-", std::to_string(session.size() == 0 ? 0 : session.size() - 1)});
}

// What a chunk is answered with, as the personality counts.
std::string RangeOfChunk(const Call& call, const UploadSession& session) {
  switch (call.personality().range_reply) {
    case RangeReply::kFrozen:
      return Concat({"0-", std::to_string(std::max<std::uint64_t>(session.first_chunk, 1) - 1)});
    case RangeReply::kChunkRelative:
      return Concat({"0-", std::to_string(std::max<std::uint64_t>(call.received, 1) - 1)});
    case RangeReply::kSize:
      return Concat({"0-", std::to_string(session.size())});
    case RangeReply::kShort:
      return Concat({"0-", std::to_string(std::max<std::uint64_t>(session.size(), 2) - 2)});
    case RangeReply::kZero:
      return "0-0";
    case RangeReply::kTrue:
    case RangeReply::kAbsent:
      break;
  }
  return RangeOf(session);
}

// Where a session's next request goes and how far it has come.
Response SessionAnswer(const Call& call, int status, const UploadSession& session) {
  std::string path = call.Path("blobs/uploads/" + session.id());
  if (call.personality().upload_state) {
    path += "?_state=" + EncodeUploadState(session);
  }
  Response response;
  response.status = status;
  response.headers.Add("Location", call.Location(path));
  response.headers.Add("Range", RangeOf(session));
  response.headers.Add("Docker-Upload-UUID", session.id());
  return response;
}

Response BlobCreated(const Call& call, const Digest& digest) {
  Response response;
  response.status = 201;
  response.headers.Add("Location", call.Location(call.Path("blobs/" + digest.ToString())));
  response.headers.Add("Docker-Content-Digest", digest.ToString());
  return response;
}

Response SessionUnknown(const Call& call) {
  return call.Refuse({{ApiCode::kBlobUploadUnknown, "session", call.route.session}});
}

std::optional<DigestAlgorithm> FindAlgorithm(std::string_view name) {
  for (const auto algorithm : {DigestAlgorithm::kSha256, DigestAlgorithm::kSha512}) {
    if (Name(algorithm) == name) {
      return algorithm;
    }
  }
  return std::nullopt;
}

Response NewSession(Call& call) {
  const Personality& personality = call.personality();
  if (personality.quota_at == QuotaAt::kUpload) {
    if (auto refusal = CheckQuota(call, 1)) {
      return std::move(*refusal);
    }
  }
  const std::string asked = personality.digest_algorithm
                                ? call.head.url.QueryValue("digest-algorithm").value_or("sha256")
                                : "sha256";
  const auto algorithm = FindAlgorithm(asked);
  if (!algorithm) {
    return Refusal({ApiCode::kDigestInvalid, "digest-algorithm", asked});
  }
  const auto session = call.state.uploads.Start(call.route.repository, call.state.clock.Now(),
                                                call.state.rng, call.state.store.NewBlob());
  if (session == nullptr) {
    Response response = Refusal(
        {ApiCode::kTooManyRequests, "uploads", std::to_string(personality.limits.upload_sessions)});
    response.headers.Add("Retry-After", "1");
    return response;
  }
  session->ExpectDigest(*algorithm);
  session->replica = call.replica;
  Response response = SessionAnswer(call, 202, *session);
  if (personality.limits.chunk_bytes_min > 0) {
    response.headers.Add("OCI-Chunk-Min-Length",
                         std::to_string(personality.limits.chunk_bytes_min));
  }
  return response;
}

// 416 with where to go on.
Response WrongRange(const Call& call, const UploadSession& session) {
  Response response = Refusal(
      {ApiCode::kRangeInvalid, "range", std::string(call.head.headers.Get("Content-Range"))});
  for (const auto& [name, value] : SessionAnswer(call, 416, session).headers) {
    response.headers.Add(name, value);
  }
  return response;
}

std::optional<Response> CheckRange(Call& call) {
  const Headers& headers = call.head.headers;
  if (!headers.Has("Content-Range")) {
    return std::nullopt;
  }
  const auto range = ParseContentRange(headers.Get("Content-Range"));
  if (!range) {
    return Refusal(
        {ApiCode::kBlobUploadInvalid, "range", std::string(headers.Get("Content-Range"))});
  }
  if (range->first != call.write.begin && call.personality().chunk_offset == ChunkOffset::kStrict) {
    return WrongRange(call, *call.write.session);
  }
  if (call.head.content_length && *call.head.content_length != range->length()) {
    return Refusal({ApiCode::kSizeInvalid, "range", std::string(headers.Get("Content-Range"))});
  }
  if (call.write.session->had_last_chunk) {
    return Refusal({ApiCode::kSizeInvalid, "range", std::string(headers.Get("Content-Range")),
                    "only the last chunk may be shorter than OCI-Chunk-Min-Length"});
  }
  call.write.range = range;
  return std::nullopt;
}

// What the body turned out to be; the session keeps nothing of a body that is refused here.
std::optional<Response> CheckReceived(Call& call) {
  UploadSession& session = *call.write.session;
  std::optional<Response> refusal;
  if (call.body_too_large) {
    refusal = Refusal(
        {ApiCode::kTooLarge, "limit", std::to_string(call.personality().limits.blob_bytes)});
  } else if ((call.head.content_length && *call.head.content_length != call.received) ||
             (call.write.range && call.write.range->length() != call.received)) {
    refusal = Refusal({ApiCode::kSizeInvalid, "received", std::to_string(call.received)});
  }
  if (session.failure()) {
    call.state.uploads.End(session.id());
    return StorageFailed(*session.failure());
  }
  if (refusal) {
    session.Truncate(call.write.begin);
  }
  return refusal;
}

Response Commit(Call& call, const Digest& digest) {
  UploadSession& session = *call.write.session;
  const Personality& personality = call.personality();
  const Digest actual = session.Finish(digest.algorithm());
  if (actual != digest && personality.digest_checked) {
    if (personality.mismatch_ends_upload) {
      call.state.uploads.End(session.id());
    } else {
      session.GoOn();
    }
    return Refusal({ApiCode::kDigestInvalid, "digest", actual.ToString()});
  }
  call.state.uploads.End(session.id());
  if (personality.quota_at == QuotaAt::kCommit) {
    if (auto refusal = CheckQuota(call, session.size())) {
      return std::move(*refusal);
    }
  }
  Result<Blob> blob = session.Take();
  if (!blob) {
    return StorageFailed(blob.error());
  }
  call.state.store.PutBlob(call.route.repository, digest, std::move(*blob));
  return BlobCreated(call, digest);
}

bool WritesWholeBlob(const Call& call) {
  return call.route.operation == Operation::kUploadStart && !call.route.reference.empty() &&
         call.personality().single_post;
}

// The session a request names, if it lives and the replica that was asked knows it.
std::shared_ptr<UploadSession> KnownSession(Call& call) {
  const Personality& personality = call.personality();
  auto session = call.state.uploads.Find(call.route.repository, call.route.session);
  if (session == nullptr) {
    return nullptr;
  }
  const Duration age = call.state.clock.Now() - session->started();
  if (personality.uploads == UploadKeeping::kLost ||
      (personality.upload_life && age >= *personality.upload_life)) {
    call.state.uploads.End(session->id());
    return nullptr;
  }
  const bool elsewhere =
      personality.uploads == UploadKeeping::kByReplica && session->replica != call.replica;
  return elsewhere ? nullptr : session;
}

// The session a request writes to; a refusal when there is none it may write to.
std::optional<Response> FindSession(Call& call) {
  auto session = KnownSession(call);
  if (session == nullptr) {
    return SessionUnknown(call);
  }
  if (call.personality().upload_state &&
      ReadUploadState(call.head.url.QueryValue("_state").value_or(""), *session) !=
          session->size()) {
    return SessionUnknown(call);
  }
  if (session->writing) {
    return Refusal({ApiCode::kBlobUploadInvalid, "session", "another request is writing to it"});
  }
  call.write.session = std::move(session);
  return std::nullopt;
}

}  // namespace

std::optional<Response> OpenWrite(Call& call) {
  const Operation operation = call.route.operation;
  const bool commits = operation == Operation::kUploadCommit || WritesWholeBlob(call);
  if (!commits && operation != Operation::kUploadPatch) {
    return std::nullopt;
  }
  const auto digest = Digest::Parse(call.route.reference);
  if (commits && !digest) {
    return Refusal({ApiCode::kDigestInvalid, "digest", call.route.reference});
  }
  if (operation == Operation::kUploadStart) {
    // Nobody was told of this session, so nobody can come back to it.
    call.write.session = std::make_shared<UploadSession>(
        call.route.repository, "", call.state.clock.Now(), call.state.store.NewBlob());
  } else if (auto refusal = FindSession(call)) {
    return refusal;
  }
  UploadSession& session = *call.write.session;
  call.write.begin = session.size();
  auto refusal = CheckRange(call);
  if (!refusal && call.head.content_length.value_or(0) >
                      call.personality().limits.blob_bytes - session.size()) {
    refusal = Refusal(
        {ApiCode::kTooLarge, "limit", std::to_string(call.personality().limits.blob_bytes)});
  }
  if (refusal) {
    call.write.session = nullptr;
    return refusal;
  }
  session.writing = true;
  session.Reserve(call.head.content_length.value_or(0));
  if (commits) {
    session.ExpectDigest(digest->algorithm());
  }
  if (call.state.hash_ahead && call.head.content_length.value_or(kAheadFrom) >= kAheadFrom) {
    session.HashAhead();
  }
  return std::nullopt;
}

void CloseWrite(Call& call) {
  if (call.write.session != nullptr) {
    call.write.session->EndAhead();
    call.write.session->writing = false;
    call.write.session = nullptr;
  }
}

void Write(Call& call, std::string_view piece) {
  UploadSession& session = *call.write.session;
  if (call.body_too_large || piece.size() > call.personality().limits.blob_bytes - session.size()) {
    call.body_too_large = true;
    return;
  }
  session.Append(piece);
}

Response StartUpload(Call& call) {
  if (call.write.session == nullptr) {
    return NewSession(call);
  }
  auto refusal = CheckReceived(call);
  return refusal ? std::move(*refusal) : Commit(call, *Digest::Parse(call.route.reference));
}

Response MountBlob(Call& call) {
  switch (call.personality().mount) {
    case MountRule::kUnauthorized:
      return Refusal(
          {ApiCode::kUnauthorized, "", "", "mounting needs rights on both repositories"});
    case MountRule::kDenied:
      return Refusal({ApiCode::kDenied, "", "", "mounting is not allowed"});
    case MountRule::kYes:
    case MountRule::kNo:
      break;
  }
  const auto digest = Digest::Parse(call.route.reference);
  if (!digest) {
    return Refusal({ApiCode::kDigestInvalid, "digest", call.route.reference});
  }
  Registry::State& state = call.state;
  const std::string from = call.head.url.QueryValue("from").value_or("");
  const auto readable = [&](std::string_view holder) {
    return !call.personality().tokens || call.grant.Allows("repository", holder, "pull");
  };
  const auto holder = !from.empty() ? std::optional(from)
                      : call.personality().anonymous_mount
                          ? state.store.FindHolder(*digest, readable)
                          : std::nullopt;
  Blob blob = holder && call.personality().mount == MountRule::kYes
                  ? Visible(call, *holder, *digest).FindBlob(*holder, *digest)
                  : Blob();
  if (!blob) {
    return NewSession(call);
  }
  state.store.PutBlob(call.route.repository, *digest, std::move(blob));
  return BlobCreated(call, *digest);
}

Response PatchUpload(Call& call) {
  if (auto refusal = CheckReceived(call)) {
    return std::move(*refusal);
  }
  UploadSession& session = *call.write.session;
  if (call.state.uploads.Find(session.repository(), session.id()) == nullptr) {
    return SessionUnknown(call);
  }
  session.had_last_chunk =
      call.write.range && call.write.range->length() < call.personality().limits.chunk_bytes_min;
  if (session.first_chunk == 0) {
    session.first_chunk = call.received;
  }
  Response response = SessionAnswer(call, 202, session);
  if (call.personality().range_reply == RangeReply::kAbsent) {
    response.headers.Remove("Range");
  } else {
    response.headers.Set("Range", RangeOfChunk(call, session));
  }
  return response;
}

Response UploadStatus(Call& call) {
  switch (call.personality().upload_status) {
    case StatusRoute::kNotFound:
      return PlainAnswer(404, "404 page not found\n");
    case StatusRoute::kNotAllowed:
      return Refusal({ApiCode::kMethodNotAllowed, "method", call.head.method});
    case StatusRoute::kThere:
      break;
  }
  const auto session = KnownSession(call);
  if (session == nullptr) {
    return SessionUnknown(call);
  }
  if (call.personality().status_wants_state &&
      ReadUploadState(call.head.url.QueryValue("_state").value_or(""), *session) !=
          session->size()) {
    return Refusal({ApiCode::kUploadStale, "session", call.route.session});
  }
  return SessionAnswer(call, 204, *session);
}

Response CommitUpload(Call& call) {
  if (auto refusal = CheckReceived(call)) {
    return std::move(*refusal);
  }
  const UploadSession& session = *call.write.session;
  return call.state.uploads.Find(session.repository(), session.id()) == nullptr
             ? SessionUnknown(call)
             : Commit(call, *Digest::Parse(call.route.reference));
}

Response CancelUpload(Call& call) {
  if (KnownSession(call) == nullptr) {
    return SessionUnknown(call);
  }
  call.state.uploads.End(call.route.session);
  Response response;
  response.status = 204;
  response.headers.Add("Docker-Upload-UUID", call.route.session);
  return response;
}

}  // namespace drydock::simulator
