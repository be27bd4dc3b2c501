// Where an upload goes on after a failure: the table's move, or another shape.
#include <utility>

#include "core/text.h"
#include "publisher/push/blob_upload.h"

namespace drydock::publisher {

Outcome<BlobUpload::Step> BlobUpload::Recover(Step step, Failure failure) {
  if (failure.cancelled) {
    return failure;
  }
  if (step == Step::kMount && failure.next != NextMove::kAsk) {
    return mount_from_.empty() ? Step::kOpen : Step::kMount;  // it was worth a try
  }
  const bool nobody_there = failure.answerer == Answerer::kNetwork &&
                            failure.next == NextMove::kRetry && step != Step::kLook;
  if (nobody_there && TakeHome()) {
    return step;
  }
  unsure_ = unsure_ || failure.next == NextMove::kAsk;
  if (auto changed = ChangeShape(step, failure)) {
    return *changed;
  }
  const bool spoiled = step != Step::kAsk && failure.next == NextMove::kRestart &&
                       failure.status >= 400 && failure.status < 500;
  if (spoiled && spoiled_) {
    failure.persistence = Persistence::kDeterministic;
    failure.next = NextMove::kStop;
    return failure;
  }
  spoiled_ = spoiled_ || spoiled;
  failure.attempts = ++failures_;
  const std::string what = Concat({"upload of ", blob_.digest.Short(), " at byte ",
                                   std::to_string(offset_), " of ", std::to_string(blob_.size)});
  if (!lane_.retrier.WaitForNext(lane_.budget, what, failures_, failure, waited_)) {
    return failure;
  }
  return Elsewhere(failure.next, step, failure);
}

// Where the table's move leads.
Outcome<BlobUpload::Step> BlobUpload::Elsewhere(NextMove next, Step step, const Failure& failure) {
  switch (next) {
    case NextMove::kRetry:
    case NextMove::kWait:
      return step;
    case NextMove::kAsk:
      // A session that the registry calls invalid is not asked and not committed again.
      if (failure.status == 400 && failure.code == "BLOB_UPLOAD_INVALID") {
        Abandon();
      }
      return Step::kProbe;
    case NextMove::kResume:
      return Step::kAsk;
    case NextMove::kRestart:
      Abandon();
      return Step::kOpen;
    case NextMove::kSkip:
    case NextMove::kReauthenticate:
    case NextMove::kFallBack:
    case NextMove::kStop:
      break;
  }
  return failure;
}

// Twice at the same byte, or a refusal of the shape itself: another shape. nullopt when the shape
// is not to blame.
std::optional<Outcome<BlobUpload::Step>> BlobUpload::ChangeShape(Step step,
                                                                 const Failure& failure) {
  const bool with_bytes = step == Step::kSend && blob_.size > 0;
  if (!with_bytes) {
    return std::nullopt;
  }
  offset_refused_ = failure.status == 416;
  const bool broke_off = failure.status == 0 && failure.next != NextMove::kRetry;
  const bool suspicious = broke_off || failure.status == 408 || failure.status == 416;
  const bool again = suspicious && broke_off_at_ == offset_;
  broke_off_at_ = suspicious ? std::optional(offset_) : broke_off_at_;
  if (failure.next != NextMove::kFallBack && !again) {
    return std::nullopt;
  }
  const ShapeFault fault = failure.status == 416                            ? ShapeFault::kOffset
                           : failure.status == 405 || failure.status == 501 ? ShapeFault::kMethod
                                                                            : ShapeFault::kTooLarge;
  if (auto next = NextShape(fault)) {
    return next;
  }
  if (failure.next != NextMove::kFallBack) {
    return std::nullopt;  // there is no better one: the budget decides
  }
  Failure stop = failure;
  stop.next = NextMove::kStop;
  stop.words = Concat({"neither chunks of ", HumanBytes(used_.chunk_bytes), " nor one request of ",
                       HumanBytes(blob_.size), " were taken: ", failure.words});
  return Outcome<Step>(std::move(stop));
}

// nullopt when there is no other.
std::optional<Outcome<BlobUpload::Step>> BlobUpload::NextShape(ShapeFault fault) {
  broke_off_at_.reset();
  if (!lane_.shape.Refuse(used_, fault)) {
    return std::nullopt;
  }
  const bool same_session = used_.chunked && lane_.shape.now().chunked;
  if (!same_session) {
    Abandon();
  }
  return Outcome<Step>(same_session ? Step::kAsk : Step::kOpen);
}

// Gives the session up; it expires by itself should the registry not hear of it.
void BlobUpload::Abandon() {
  if (location_) {
    const auto cancelled = Request("DELETE", *location_, Route::kUploadCancel);
    location_.reset();
    (void)cancelled;
  }
  const Status noted = lane_.run.DropUpload(target_.Name(), blob_.digest, "given up");
  (void)noted;
}

}  // namespace drydock::publisher
