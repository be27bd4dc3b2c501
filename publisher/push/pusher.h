// Pushes a prebuilt image: blobs first, several at once and each at most once; then child manifests
// by digest, then the index by digest, read back; and last, once, the tag. Run again after any end
// it sends only what is missing; an upload that a kill interrupted goes on at its offset.
// Threads: Push blocks its caller and uses the lanes it is given.
// Source: incidents.md section 5, rules 5 to 12; OCI distribution-spec "Push".
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/journal.h"
#include "core/rng.h"
#include "core/transport.h"
#include "publisher/push/blob_upload.h"
#include "publisher/push/oci_layout.h"
#include "publisher/push/run_journal.h"
#include "publisher/registry/client.h"

namespace drydock::publisher {

// Where uploads run side by side: threads for real, actors in a replay.
struct Lanes {
  using Task = std::function<void()>;
  std::size_t count = 1;
  std::function<std::unique_ptr<Transport>()> connect;  // a transport of its own for each lane
  std::function<void(std::vector<Task>)> run_together;  // returns when every task has ended
};
inline constexpr std::size_t kLanesUsual = 4;
// Lanes of real threads.
Lanes ThreadLanes(std::size_t count, std::function<std::unique_ptr<Transport>()> connect);

struct PushOptions {
  Credentials credentials;
  std::set<std::string> plain_http;     // as RegistryClient::Options
  std::vector<std::string> mount_from;  // repositories of the same registry that may have blobs
  std::uint64_t chunk_bytes = kChunkBytesUsual;     // 0: one request for each blob
  Duration deadline = Duration::zero();             // of all of it, waits included; 0: none
  RetryBudget budget;                               // for each request
  RetryBudget upload_budget = {.attempts_max = 6};  // for each stretch of a blob without progress
  RetryBudget read_back = {.attempts_max = 6};
  std::string actor = "host";  // who this is, in the journal
  // A line about what was done or is waited for; may be empty. Never called twice at once.
  std::function<void(std::string_view)> on_event;
  // Gets each wait as it begins, in place of a line; may be empty.
  Retrier::OnWait on_wait = {};
};

struct PushReport {
  Digest digest;  // of the image
  Promotion::How tag = Promotion::How::kAlreadyThere;
  std::size_t present = 0;  // blobs that were there
  std::size_t mounted = 0;
  std::size_t uploaded = 0;
  std::uint64_t sent_bytes = 0;  // of blobs
};

class Pusher {
 public:
  // All references must outlive it. `transport` is for what is not a blob.
  Pusher(Transport& transport, Lanes lanes, Clock& clock, Rng rng, Journal& journal,
         RunJournal& run, PushOptions options);

  // Makes `to` (a tag) name the image. On failure the tag is as it was, unless the failure says
  // kAsk; blobs and manifests by digest may have arrived.
  Outcome<PushReport> Push(const LayoutImage& image, const ImageReference& to);

 private:
  class Course;  // one push under way

  Transport& transport_;
  Lanes lanes_;
  Clock& clock_;
  Rng rng_;
  Journal& journal_;
  RunJournal& run_;
  PushOptions options_;
};

}  // namespace drydock::publisher
