// The error codes a registry answers with: one table of code, status and message, and the one place
// that writes error bodies. Threads: constants and pure functions.
// Source: OCI distribution-spec "Error Codes" (code-1 … code-14); incidents.md section 1 for the
// codes that registries add to them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/http.h"
#include "core/result.h"

namespace drydock::simulator {

enum class ApiCode {
  kBlobUnknown,
  kBlobUploadInvalid,
  kBlobUploadUnknown,
  kDigestInvalid,
  kManifestBlobUnknown,
  kManifestInvalid,
  kManifestUnknown,
  kNameInvalid,
  kNameUnknown,
  kSizeInvalid,
  kUnauthorized,
  kDenied,
  kUnsupported,
  kTooManyRequests,
  // Not in the specification; distribution and others answer with them.
  kTagInvalid,
  kRangeInvalid,
  kPaginationNumberInvalid,
  kMethodNotAllowed,      // UNSUPPORTED as 405: the route exists, the method does not
  kUnsupportedMediaType,  // UNSUPPORTED as 415
  kTooLarge,              // SIZE_INVALID as 413
  kTooManyTags,           // TAG_INVALID as 414
  kUnknown,               // the registry's own failure
  kUploadStale,           // BLOB_UPLOAD_INVALID as 404
};

struct ErrorRow {
  ApiCode code;
  std::string_view name;  // as it stands in the body
  int status;
  std::string_view message;
  std::string_view spec;  // "code-7", or who else uses it
};

// Every row, in the order of the enumeration.
std::span<const ErrorRow> ErrorRows();
const ErrorRow& RowOf(ApiCode code);

// One complaint: a code and what it is about ("digest", "sha256:…"), shown as the JSON detail.
struct Problem {
  ApiCode code;
  std::string key = {};  // "" means no detail
  std::string value = {};
  std::string message = {};  // instead of the table's
};

// How the detail of an error is written.
enum class DetailStyle {
  kNamed,         // {"digest": "sha256:…"}
  kDistribution,  // as distribution 2.8: a bare digest, {"Tag": …}, {"Name": …, "Revision": …},
                  // none
};

// The answer with that code's status and a body of one error (or of all of them, first one's
// status). `problems` must not be empty. `repository` stands in some details of kDistribution.
Response Refusal(const Problem& problem);
Response Refusal(const std::vector<Problem>& problems, DetailStyle style = DetailStyle::kNamed,
                 std::string_view repository = "");

// The registry's storage failed it; the body says how. Without room left (kDenied) it is what
// registries answer beyond a quota: 403 DENIED (incident `quota-denied-after-upload`).
Response StorageFailed(const Error& error);

// An answer of the web server in front, which knows nothing of codes: "404 page not found\n".
Response PlainAnswer(int status, std::string_view text);
// An answer with a JSON body.
Response JsonAnswer(int status, std::string json);

}  // namespace drydock::simulator
