#include "publisher/push/pusher.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>

#include "core/text.h"

namespace drydock::publisher {
namespace {

// So many times a manifest's blobs are looked for when it is refused for them; then their HEAD is
// no longer believed, and they are sent.
constexpr int kLooksForParts = 2;

// Registries that need a moment to see what they have just taken.
bool IsMissingPart(const Failure& failure) {
  return failure.code == "MANIFEST_BLOB_UNKNOWN" || failure.code == "BLOB_UNKNOWN" ||
         failure.code == "MANIFEST_UNKNOWN";
}

std::string_view Told(BlobReport::How how) {
  switch (how) {
    case BlobReport::How::kPresent:
      return "is there already";
    case BlobReport::How::kMounted:
      return "was mounted";
    case BlobReport::How::kUploaded:
      break;
  }
  return "was uploaded";
}

std::string_view Told(Promotion::How how) {
  switch (how) {
    case Promotion::How::kAlreadyThere:
      return "names it already";
    case Promotion::How::kMoved:
      return "names it now";
    case Promotion::How::kMovedNotSeen:
      break;
  }
  return "was accepted, but reading back does not show it";
}

}  // namespace

// One push under way. Lanes share the queue of blobs, the report and the first failure.
class Pusher::Course {
 public:
  Course(Pusher& pusher, const LayoutImage& image, const ImageReference& to)
      : with_(pusher),
        options_(pusher.options_),
        image_(image),
        to_(to),
        shape_(options_.chunk_bytes),
        tokens_(std::make_shared<TokenShelf>()),
        registry_(with_.transport_, with_.clock_, with_.rng_.Fork("registry"), with_.journal_,
                  ClientOptions()) {
    report_.digest = image.top().digest;
  }

  Outcome<PushReport> Run() {
    const ProbeAnswer there = registry_.Probe(to_);
    if (const auto* unknown = std::get_if<Unknown>(&there)) {
      return unknown->why;
    }
    const auto* exists = std::get_if<Exists>(&there);
    const bool named = exists != nullptr && exists->digest == report_.digest;
    if (!named) {
      for (const auto& step : {&Course::PushBlobs, &Course::PushManifests}) {
        if (auto pushed = (this->*step)(); !pushed) {
          return pushed.failure();
        }
      }
    }
    if (auto verified = Verify(); !verified) {
      return verified.failure();
    }
    return MoveTag();
  }

 private:
  RegistryClient::Options ClientOptions() {
    RegistryClient::Options client;
    client.credentials = options_.credentials;
    client.plain_http = options_.plain_http;
    client.budget = Bounded(options_.budget);
    client.read_back = Bounded(options_.read_back);
    client.actor = options_.actor;
    client.tokens = tokens_;
    client.on_wait = OnWait();
    return client;
  }

  RetryBudget Bounded(RetryBudget budget) const {
    budget.deadline = deadline_;
    return budget;
  }

  Retrier::OnWait OnWait() {
    return [this](const WaitEvent& wait) {
      if (options_.on_wait) {
        const std::lock_guard lock(speaking_);
        options_.on_wait(wait);
      } else {
        Say(Concat({"waiting ", FormatDuration(wait.span), ": ", wait.reason}));
      }
    };
  }

  void Say(std::string_view line) {
    if (options_.on_event) {
      const std::lock_guard lock(speaking_);
      options_.on_event(line);
    }
  }

  Outcome<Ok> Note(std::string_view step, std::string_view detail) {
    const Status noted = with_.run_.NoteStep(to_.Name(), step, detail);
    return noted ? Outcome<Ok>(Ok{}) : LocalFailure(noted.error().message());
  }

  ImageReference At(const Digest& digest) const {
    ImageReference reference = to_;
    reference.tag.reset();
    reference.digest = digest;
    return reference;
  }

  // The smallest one goes ahead, then from the largest down: should the registry refuse us, little
  // was sent in vain, and the token that the first one fetches serves all lanes.
  Outcome<Ok> PushBlobs() {
    if (auto noted = Note("blobs", std::to_string(image_.blobs.size())); !noted) {
      return noted;
    }
    for (const LayoutBlob& blob : image_.blobs) {
      queue_.push_back(&blob);
    }
    std::sort(queue_.begin(), queue_.end(), [](const LayoutBlob* a, const LayoutBlob* b) {
      return a->size != b->size ? a->size > b->size : a->digest < b->digest;
    });
    if (!queue_.empty()) {
      std::rotate(queue_.begin(), queue_.end() - 1, queue_.end());
      Lane(with_.transport_, 0, 1);
    }
    const std::size_t lanes =
        with_.lanes_.connect ? std::min(with_.lanes_.count, queue_.size() - next_) : 0;
    std::vector<Lanes::Task> tasks;
    for (std::size_t i = 0; i < lanes; ++i) {
      tasks.push_back([this, i] {
        const auto transport = with_.lanes_.connect();
        Lane(*transport, i + 1, queue_.size());
      });
    }
    if (!tasks.empty()) {
      with_.lanes_.run_together(std::move(tasks));
    } else {
      Lane(with_.transport_, 0, queue_.size());
    }
    return failure_ ? Outcome<Ok>(*failure_) : Ok{};
  }

  // Takes blobs from the queue, `blobs_max` at most, until it is empty or one has failed.
  void Lane(Transport& transport, std::size_t number, std::size_t blobs_max) {
    RegistrySession session(transport, with_.clock_, options_.credentials, options_.plain_http,
                            RequestTime{.run_ends = deadline_}, tokens_);
    Retrier retrier(with_.clock_, with_.journal_,
                    with_.rng_.Fork(Concat({"lane ", std::to_string(number)})), options_.actor,
                    OnWait());
    UploadLane lane{
        session, with_.clock_, retrier, with_.run_, shape_, stop_, Bounded(options_.upload_budget)};
    for (std::size_t done = 0; done < blobs_max; ++done) {
      const LayoutBlob* blob = TakeBlob();
      if (blob == nullptr) {
        return;
      }
      const auto ended = BlobUpload(lane, to_, *blob, SourcesOf(*blob)).Run(trusts_head_);
      const std::lock_guard lock(mutex_);
      if (!ended) {
        // The others unwind as cancelled; what made them is the news.
        if (!failure_ || (failure_->cancelled && !ended.failure().cancelled)) {
          failure_ = ended.failure();
        }
        stop_ = true;
        return;
      }
      Count(*blob, ended.value());
    }
  }

  const LayoutBlob* TakeBlob() {
    const std::lock_guard lock(mutex_);
    return stop_ || next_ == queue_.size() ? nullptr : queue_[next_++];
  }

  void Count(const LayoutBlob& blob, const BlobReport& ended) {
    report_.present += ended.how == BlobReport::How::kPresent ? 1 : 0;
    report_.mounted += ended.how == BlobReport::How::kMounted ? 1 : 0;
    report_.uploaded += ended.how == BlobReport::How::kUploaded ? 1 : 0;
    report_.sent_bytes += ended.sent_bytes;
    Say(Concat({"blob ", blob.digest.Short(), " (", HumanBytes(blob.size), ") ", Told(ended.how)}));
  }

  std::vector<std::string> SourcesOf(const LayoutBlob& blob) const {
    std::vector<std::string> repositories = options_.mount_from;
    for (const std::string& source : blob.sources) {
      const auto named = ImageReference::Parse(source);
      if (named && named->registry == to_.registry) {
        repositories.push_back(named->repository);
      }
    }
    return repositories;
  }

  Outcome<Ok> PushManifests() {
    if (auto noted = Note("manifests", std::to_string(image_.manifests.size())); !noted) {
      return noted;
    }
    for (const Manifest& manifest : image_.manifests) {
      int refusals = 0;
      const auto put = registry_.Put(manifest, At(manifest.digest), [&](const Failure& refused) {
        if (!IsMissingPart(refused)) {
          return Outcome<Ok>(Ok{});
        }
        trusts_head_ = ++refusals <= kLooksForParts;
        return PushPartsAgain(manifest);
      });
      trusts_head_ = true;
      if (!put) {
        return image_.IsAttestation(manifest.digest)
                   ? OfAnAttestation(put.failure(), manifest.digest)
                   : put.failure();
      }
      if (put->how == Promotion::How::kMovedNotSeen) {
        return NotShown(manifest.digest);
      }
      Say(Concat({"manifest ", manifest.digest.Short(), " ",
                  put->how == Promotion::How::kAlreadyThere ? "is there already" : "was put"}));
    }
    return Ok{};
  }

  // Those of a manifest's parts that the registry no longer has, or never kept.
  Outcome<Ok> PushPartsAgain(const Manifest& manifest) {
    const auto parts = std::find_if(image_.parts.begin(), image_.parts.end(),
                                    [&](const auto& one) { return one.first == manifest.digest; });
    if (parts == image_.parts.end()) {
      return PushChildrenAgain(manifest);
    }
    queue_.clear();
    next_ = 0;
    for (const Digest& digest : parts->second) {
      queue_.push_back(image_.FindBlob(digest));
    }
    Lane(with_.transport_, 0, queue_.size());
    return failure_ ? Outcome<Ok>(*failure_) : Ok{};
  }

  Outcome<Ok> PushChildrenAgain(const Manifest& index) {
    for (const Manifest& child : image_.manifests) {
      if (child.digest == index.digest) {
        break;
      }
      if (const auto put = registry_.Put(child, At(child.digest)); !put) {
        return put.failure();
      }
    }
    return Ok{};
  }

  // It is never left out unasked, but who reads of it should know that the image itself was taken.
  static Failure OfAnAttestation(Failure failure, const Digest& digest) {
    failure.words =
        Concat({"the attestation ", digest.Short(), " is what was refused: ", failure.words});
    if (failure.persistence == Persistence::kDeterministic) {
      failure.advice = Concat({failure.advice, failure.advice.empty() ? "" : " ",
                               "To publish there, make the layout without attestations."});
    }
    return failure;
  }

  static Failure NotShown(const Digest& digest) {
    Failure failure = LocalFailure(
        Concat({digest.ToString(), " was accepted, but the registry does not show it"}),
        "Run again in some minutes; it asks before it sends.");
    failure.answerer = Answerer::kRegistry;
    failure.persistence = Persistence::kTransient;
    failure.next = NextMove::kRetry;
    return failure;
  }

  // Every manifest as it can be pulled.
  Outcome<Ok> Verify() {
    if (auto noted = Note("verify", report_.digest.ToString()); !noted) {
      return noted;
    }
    for (const Manifest& manifest : image_.manifests) {
      // What is served is hashed: bytes that a registry cut or changed are no manifest.
      auto served = registry_.GetManifest(At(manifest.digest));
      if (!served && served.failure().other_bytes) {
        served = PutAnew(manifest);
      }
      if (!served) {
        return served.failure();
      }
    }
    if (const std::size_t unread = registry_.seen_by_head().size(); unread > 0) {
      Say(Concat({std::to_string(unread), " manifests are there by HEAD and were not read back: ",
                  "the registry's pull limit is used up"}));
    }
    return Ok{};
  }

  // The same bytes once more mend what a registry keeps cut or changed.
  Outcome<Manifest> PutAnew(const Manifest& manifest) {
    Say(Concat({"manifest ", manifest.digest.Short(), " is served with other bytes; put again"}));
    if (const auto put = registry_.PutAnew(manifest, At(manifest.digest)); !put) {
      return put.failure();
    }
    return registry_.GetManifest(At(manifest.digest));
  }

  Outcome<PushReport> MoveTag() {
    if (auto noted = Note("tag", to_.ToString()); !noted) {
      return noted.failure();
    }
    const auto put = registry_.Put(image_.top(), to_);
    if (!put) {
      return put.failure();
    }
    report_.tag = put->how;
    Say(Concat({to_.ToString(), " ", Told(put->how)}));
    return report_;
  }

  Pusher& with_;
  const PushOptions& options_;
  const LayoutImage& image_;
  const ImageReference& to_;
  UploadShape shape_;
  std::shared_ptr<TokenShelf> tokens_;
  Deadline deadline_ = options_.deadline > Duration::zero()
                           ? with_.clock_.Elapsed() + options_.deadline
                           : kNoDeadline;
  std::mutex speaking_;
  RegistryClient registry_;

  std::mutex mutex_;  // over what follows
  std::vector<const LayoutBlob*> queue_;
  std::size_t next_ = 0;
  bool trusts_head_ = true;  // a blob that a HEAD shows is there
  PushReport report_{.digest = Digest::Of("")};
  std::optional<Failure> failure_;
  std::atomic<bool> stop_ = false;
};

Lanes ThreadLanes(std::size_t count, std::function<std::unique_ptr<Transport>()> connect) {
  Lanes lanes;
  lanes.count = count;
  lanes.connect = std::move(connect);
  lanes.run_together = [](std::vector<Lanes::Task> tasks) {
    std::vector<std::thread> threads;
    threads.reserve(tasks.size());
    for (Lanes::Task& task : tasks) {
      threads.emplace_back(std::move(task));
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  };
  return lanes;
}

Pusher::Pusher(Transport& transport, Lanes lanes, Clock& clock, Rng rng, Journal& journal,
               RunJournal& run, PushOptions options)
    : transport_(transport),
      lanes_(std::move(lanes)),
      clock_(clock),
      rng_(rng),
      journal_(journal),
      run_(run),
      options_(std::move(options)) {}

Outcome<PushReport> Pusher::Push(const LayoutImage& image, const ImageReference& to) {
  if (!to.tag || to.digest) {
    return LocalFailure(Concat({"push: expected a tag: ", to.ToString()}));
  }
  return Course(*this, image, to).Run();
}

}  // namespace drydock::publisher
