// Upload sessions: the bytes of a blob on its way in, hashed while they arrive.
// Threads: one at a time, but for the bytes of a session: they may be appended while others work on
// the rest. Source: OCI distribution-spec "Pushing a blob in chunks" (end-4a … end-6,
// end-13); incidents `hub-stale-patch-location-404` (a Location is single-use state).
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/digest.h"
#include "core/hash_ahead.h"
#include "core/result.h"
#include "core/rng.h"
#include "simulator/registry/blob.h"

namespace drydock::simulator {

class UploadSession {
 public:
  UploadSession(std::string repository, std::string id, TimePoint started,
                std::unique_ptr<BlobWriter> writer)
      : repository_(std::move(repository)),
        id_(std::move(id)),
        started_(started),
        writer_(std::move(writer)) {}

  const std::string& repository() const { return repository_; }
  const std::string& id() const { return id_; }
  TimePoint started() const { return started_; }
  std::uint64_t size() const { return size_; }  // from any thread, also while one appends

  // Sets memory aside for `more` bytes, within reason: the number is the peer's word only.
  void Reserve(std::uint64_t more);
  // The algorithm to hash with; to be said before the first byte, sha256 otherwise.
  void ExpectDigest(DigestAlgorithm algorithm);
  // Until EndAhead, pieces are hashed in a thread of their own: each must stay as it is until the
  // next one was appended, or EndAhead has returned.
  void HashAhead() { ahead_ = std::make_unique<drydock::HashAhead>(hasher_); }
  void EndAhead() { ahead_.reset(); }
  // What the writer refuses shows in failure(); such a session takes nothing more.
  void Append(std::string_view piece);
  // Forgets everything from `size` on.
  void Truncate(std::uint64_t size);
  // The digest of all bytes; cheap when `algorithm` is the one expected. Append nothing afterwards.
  Digest Finish(DigestAlgorithm algorithm);
  // What is there so far.
  Body Read() const { return writer_->Read(); }
  // Takes more bytes after a Finish all the same.
  void GoOn() { hasher_ = HashAgain(algorithm_); }
  // Hands the bytes over without a copy. The session is empty afterwards and takes nothing more.
  Result<Blob> Take();
  // Why the bytes are not to be had, for want of room for instance.
  const std::optional<Error>& failure() const { return failure_; }

  // One request writes at a time.
  bool writing = false;
  // A chunk shorter than OCI-Chunk-Min-Length came: only the closing PUT may follow, without a
  // body.
  bool had_last_chunk = false;
  // Which replica of the registry began it.
  std::size_t replica = 1;
  // What the first chunk brought; 0 before it.
  std::uint64_t first_chunk = 0;

 private:
  std::string repository_;
  std::string id_;
  TimePoint started_;
  std::unique_ptr<BlobWriter> writer_;
  std::atomic<std::uint64_t> size_ = 0;
  std::optional<Error> failure_;
  DigestAlgorithm algorithm_ = DigestAlgorithm::kSha256;
  Hasher hasher_;
  std::unique_ptr<drydock::HashAhead> ahead_;  // null: pieces are hashed as they come

  // The digest's state over all bytes, read again.
  Hasher HashAgain(DigestAlgorithm algorithm);
};

// The open sessions of a registry, at most as many as it allows.
class UploadSessions {
 public:
  explicit UploadSessions(std::size_t sessions_max) : sessions_max_(sessions_max) {}

  // Null when there are too many already.
  std::shared_ptr<UploadSession> Start(std::string repository, TimePoint now, Rng& rng,
                                       std::unique_ptr<BlobWriter> writer);
  // Null unless that repository has that session.
  std::shared_ptr<UploadSession> Find(std::string_view repository, std::string_view id) const;
  // Whoever still holds the session may go on writing; nobody will find it again.
  void End(std::string_view id);
  // In the order of their ids.
  std::vector<std::shared_ptr<const UploadSession>> All() const;

 private:
  std::size_t sessions_max_;
  std::map<std::string, std::shared_ptr<UploadSession>, std::less<>> sessions_;
};

// The ?_state= of an upload's Location: base64url of
// {"Name":"app/web","UUID":"…","Offset":0,"StartedAt":"…"}, without padding.
std::string EncodeUploadState(const UploadSession& session);
// The offset, when `text` is a state of this very session.
std::optional<std::uint64_t> ReadUploadState(std::string_view text, const UploadSession& session);

}  // namespace drydock::simulator
