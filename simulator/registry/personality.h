// What kind of registry the fake is: data, no behaviour. `strict` refuses what the specification
// lets a registry refuse; every leniency and house rule is a named field. traits.h reads and writes
// the fields by name, personalities.h has the known registries.
// Threads: values. Source: incidents.md section 9, P12 to P15; wire-behaviour.md section 5; Docker
// Hub's API text as noted in anchors.md ("Facts for the Hub personality").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "simulator/registry/error_code.h"

namespace drydock::simulator {

// Which of the scopes a client asks for in one request a token service looks at.
// kPull: all, but for pulling alone.
enum class ScopesRead { kAll, kFirst, kLast, kPull, kNone };

// So many in a window of time.
struct Allowance {
  std::uint64_t count = 0;
  Duration window = std::chrono::seconds(1);

  friend bool operator==(const Allowance&, const Allowance&) = default;
};

// How a registry asks for Bearer tokens. A realm that is a path stands for the origin the client
// asked.
struct TokenRule {
  std::string realm = "/token";
  std::string service = "drydock";
  std::string issuer = "drydock";
  Duration life = std::chrono::seconds(300);
  // Without expires_in a client must assume 60 s, and the token is then good for no longer.
  bool says_expiry = true;
  // What an access token asked for more than it may gets: 401, or a token that says less.
  bool excess_refused = false;
  bool refresh_tokens = true;  // for offline_token=true and access_type=offline
  bool oauth_post = true;      // otherwise POST answers 404, as older token services do
  ScopesRead scopes_read = ScopesRead::kAll;
  // So many wrong passwords of an account or address, and it is locked out for the window (429).
  std::optional<Allowance> lockout;
};

// A window in which one source may GET so many manifests. HEAD is free but shows the headers.
struct PullLimit {
  std::uint64_t anonymous = 100;  // per address
  std::uint64_t account = 0;      // per account; 0: accounts have no limit and see no headers
  Duration window = std::chrono::hours(6);
};

// Blobs are read from another host, by a signed URL that answers without credentials only.
inline constexpr std::string_view kCdnSelf = "self";
struct CdnRule {
  // kCdnSelf: this very server under its other name, "localhost" or "127.0.0.1"; a client that
  // came by any other name gets the bytes at once.
  std::string host;
  Duration life = std::chrono::minutes(20);  // of a signed URL
};

enum class ManifestDelete {
  kDisabled,     // 405 UNSUPPORTED
  kAllowed,      // tags that point at it go with it
  kUnlessTagged  // 403 DENIED while a tag or an index of the repository still refers to it
};

// Where Docker-Content-Digest is left out.
enum class DigestHeader { kAlways, kNotOnPut, kNotOnTagRead };

// What the Range of a PATCH's 202 says.
enum class RangeReply {
  kTrue,
  kFrozen,         // what the first chunk brought, for ever
  kChunkRelative,  // as if the chunk were the whole
  kSize,           // one byte too many: the size in place of the last offset
  kShort,          // one byte too few, though all are kept
  kZero,           // "0-0"
  kAbsent,         // there is none
};

// What becomes of a chunk whose Content-Range does not follow what is there.
enum class ChunkOffset { kStrict, kAppended };

// Who knows an upload session.
enum class UploadKeeping {
  kShared,     // every replica
  kByReplica,  // the replica that began it
  kLost,       // nobody: it is gone as soon as it is asked for
};

// GET of an upload session.
enum class StatusRoute { kThere, kNotFound, kNotAllowed };

// Which of a registry's replicas gets a request.
enum class Routing { kRequest, kConnection, kPath };

// What a mount gets; kNo: a session, as if the blob were nowhere.
enum class MountRule { kNo, kYes, kUnauthorized, kDenied };

// What a manifest names and is not there: refused, taken all the same, or replaced by a stub.
enum class Children { kRequired, kDangling, kStubbed };

// When the quota is looked at.
enum class QuotaAt { kCommit, kUpload, kManifest };

// How a WWW-Authenticate for Bearer tokens is written.
enum class ChallengeForm {
  kUsual,
  kReordered,  // scope, service, realm
  kUnquoted,   // bare values
  kLowerCase,  // "bearer"
  kUpperCase,  // "BEARER REALM=…"
  kSeveral,    // behind a Basic challenge in the same field
  kTwoFields,  // behind a Basic challenge in a field of its own
  kNoScope,
  kNoService,
};

struct Limits {
  std::uint64_t manifest_bytes = std::uint64_t{4} << 20;  // a larger one is refused with 413
  std::uint64_t blob_bytes = std::uint64_t{8} << 30;      // likewise
  std::uint64_t chunk_bytes = 0;       // of one PATCH that says its length; 416 above; 0: none
  std::uint64_t quota_bytes = 0;       // of all blobs; a commit beyond it is DENIED; 0: none
  std::size_t upload_sessions = 1024;  // the next POST is refused with 429
  std::size_t header_bytes = 32768;    // all names and values of one request; 431 above
  std::size_t target_bytes = 8192;     // path and query; 414 above
  std::size_t page = 1000;             // entries of one page of a list
  std::size_t manifest_tags = 10;      // ?tag= parameters of one manifest PUT
  // OCI-Chunk-Min-Length: a chunk with a Content-Range that is shorter must be the last one. 0:
  // none
  std::uint64_t chunk_bytes_min = 0;
};

struct Personality {
  std::string name = "strict";

  // Who may do what, and how often
  std::optional<TokenRule> tokens;  // nullopt: no tokens
  bool basic = false;               // Basic credentials; without tokens
  ChallengeForm challenge = ChallengeForm::kUsual;
  std::int64_t clock_skew = 0;  // seconds by which the clock that tokens are held against is ahead
  std::int64_t date_skew = 0;   // seconds by which the Date of its answers is ahead
  std::optional<PullLimit> pull_limit;
  std::optional<Allowance> request_limit;  // per address; beyond it the edge says 429 in plain text

  // Location and session
  bool absolute_location = false;  // with scheme and host, as the client wrote them
  // The upload's Location carries ?_state=, base64url of JSON with the session's offset; using one
  // that is not the latest answers 404 BLOB_UPLOAD_UNKNOWN.
  bool upload_state = false;
  bool status_wants_state = false;  // a status GET with another state: 404 BLOB_UPLOAD_INVALID
  RangeReply range_reply = RangeReply::kTrue;
  ChunkOffset chunk_offset = ChunkOffset::kStrict;
  UploadKeeping uploads = UploadKeeping::kShared;
  std::optional<Duration> upload_life;  // of a session; older ones are gone
  StatusRoute upload_status = StatusRoute::kThere;
  bool mismatch_ends_upload = true;  // a commit whose digest does not fit
  bool manifest_location = true;     // the 201 of a manifest says where it is
  DigestHeader digest_header = DigestHeader::kAlways;
  std::optional<CdnRule> cdn;
  Duration tag_list_lag{};  // of the management API's tag listing

  // What exists
  bool catalog = true;
  bool referrers = true;
  bool anonymous_mount = true;  // ?mount= without from= looks in every repository
  MountRule mount = MountRule::kYes;
  bool single_post = true;     // POST ?digest= takes the blob; otherwise it only opens a session
  bool tag_parameters = true;  // PUT manifests/<digest>?tag=
  bool digest_algorithm =
      true;  // POST uploads/?digest-algorithm= chooses what the session hashes with
  bool delete_blobs = true;
  bool delete_tags = true;
  ManifestDelete delete_manifests = ManifestDelete::kAllowed;
  bool create_repositories = true;        // by pushing; otherwise 404 NAME_UNKNOWN
  bool list_paging = true;                // n= and last= are heeded
  bool list_link = true;                  // the next page is linked to
  std::optional<ApiCode> writes_refused;  // read-only: what every write gets

  // What a manifest must be
  bool known_manifest_types_only = true;  // 415 for types that are neither OCI nor Docker schema 2
  bool content_type_required = true;      // otherwise the body's mediaType stands in
  bool descriptor_sizes_checked = true;   // a size that is not the blob's is SIZE_INVALID
  bool docker_types = true;               // otherwise 415 for Docker's media types
  bool artifacts = true;            // configs that are no image's; otherwise 400 MANIFEST_INVALID
  bool empty_layers = true;         // images without layers; otherwise 400 MANIFEST_INVALID
  bool platforms_required = false;  // 400 MANIFEST_INVALID for an entry without platform
  std::optional<ApiCode> blob_entries_refused;  // an index whose entries are no manifests
  // What putting an existing tag gets; a tag that stays as it is may be put again if
  // `same_digest_allowed`.
  std::optional<ApiCode> overwrite_refused;
  bool same_digest_allowed = true;
  std::string overwrite_message;  // "{tag}" and "{repository}" are filled in; "": the table's

  Children sparse_manifests = Children::kRequired;
  // A tag read by who takes images and no index gives the linux/amd64 child of its index.
  bool index_to_child = false;
  bool digest_checked = true;  // of a blob; otherwise whatever came has the digest that was said
  bool reserialised = false;   // manifests are written anew, and so have another digest
  std::string
      types_refused;  // globs, separated by blanks: MANIFEST_INVALID for a manifest with one
  QuotaAt quota_at = QuotaAt::kCommit;
  std::optional<std::uint64_t> overwrite_status;  // in place of the code's own

  // What a server in front lets through
  std::string methods_refused;   // separated by blanks: 405 in plain text
  bool length_required = false;  // 411 for a body of unknown length

  // How many copies of the registry share the requests
  std::uint64_t replicas = 1;
  Routing routing = Routing::kRequest;

  DetailStyle details = DetailStyle::kNamed;  // of errors about blobs, manifests and sessions

  // Texts of "Warning: 299 - "…"" on every answer; 4096 bytes in all headers together, no quotes.
  std::vector<std::string> warnings = {};

  Limits limits = {};
};

}  // namespace drydock::simulator
