#include "publisher/push/blob_upload.h"

#include <algorithm>
#include <utility>

#include "core/media_type.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

// What a request with bytes is given beside the usual: so much time for each of these.
constexpr std::uint64_t kBytesPerSecondMin = std::uint64_t{64} << 10;
// A registry reads a blob again when it commits it.
constexpr std::uint64_t kCommitBytesPerSecondMin = std::uint64_t{8} << 20;
constexpr Duration kRequestPatience = std::chrono::seconds(60);

// "0-41" says 42 bytes; "0-0" is how registries write none at all.
std::optional<std::uint64_t> BytesOfRange(std::string_view range) {
  range = Trim(range);
  range.remove_prefix(range.starts_with("bytes=") ? std::string_view("bytes=").size() : 0);
  if (!range.starts_with("0-")) {
    return std::nullopt;
  }
  const auto last = ParseUnsigned(range.substr(2));
  if (!last) {
    return std::nullopt;
  }
  return *last == 0 ? 0 : *last + 1;
}

std::string HostOf(const Url& url) {
  const std::size_t colon = url.host.rfind(':');
  return colon == std::string::npos || url.host.ends_with(']') ? url.host
                                                               : url.host.substr(0, colon);
}

Failure Odd(const AnswerSeen& seen, NextMove next, std::string words) {
  Failure failure;
  failure.answerer = Answerer::kRegistryTier;
  failure.persistence =
      next == NextMove::kStop ? Persistence::kDeterministic : Persistence::kTransient;
  failure.next = next;
  failure.status = seen.status;
  failure.method = seen.method;
  failure.words = std::move(words);
  return failure;
}

}  // namespace

BlobUpload::BlobUpload(UploadLane& lane, const ImageReference& target, const LayoutBlob& blob,
                       std::vector<std::string> mount_from)
    : lane_(lane), target_(target), blob_(blob), mount_from_(std::move(mount_from)) {
  target_.tag.reset();
  target_.digest.reset();
  std::erase(mount_from_, target_.repository);
}

Outcome<BlobReport> BlobUpload::Run(bool look) {
  Step step = look ? Step::kLook : Step::kCheck;
  while (step != Step::kDone) {
    if (lane_.stop.load()) {
      Failure stopped = LocalFailure("stopped: another blob of the image was refused");
      stopped.cancelled = true;
      return stopped;
    }
    auto next = Do(step);
    if (!next) {
      next = Recover(step, next.failure());
    }
    if (!next) {
      Failure failure = next.failure();
      if (!deserted_.empty()) {
        failure.words += Concat({" (then tried at ", lane_.session.Origin(target_).Origin(),
                                 ", since nobody answers at ", deserted_,
                                 ", where the registry sent the upload)"});
      }
      return failure;
    }
    step = next.value();
  }
  if (const Status noted = lane_.run.DropUpload(target_.Name(), blob_.digest, "stored"); !noted) {
    return LocalFailure(noted.error().message());
  }
  return report_;
}

Outcome<BlobUpload::Step> BlobUpload::Do(Step step) {
  switch (step) {
    case Step::kLook:
      return Look(Step::kCheck);
    case Step::kCheck:
      return Check();
    case Step::kMount:
      return Mount();
    case Step::kOpen:
      return Open();
    case Step::kAsk:
      return Ask();
    case Step::kSend:
      return Send();
    case Step::kCommit:
      return Commit(blob_.size, 0);
    case Step::kConfirm:
      return Confirm();
    case Step::kProbe:
      return Look(location_ ? Step::kAsk : Step::kOpen);
    case Step::kDone:
      break;
  }
  return Step::kDone;
}

// A blob of another size, or of none that is told, is no match: it is uploaded once more.
Outcome<BlobUpload::Step> BlobUpload::Look(Step when_missing, Step when_other) {
  const auto asked = Request("HEAD", BlobUrl(), Route::kBlobRead);
  if (!asked) {
    return asked.failure();
  }
  const AnswerSeen& seen = asked->seen;
  if (seen.status == 200) {
    return ParseUnsigned(seen.headers.Get("Content-Length")) == blob_.size ? Step::kDone
                                                                           : when_other;
  }
  if (seen.status == 404 || seen.status == 405 || !asked->home) {
    return when_missing;
  }
  return ClassifyAnswer(seen, lane_.clock.Now());
}

Outcome<BlobUpload::Step> BlobUpload::Check() {
  auto file = BlobFile::Open(blob_.path);
  if (!file) {
    return LocalFailure(file.error().message());
  }
  if (const Status right = file->Check(blob_.digest, blob_.size); !right) {
    return LocalFailure(right.error().message(), "Build the layout again.");
  }
  file_ = std::move(*file);
  if (const auto record = lane_.run.FindUpload(target_.Name(), blob_.digest)) {
    if (auto url = Url::Parse(record->location)) {
      location_ = std::move(*url);
      offset_ = best_offset_ = record->offset;
      return Step::kAsk;
    }
  }
  return mount_from_.empty() ? Step::kOpen : Step::kMount;
}

Outcome<BlobUpload::Step> BlobUpload::Mount() {
  const std::string from = mount_from_.front();
  mount_from_.erase(mount_from_.begin());
  Url url = lane_.session.Origin(target_);
  url.path = Concat({"/v2/", target_.repository, "/blobs/uploads/"});
  url.AddQuery("mount", blob_.digest.ToString());
  url.AddQuery("from", from);
  const auto asked = lane_.session.Send({.method = "POST",
                                         .reference = target_,
                                         .url = url,
                                         .route = Route::kMount,
                                         .pull_from = from});
  if (!asked) {
    return asked.failure();
  }
  if (asked->seen.status == 201) {
    report_.how = BlobReport::How::kMounted;
    return Step::kDone;
  }
  if (asked->seen.status != 202) {
    return ClassifyAnswer(asked->seen, lane_.clock.Now());
  }
  // It would not, and has opened a session for the bytes instead.
  if (auto taken = TakeLocation(asked->seen); !taken) {
    return taken.failure();
  }
  return AfterProgress();
}

Outcome<BlobUpload::Step> BlobUpload::Open() {
  Url url = lane_.session.Origin(target_);
  url.path = Concat({"/v2/", target_.repository, "/blobs/uploads/"});
  location_.reset();
  offset_ = 0;
  const auto asked = Request("POST", url, Route::kUploadStart);
  if (!asked) {
    return asked.failure();
  }
  if (asked->seen.status != 202) {
    return ClassifyAnswer(asked->seen, lane_.clock.Now());
  }
  if (!asked->seen.headers.Has("Location")) {
    return Odd(asked->seen, NextMove::kRestart, "an upload session without a Location");
  }
  if (auto taken = TakeLocation(asked->seen); !taken) {
    return taken.failure();
  }
  return AfterProgress();
}

// Writes the session down where it is worth resuming, and goes on at offset_.
Outcome<BlobUpload::Step> BlobUpload::AfterProgress() {
  if (offset_ > best_offset_) {
    best_offset_ = offset_;
    failures_ = 0;
    waited_ = Duration(0);
    broke_off_at_.reset();
  }
  if (auto noted = NoteSession(); !noted) {
    return noted.failure();
  }
  return offset_ == blob_.size && offset_ > 0 ? Step::kCommit : Step::kSend;
}

Outcome<Ok> BlobUpload::NoteSession() {
  const UploadShape::Now shape = lane_.shape.now();
  if (!shape.chunked || blob_.size <= shape.chunk_bytes) {
    return Ok{};
  }
  const Status noted =
      lane_.run.NoteUpload(target_.Name(), blob_.digest, {location_->ToString(), offset_});
  return noted ? Outcome<Ok>(Ok{}) : LocalFailure(noted.error().message());
}

Outcome<BlobUpload::Step> BlobUpload::Ask() {
  const auto told = AskOffset();
  if (!told) {
    return told.failure();
  }
  // An offset that was right and is refused: the size, or chunks as such, are what is not liked.
  if (std::exchange(offset_refused_, false) && told.value() == offset_) {
    if (auto next = NextShape(ShapeFault::kOffset)) {
      return *next;
    }
  }
  offset_ = told.value();
  return AfterProgress();
}

Outcome<std::uint64_t> BlobUpload::AskOffset() {
  const auto asked = Request("GET", *location_, Route::kUploadStatus);
  if (!asked) {
    return asked.failure();
  }
  const AnswerSeen& seen = asked->seen;
  const auto bytes = BytesOfRange(seen.headers.Get("Range"));
  const bool answers = seen.status == 204 || seen.status == 202 || seen.status == 200;
  if (!answers) {
    return ClassifyAnswer(seen, lane_.clock.Now());
  }
  if (!bytes || *bytes > blob_.size || !lane_.shape.now().status_counts) {
    return Odd(seen, NextMove::kRestart, "the upload session does not say how far it is");
  }
  if (auto taken = TakeLocation(seen); !taken) {
    return taken.failure();
  }
  return *bytes;
}

Outcome<BlobUpload::Step> BlobUpload::Send() {
  UploadShape::Now shape = lane_.shape.now();
  used_ = shape;
  if (offset_ == 0 && (!shape.chunked || blob_.size <= shape.chunk_bytes)) {
    return Commit(0, blob_.size);
  }
  if (!shape.chunked && lane_.shape.Refuse(shape, ShapeFault::kTooLarge)) {
    shape = lane_.shape.now();  // one PUT broke off; the rest goes in chunks
    used_ = shape;
  }
  if (!shape.chunked) {
    Failure failure = LocalFailure("a session that was begun in chunks");
    failure.persistence = Persistence::kTransient;
    failure.next = NextMove::kRestart;
    return failure;
  }
  return SendChunk(shape);
}

Outcome<BlobUpload::Step> BlobUpload::SendChunk(const UploadShape::Now& shape) {
  const std::uint64_t length = std::min(shape.chunk_bytes, blob_.size - offset_);
  const Headers headers = {{"Content-Type", std::string(media_type::kOctetStream)},
                           {"Content-Range", Concat({std::to_string(offset_), "-",
                                                     std::to_string(offset_ + length - 1)})}};
  const auto asked = Request(
      "PATCH", *location_, Route::kUploadPatch, headers,
      [&]() -> Result<Body> { return file_->Range(offset_, length); }, length);
  if (!asked) {
    return asked.failure();
  }
  if (asked->seen.status != 202) {
    return ClassifyAnswer(asked->seen, lane_.clock.Now());
  }
  if (auto taken = TakeLocation(asked->seen); !taken) {
    return taken.failure();
  }
  report_.sent_bytes += length;
  const auto reached = OffsetAfter(asked->seen, offset_ + length);
  if (!reached) {
    // The chunk is acknowledged; it is not sent again because a question went wrong.
    return reached.failure().cancelled ? Outcome<Step>(reached.failure()) : Step::kAsk;
  }
  offset_ = reached.value();
  return AfterProgress();
}

// A Range that is not what was sent is asked about once: the session knows whether it is short or
// tells of something else. One that does not move at all is not believed; the digest decides then.
Outcome<std::uint64_t> BlobUpload::OffsetAfter(const AnswerSeen& seen, std::uint64_t sent_to) {
  const auto told = BytesOfRange(seen.headers.Get("Range"));
  const bool off_by_one = told && *told == sent_to + 1;
  if (!lane_.shape.now().range_counts || !told || *told == sent_to || off_by_one) {
    return sent_to;
  }
  const auto asked = AskOffset();
  if (!asked) {
    // Another upload may have found out meanwhile that such answers mean nothing.
    return lane_.shape.now().status_counts ? asked : Outcome<std::uint64_t>(sent_to);
  }
  if (asked.value() > offset_ && asked.value() < sent_to) {
    return asked.value();
  }
  asked.value() == sent_to ? lane_.shape.DistrustRange() : lane_.shape.DistrustStatus();
  return sent_to;
}

Outcome<BlobUpload::Step> BlobUpload::Commit(std::uint64_t from, std::uint64_t length) {
  Url url = *location_;
  url.AddQuery("digest", blob_.digest.ToString());
  const Headers headers = {{"Content-Type", std::string(media_type::kOctetStream)}};
  const auto asked = Request(
      "PUT", url, Route::kUploadCommit, headers,
      [&]() -> Result<Body> { return file_->Range(from, length); }, length);
  if (!asked) {
    return asked.failure();
  }
  if (asked->seen.status != 201) {
    return ClassifyAnswer(asked->seen, lane_.clock.Now());
  }
  report_.how = BlobReport::How::kUploaded;
  report_.sent_bytes += length;
  return unsure_ ? Step::kConfirm : Step::kDone;
}

// Looks at what a commit left that came through after one that nobody knows the end of. A blob that
// is not right is sent once more; one that is not seen after that may still come.
Outcome<BlobUpload::Step> BlobUpload::Confirm() {
  auto there = confirmed_ ? Look(Step::kDone, Step::kProbe) : Look(Step::kOpen);
  if (!there || there.value() == Step::kDone) {
    return there;
  }
  if (std::exchange(confirmed_, true)) {
    return LocalFailure(Concat({"the registry took ", blob_.digest.ToString(), " twice and keeps ",
                                "another size than ", std::to_string(blob_.size)}),
                        "The registry spoils blobs; do not publish there until that is mended.");
  }
  return there;
}

Outcome<Ok> BlobUpload::TakeLocation(const AnswerSeen& seen) {
  if (!seen.headers.Has("Location")) {
    return Ok{};
  }
  const auto asked = Url::Parse(seen.url);
  auto url = asked ? asked->Resolve(seen.headers.Get("Location")) : asked;
  if (!url) {
    return Odd(seen, NextMove::kRestart, url.error().At("Location").message());
  }
  const Url home = lane_.session.Origin(target_);
  if (home.scheme == "https" && url->scheme == "http") {
    // A registry behind a proxy that ends TLS says so of itself; nobody else may.
    if (HostOf(*url) != HostOf(home)) {
      return Odd(seen, NextMove::kStop,
                 Concat({"the registry sends the upload from ", home.Origin(), " to ",
                         url->Origin(), ", which is not encrypted"}));
    }
    url->scheme = home.scheme;
    url->host = home.host;
  }
  if (url->Origin() == deserted_) {
    url->scheme = home.scheme;
    url->host = home.host;
  }
  location_ = std::move(*url);
  return Ok{};
}

bool BlobUpload::TakeHome() {
  const Url home = lane_.session.Origin(target_);
  if (!location_ || !deserted_.empty() || location_->Origin() == home.Origin() ||
      HostOf(*location_) != HostOf(home)) {
    return false;
  }
  deserted_ = location_->Origin();
  location_->scheme = home.scheme;
  location_->host = home.host;
  return true;
}

Url BlobUpload::BlobUrl() const {
  Url url = lane_.session.Origin(target_);
  url.path = Concat({"/v2/", target_.repository, "/blobs/", blob_.digest.ToString()});
  return url;
}

Outcome<RegistryAnswer> BlobUpload::Request(std::string_view method, const Url& url, Route route,
                                            Headers headers, const BodySource& body,
                                            std::uint64_t bytes) {
  auto seconds = static_cast<std::int64_t>(bytes / kBytesPerSecondMin);
  if (route == Route::kUploadCommit) {
    seconds += static_cast<std::int64_t>(blob_.size / kCommitBytesPerSecondMin);
  }
  return lane_.session.Send({.method = method,
                             .reference = target_,
                             .url = url,
                             .headers = std::move(headers),
                             .body = body,
                             .route = route,
                             .will_push = true,
                             .patience = kRequestPatience + std::chrono::seconds(seconds)});
}

}  // namespace drydock::publisher
