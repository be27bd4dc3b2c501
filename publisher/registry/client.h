// The publisher's view of a registry: ping, probe, read a manifest, move a tag. Authenticates by
// itself, retries by one loop, tells apart applied, not applied and unknown.
// Threads: one client belongs to one thread.
// Source: OCI distribution-spec end-2, end-3, end-7; distribution token authentication; incidents
// token-expiry-mid-push, push-ok-tag-missing, hub-stale-tag-after-push, ghcr-201-never-received.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/journal.h"
#include "core/json.h"
#include "core/reference.h"
#include "core/rng.h"
#include "core/transport.h"
#include "publisher/registry/authenticator.h"
#include "publisher/registry/credentials.h"
#include "publisher/registry/failure.h"
#include "publisher/registry/reception.h"
#include "publisher/registry/retry.h"
#include "publisher/registry/session.h"

namespace drydock::publisher {

// The answers to "is this tag or digest there?". Only a 404 in the registry's own words is
// Missing; everything else that is not a yes is Unknown.
struct Exists {
  Digest digest;
  std::string media_type;
};
struct Missing {};
struct Unknown {
  Failure why;
};
using ProbeAnswer = std::variant<Exists, Missing, Unknown>;

struct Manifest {
  std::string bytes;  // as served; hashes to `digest`
  std::string media_type;
  Digest digest;
};

// How a tag came to its digest.
struct Promotion {
  enum class How { kAlreadyThere, kMoved, kMovedNotSeen };
  How how = How::kAlreadyThere;  // kMovedNotSeen: accepted, but reading back never showed it
  Digest digest;
  std::string from;  // digest the tag had before, "" when it was not there
};

// One platform of an image: "linux/amd64", "linux/arm/v7".
using Platforms = std::vector<std::string>;

inline constexpr std::size_t kManifestBytesMax = kAnswerBytesMax;  // distribution-spec's advice

class RegistryClient {
 public:
  struct Options {
    Credentials credentials;
    std::set<std::string> plain_http;  // registries asked over http
    RetryBudget budget;
    RetryBudget read_back = {.attempts_max = 6};
    std::string actor = "host";  // who this is, in the journal
    Retrier::OnWait on_wait = {};
    std::shared_ptr<TokenShelf> tokens = nullptr;  // shared with other clients; nullptr: its own
  };

  // All references must outlive the client.
  RegistryClient(Transport& transport, Clock& clock, Rng rng, Journal& journal, Options options);

  // Whether the registry answers at /v2/ (200 and 401 both mean yes), what its clock says, and
  // whether the login may push to `image`'s repository. The token asked for is kept for the push.
  Outcome<Reception> Greet(const ImageReference& image);

  // Asks for `reference` (tag or digest) by HEAD; a 404 is confirmed by GET, since only a body can
  // show whose 404 it is.
  ProbeAnswer Probe(const ImageReference& reference);

  // The manifest `reference` names. What was served is hashed; bytes that do not match a digest
  // asked for are a failure.
  Outcome<Manifest> GetManifest(const ImageReference& reference);
  // The same, with the patience of a read back for one that is not there yet.
  Outcome<Manifest> AwaitManifest(const ImageReference& reference);

  // Puts `manifest` whatever a HEAD of `to` says: for a registry that has it and serves other
  // bytes.
  Outcome<Ok> PutAnew(const Manifest& manifest, const ImageReference& to);

  // What `manifest` is that this run has pushed by another way. Manifests that were read, put or
  // told of so are known: should the pull limit keep them from being read, a HEAD by digest stands
  // in, which is not counted.
  void Know(Manifest manifest);
  // Those of which a HEAD alone says that they are there.
  const std::set<Digest>& seen_by_head() const { return seen_by_head_; }

  // Whether a blob of `image`'s repository is there with that size (HEAD), or, when `hashed` or
  // when HEAD does not tell, whether its bytes are right. Has the patience of a read back.
  struct BlobSize {
    Digest digest;
    std::uint64_t bytes = 0;
  };
  Outcome<Ok> CheckBlob(const ImageReference& image, const BlobSize& blob, bool hashed);

  // The repository's tags that begin with `prefix`, at most `tags_max` of all looked at.
  Outcome<std::vector<std::string>> ListTags(const ImageReference& image, std::string_view prefix,
                                             std::size_t tags_max);

  // GETs of manifests answered so far, which registries count as pulls, and what the last answer
  // said is left of their limit ("95;w=21600", "" when none did).
  std::size_t manifest_gets() const { return manifest_gets_; }
  const std::string& pulls_left() const { return pulls_left_; }

  // Makes `to` (a tag) name the manifest that `from` names, by reference: HEAD of `to`, skipped
  // when equal; else GET by digest, PUT of the same bytes, read back. A lost answer is settled by
  // asking before anything is sent again. On failure the tag is as it was, unless the failure says
  // kAsk. A tag that somebody else moves meanwhile is left alone, and so is one that names neither
  // `from` nor `before` ("" for nothing) to begin with, when that is given. One that was accepted
  // and does not show is put once more.
  Outcome<Promotion> Promote(const ImageReference& from, const ImageReference& to,
                             const std::optional<std::string>& before = {});

  // What is done about a refused PUT before it is sent again; a failure ends the attempts.
  using Mend = std::function<Outcome<Ok>(const Failure&)>;

  // Makes `to` (a tag or the manifest's own digest) name `manifest`: HEAD, skipped when equal; else
  // PUT and read back. What is said of Promote holds here.
  Outcome<Promotion> Put(const Manifest& manifest, const ImageReference& to, const Mend& mend = {});

  // The platforms of an image; attestations are not platforms. One GET for an index; a plain image
  // takes a second one for its config.
  Outcome<Platforms> PlatformsOf(const ImageReference& reference);

  // What each image behind `image` (by digest; attestations left out) says of its commit; nullopt
  // for one that says nothing. GETs of the index, of each image's manifest and of its config.
  using Revisions = std::vector<std::optional<std::string>>;
  Outcome<Revisions> RevisionsOf(const ImageReference& image);

 private:
  ProbeAnswer ProbeOnce(const ImageReference& reference);
  static Outcome<ProbeAnswer> Known(ProbeAnswer answer);
  Outcome<Reception> GreetOnce(const ImageReference& image);
  Outcome<Manifest> GetManifestOnce(const ImageReference& reference);
  Outcome<Manifest> ReadManifest(const ImageReference& reference);
  Outcome<Manifest> SeeByHead(const Manifest& known, const ImageReference& reference);
  Outcome<Ok> CheckSize(const ImageReference& image, const BlobSize& blob);
  Outcome<Ok> CheckBytes(const ImageReference& image, const BlobSize& blob);
  Outcome<Promotion> Move(const Digest& digest, const ImageReference& to,
                          const std::function<Outcome<Manifest>()>& get, const Mend& mend,
                          const std::optional<std::string>& expected = {});
  Outcome<Ok> PutUntilSettled(const Manifest& manifest, const ImageReference& to,
                              const ProbeAnswer& before, Duration looked, const Mend& mend);
  Outcome<Ok> PutOnce(const Manifest& manifest, const ImageReference& to);
  Outcome<Promotion::How> PutAgain(const Manifest& manifest, const ImageReference& to,
                                   const ProbeAnswer& before);
  Outcome<Promotion::How> ReadBack(const ImageReference& to, const Digest& digest,
                                   const ProbeAnswer& before);
  Outcome<json::Value> ConfigOf(const ImageReference& image, const Manifest& manifest);

  Clock& clock_;
  Options options_;
  RegistrySession session_;
  Retrier retrier_;
  std::size_t manifest_gets_ = 0;
  std::string pulls_left_;
  bool pulls_used_up_ = false;
  std::map<Digest, Manifest> known_;
  std::size_t known_bytes_ = 0;
  std::set<Digest> seen_by_head_;
};

}  // namespace drydock::publisher
