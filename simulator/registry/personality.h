// What kind of registry the fake is: data, no behaviour. `strict` refuses what the specification
// lets a registry refuse; every leniency and house rule is a named field.
// Threads: values. Source: incidents.md section 9, P15; wire-behaviour.md section 5; Docker Hub's
// API text as noted in anchors.md ("Facts for the Hub personality").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "simulator/registry/error_code.h"

namespace drydock::simulator {

// How a registry asks for Bearer tokens. A realm that is a path stands for the origin the client
// asked.
struct TokenRule {
  std::string realm = "/token";
  std::string service = "drydock";
  std::string issuer = "drydock";
  Duration life = std::chrono::seconds(300);
};

// A window in which one source may GET so many manifests. HEAD is free but shows the headers.
struct PullLimit {
  std::uint64_t anonymous = 100;  // per address
  std::uint64_t account = 0;      // per account; 0: accounts have no limit and see no headers
  Duration window = std::chrono::hours(6);
};

enum class ManifestDelete {
  kDisabled,     // 405 UNSUPPORTED
  kAllowed,      // tags that point at it go with it
  kUnlessTagged  // 403 DENIED while a tag or an index of the repository still refers to it
};

struct Limits {
  std::uint64_t manifest_bytes = std::uint64_t{4} << 20;  // a larger one is refused with 413
  std::uint64_t blob_bytes = std::uint64_t{8} << 30;      // likewise
  std::size_t upload_sessions = 1024;                     // the next POST is refused with 429
  std::size_t header_bytes = 32768;  // all names and values of one request; 431 above
  std::size_t target_bytes = 8192;   // path and query; 414 above
  std::size_t page = 1000;           // entries of one page of a list
  std::size_t manifest_tags = 10;    // ?tag= parameters of one manifest PUT
  // OCI-Chunk-Min-Length: a chunk with a Content-Range that is shorter must be the last one. 0:
  // none
  std::uint64_t chunk_bytes_min = 0;
};

struct Personality {
  std::string name = "strict";
  std::optional<TokenRule> tokens;  // nullopt: no authentication
  std::optional<PullLimit> pull_limit;

  // Location and session
  bool absolute_location = false;  // with scheme and host, as the client wrote them
  // The upload's Location carries ?_state=, base64url of JSON with the session's offset; using one
  // that is not the latest answers 404 BLOB_UPLOAD_UNKNOWN.
  bool upload_state = false;

  // What exists
  bool catalog = true;
  bool referrers = true;
  bool anonymous_mount = true;  // ?mount= without from= looks in every repository
  bool single_post = true;      // POST ?digest= takes the blob; otherwise it only opens a session
  bool tag_parameters = true;   // PUT manifests/<digest>?tag=
  bool digest_algorithm =
      true;  // POST uploads/?digest-algorithm= chooses what the session hashes with
  bool delete_blobs = true;
  bool delete_tags = true;
  ManifestDelete delete_manifests = ManifestDelete::kAllowed;

  // What a manifest must be
  bool known_manifest_types_only = true;  // 415 for types that are neither OCI nor Docker schema 2
  bool content_type_required = true;      // otherwise the body's mediaType stands in
  bool descriptor_sizes_checked = true;   // a size that is not the blob's is SIZE_INVALID

  bool sparse_manifests = false;  // what a manifest names need not be there

  DetailStyle details = DetailStyle::kNamed;  // of errors about blobs, manifests and sessions

  // Texts of "Warning: 299 - "…"" on every answer; 4096 bytes in all headers together, no quotes.
  std::vector<std::string> warnings = {};

  Limits limits = {};
};

// The specification to the letter; Bearer tokens from a realm on the same origin.
Personality StrictPersonality();
// As strict, without authentication: what `drydock serve` is without flags.
Personality AnonymousPersonality();
Personality DockerHubPersonality();
// distribution 2.8 (docker-registry of Debian 12) with deletes enabled, held against recorded
// traffic by tests/traffic; what differs is in docs/fidelity.md.
Personality Distribution28Personality();

// "strict", "anonymous", "docker-hub", "distribution-2.8".
std::optional<Personality> FindPersonality(std::string_view name);
std::vector<std::string> PersonalityNames();

}  // namespace drydock::simulator
