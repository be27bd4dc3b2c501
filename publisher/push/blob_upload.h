// One blob on its way into a repository: looked for, mounted, or uploaded in chunks that resume at
// the offset the registry names; every failure is sorted by the classification table. A chunk is
// the most that is ever sent twice. Threads: one upload belongs to one thread. Source: OCI
// distribution-spec end-2, end-4a, end-5, end-6, end-11, end-13, end-14; incidents of section C;
// write-outcome grid (incidents.md 9.3).
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/reference.h"
#include "publisher/push/blob_file.h"
#include "publisher/push/oci_layout.h"
#include "publisher/push/run_journal.h"
#include "publisher/push/upload_shape.h"
#include "publisher/registry/retry.h"
#include "publisher/registry/session.h"

namespace drydock::publisher {

// What one thread of a push works with; all must outlive its uploads.
struct UploadLane {
  RegistrySession& session;
  Clock& clock;
  Retrier& retrier;
  RunJournal& run;
  UploadShape& shape;
  const std::atomic<bool>& stop;  // another blob has failed for good: begin nothing more
  RetryBudget budget;             // for each stretch without progress
};

struct BlobReport {
  enum class How { kPresent, kMounted, kUploaded };
  How how = How::kPresent;
  std::uint64_t sent_bytes = 0;  // in requests that were answered well
};

class BlobUpload {
 public:
  // `mount_from`: repositories of the same registry that may have it.
  BlobUpload(UploadLane& lane, const ImageReference& target, const LayoutBlob& blob,
             std::vector<std::string> mount_from);

  // After it the registry has the blob, or the failure says why not. Cancelled, or stopped by
  // `lane.stop`: the session is left for a resume. Without `look` it is sent whatever a HEAD says.
  Outcome<BlobReport> Run(bool look = true);

 private:
  enum class Step { kLook, kCheck, kMount, kOpen, kAsk, kSend, kCommit, kConfirm, kProbe, kDone };

  Outcome<Step> Do(Step step);
  Outcome<Step> Look(Step when_missing) { return Look(when_missing, when_missing); }
  Outcome<Step> Look(Step when_missing, Step when_other);
  Outcome<Step> Confirm();
  Outcome<Step> Check();
  Outcome<Step> Mount();
  Outcome<Step> Open();
  Outcome<Step> Ask();
  Outcome<Step> Send();
  Outcome<Step> SendChunk(const UploadShape::Now& shape);
  Outcome<Step> Commit(std::uint64_t from, std::uint64_t length);
  Outcome<Step> AfterProgress();

  // --- after a failure (blob_recovery.cc)
  // Where to go on after `failure` of `step`, once the pause is over.
  Outcome<Step> Recover(Step step, Failure failure);
  std::optional<Outcome<Step>> ChangeShape(Step step, const Failure& failure);
  std::optional<Outcome<Step>> NextShape(ShapeFault fault);
  Outcome<Step> Elsewhere(NextMove next, Step step, const Failure& failure);

  // How far the session says it is; also takes its new Location.
  Outcome<std::uint64_t> AskOffset();
  Outcome<Ok> TakeLocation(const AnswerSeen& seen);
  // Once: leaves the port or scheme that the registry named for the session, where nobody answers,
  // for the registry's own. False when there is no such way.
  bool TakeHome();
  Outcome<Ok> NoteSession();
  Outcome<std::uint64_t> OffsetAfter(const AnswerSeen& seen, std::uint64_t sent_to);
  void Abandon();
  Url BlobUrl() const;
  Outcome<RegistryAnswer> Request(std::string_view method, const Url& url, Route route,
                                  Headers headers = {}, const BodySource& body = {},
                                  std::uint64_t bytes = 0);

  UploadLane& lane_;
  ImageReference target_;
  const LayoutBlob& blob_;
  std::vector<std::string> mount_from_;
  BlobReport report_;
  std::optional<BlobFile> file_;
  std::optional<Url> location_;  // of the session; good for the next request only
  std::uint64_t offset_ = 0;     // acknowledged
  std::uint64_t best_offset_ = 0;
  int failures_ = 0;  // since the last progress
  Duration waited_{0};
  UploadShape::Now used_;                      // by the last request with bytes
  std::optional<std::uint64_t> broke_off_at_;  // where it failed, if it did
  bool offset_refused_ = false;                // by a 416
  bool spoiled_ = false;                       // a session held other bytes than were sent
  bool unsure_ = false;                        // what became of an earlier commit
  bool confirmed_ = false;                     // it was looked at what became of the last one
  std::string deserted_;                       // origin of the session that nobody answers at
};

}  // namespace drydock::publisher
