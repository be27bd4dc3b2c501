// The table itself, and how a row is found.
#include "publisher/registry/classification.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace drydock::publisher {
namespace {

// --- sets of routes and speakers
constexpr RouteSet kPing = Bit(Route::kPing);
constexpr RouteSet kToken = Bit(Route::kToken);
constexpr RouteSet kStatus = Bit(Route::kUploadStatus);
constexpr RouteSet kReads = kPing | kToken | Bit(Route::kManifestRead) | Bit(Route::kBlobRead) |
                            kStatus | Bit(Route::kOtherRead);
constexpr RouteSet kStart = Bit(Route::kUploadStart);
constexpr RouteSet kMount = Bit(Route::kMount);
constexpr RouteSet kPatch = Bit(Route::kUploadPatch);
constexpr RouteSet kCommit = Bit(Route::kUploadCommit);
constexpr RouteSet kCancel = Bit(Route::kUploadCancel);
constexpr RouteSet kManifestPuts = Bit(Route::kManifestPut) | Bit(Route::kTagPut);
constexpr RouteSet kOtherWrites = Bit(Route::kOtherWrite);
constexpr RouteSet kWrites =
    kStart | kMount | kPatch | kCommit | kCancel | kManifestPuts | kOtherWrites;
constexpr RouteSet kEvery = kReads | kWrites;

constexpr WhoseSet kOwn = Bit(Whose::kRegistry);
constexpr WhoseSet kPage = Bit(Whose::kPage);
constexpr WhoseSet kProxy = Bit(Whose::kProxy);
constexpr WhoseSet kBetween = kPage | kProxy | Bit(Whose::kOther);
constexpr WhoseSet kNobody = Bit(Whose::kNobody);
constexpr WhoseSet kAnybody = kOwn | kBetween | kNobody | Bit(Whose::kTokenService);

constexpr Phase kUntrusted = Phase::kUntrusted;
constexpr Phase kUnsent = Phase::kUnsent;
constexpr Phase kLost = Phase::kLost;
constexpr Phase kAnswered = Phase::kAnswered;

constexpr Persistence kD = Persistence::kDeterministic;
constexpr Persistence kT = Persistence::kTransient;

constexpr NextMove kRetry = NextMove::kRetry;
constexpr NextMove kWait = NextMove::kWait;
constexpr NextMove kReauthenticate = NextMove::kReauthenticate;
constexpr NextMove kProbe = NextMove::kAsk;
constexpr NextMove kResume = NextMove::kResume;
constexpr NextMove kRestart = NextMove::kRestart;
constexpr NextMove kFallBack = NextMove::kFallBack;
constexpr NextMove kSkip = NextMove::kSkip;
constexpr NextMove kStop = NextMove::kStop;

// --- texts that several rows share
constexpr std::string_view kNone = "";
constexpr std::string_view kTooMany = "TOOMANYREQUESTS";
constexpr std::string_view kLockout = "too many failed login attempts|too many login attempts";
constexpr std::string_view kPullLimit = "pull rate limit";
constexpr std::string_view kSessionCodes = "BLOB_UPLOAD_INVALID|BLOB_UPLOAD_UNKNOWN";
constexpr std::string_view kUnknownPart = "MANIFEST_BLOB_UNKNOWN|BLOB_UNKNOWN|MANIFEST_UNKNOWN";

constexpr std::string_view kLockedOut =
    "The account or address is locked out; correct the login, wait, and do not let anything try it "
    "meanwhile.";
constexpr std::string_view kHoursLong =
    "The pull limit lasts for hours; log in or come back when it has passed.";
constexpr std::string_view kUnreachable =
    "Check that the host is right and that this machine reaches it.";
constexpr std::string_view kNoSuchName = "Check the host's name, and this network's DNS.";
constexpr std::string_view kPerhapsNone =
    "Run again later; if it hangs up on every upload and answers all else, the repository may not "
    "exist.";
constexpr std::string_view kStranger =
    "The server's certificate is not trusted; find out who answers in its place before trying "
    "again.";
constexpr std::string_view kOutOfOrder =
    "Check the login (docker login); if it is right, the registry's login service is out of order "
    "and the run can be resumed later.";
constexpr std::string_view kNoRight =
    "The login has no right to do this; check the repository's name and the access token's "
    "permissions.";
constexpr std::string_view kNotARegistry =
    "Something else than a registry answers at this address.";
constexpr std::string_view kTurnedAway =
    "The request was turned away before the registry; the same request will be again.";
constexpr std::string_view kOpenWhether =
    "The answer is not the registry's own; whether the thing is there is open.";
constexpr std::string_view kBlocked =
    "Something between here and the registry blocks the request; it is not the registry's refusal.";

// clang-format off
constexpr std::array kTable = {
    // name, routes, phase, statuses, whose, codes, words, hint, persistence, next move, advice

    // What was optional never fails a push.
    ClassificationRow{"cancel-unanswered", kCancel, kLost, 0, 0, kAnybody, kNone, kNone, kNoHint, kD, kSkip, kNone},
    ClassificationRow{"cancel-unsent", kCancel, kUnsent, 0, 0, kAnybody, kNone, kNone, kNoHint, kD, kSkip, kNone},
    ClassificationRow{"cancel-refused", kCancel, kAnswered, 0, 999, kAnybody, kNone, kNone, kNoHint, kD, kSkip, kNone},

    // No answer.
    ClassificationRow{"untrusted-server", kEvery, kUntrusted, 0, 0, kAnybody, kNone, kNone, kNoHint, kD, kStop, kStranger},
    ClassificationRow{"name-not-found", kEvery, kUnsent, 0, 0, kAnybody, kNone, "name was not found", kNoHint, kT, kRetry, kNoSuchName},
    ClassificationRow{"never-sent", kEvery, kUnsent, 0, 0, kAnybody, kNone, kNone, kNoHint, kT, kRetry, kUnreachable},
    ClassificationRow{"read-lost", kReads, kLost, 0, 0, kAnybody, kNone, kNone, kNoHint, kT, kRetry, kNone},
    ClassificationRow{"upload-start-lost", kStart, kLost, 0, 0, kAnybody, kNone, kNone, kNoHint, kT, kRetry, kPerhapsNone},
    ClassificationRow{"chunk-lost", kPatch, kLost, 0, 0, kAnybody, kNone, kNone, kNoHint, kT, kResume, kNone},
    ClassificationRow{"write-lost", kWrites, kLost, 0, 0, kAnybody, kNone, kNone, kNoHint, kT, kProbe, kNone},

    // Too many requests, by status or by code.
    ClassificationRow{"locked-out", kEvery, kAnswered, 429, 429, kAnybody, kNone, kLockout, kNoHint, kD, kStop, kLockedOut},
    ClassificationRow{"locked-out-code", kEvery, kAnswered, 400, 599, kAnybody, kTooMany, kLockout, kNoHint, kD, kStop, kLockedOut},
    ClassificationRow{"pull-limit", kEvery, kAnswered, 429, 429, kAnybody, kNone, kPullLimit, kNoRetryAfter, kT, kStop, kHoursLong},
    ClassificationRow{"too-many-requests", kEvery, kAnswered, 429, 429, kAnybody, kNone, kNone, kNoHint, kT, kWait, kNone},
    ClassificationRow{"pull-limit-code", kEvery, kAnswered, 400, 599, kAnybody, kTooMany, kPullLimit, kNoRetryAfter, kT, kStop, kHoursLong},
    ClassificationRow{"too-many-requests-code", kEvery, kAnswered, 400, 599, kAnybody, kTooMany, kNone, kNoHint, kT, kWait, kNone},

    // A token service.
    ClassificationRow{"token-blocked", kToken, kAnswered, 403, 403, kPage | kProxy, kNone, kNone, kNoHint, kT, kRetry, "Something before the token service blocks the request."},
    ClassificationRow{"token-refused", kToken, kAnswered, 401, 401, kAnybody, kNone, kNone, kNoHint, kD, kStop, kOutOfOrder},
    ClassificationRow{"token-denied", kToken, kAnswered, 403, 403, kAnybody, kNone, kNone, kNoHint, kD, kStop, kOutOfOrder},

    // What a manifest names is not seen: by an index too fresh, or not there at all.
    ClassificationRow{"part-unknown", kManifestPuts | kOtherWrites, kAnswered, 400, 499, kOwn, kUnknownPart, kNone, kNoHint, kT, kRetry, kNone},

    // 5xx.
    ClassificationRow{"chunks-not-implemented", kPatch, kAnswered, 501, 501, kAnybody, kNone, kNone, kNoHint, kD, kFallBack, kNone},
    ClassificationRow{"not-implemented", kEvery, kAnswered, 501, 501, kAnybody, kNone, kNone, kNoHint, kD, kStop, "The server does not know this kind of request."},
    ClassificationRow{"version-refused", kEvery, kAnswered, 505, 505, kAnybody, kNone, kNone, kNoHint, kD, kStop, "The server does not know this kind of request."},
    ClassificationRow{"no-space", kEvery, kAnswered, 507, 507, kAnybody, kNone, kNone, kNoHint, kD, kStop, "The registry has no space left."},
    ClassificationRow{"network-login", kEvery, kAnswered, 511, 511, kAnybody, kNone, kNone, kNoHint, kD, kStop, "The network wants a login of its own."},
    ClassificationRow{"read-5xx-promise", kReads | kStart, kAnswered, 500, 999, kAnybody, kNone, kNone, kRetryAfter, kT, kWait, kNone},
    ClassificationRow{"read-5xx", kReads | kStart, kAnswered, 500, 999, kAnybody, kNone, kNone, kNoHint, kT, kRetry, kNone},
    ClassificationRow{"chunk-5xx", kPatch, kAnswered, 500, 999, kAnybody, kNone, kNone, kNoHint, kT, kResume, kNone},
    ClassificationRow{"write-5xx", kWrites, kAnswered, 500, 999, kAnybody, kNone, kNone, kNoHint, kT, kProbe, kNone},

    // A success that is none.
    ClassificationRow{"token-without-token", kToken, kAnswered, 100, 399, kAnybody, kNone, kNone, kNoHint, kD, kStop, "The token service does not understand the request; check the registry's name."},
    ClassificationRow{"page-for-content", kReads | kStart | kMount, kAnswered, 100, 299, kPage, kNone, kNone, kNoHint, kD, kStop, kNotARegistry},
    ClassificationRow{"chunk-strange-success", kPatch, kAnswered, 100, 299, kAnybody, kNone, kNone, kNoHint, kT, kResume, kNone},
    ClassificationRow{"read-strange-success", kReads | kStart, kAnswered, 100, 299, kAnybody, kNone, kNone, kNoHint, kT, kRetry, kNone},
    ClassificationRow{"write-strange-success", kWrites, kAnswered, 100, 299, kAnybody, kNone, kNone, kNoHint, kT, kProbe, kNone},
    ClassificationRow{"redirected", kEvery, kAnswered, 300, 399, kAnybody, kNone, kNone, kNoHint, kD, kStop, "The registry points elsewhere; name that place directly."},

    // 401.
    ClassificationRow{"expired", kEvery & ~kToken, kAnswered, 401, 401, kAnybody, kNone, kNone, kChallenge, kT, kReauthenticate, kNone},
    ClassificationRow{"mount-unauthorized", kMount, kAnswered, 401, 401, kAnybody, kNone, kNone, kNoHint, kD, kFallBack, kNone},
    ClassificationRow{"insufficient-scope", kEvery, kAnswered, 401, 401, kAnybody, kNone, kNone, kInsufficientScope, kD, kStop, kNoRight},
    ClassificationRow{"unauthorized", kEvery, kAnswered, 401, 401, kOwn, kNone, kNone, kNoChallenge, kD, kStop, "The registry refused the login and asks for none; check the account."},
    ClassificationRow{"unauthorized-between", kEvery, kAnswered, 401, 401, kAnybody, kNone, kNone, kNoHint, kT, kRetry, kNone},

    // A mount saves bytes and decides nothing.
    ClassificationRow{"mount-refused", kMount, kAnswered, 400, 499, kAnybody, kNone, kNone, kNoHint, kD, kFallBack, kNone},

    // 403.
    ClassificationRow{"blocked-between", kEvery, kAnswered, 403, 403, kBetween, kNone, kNone, kNoHint, kT, kRetry, kBlocked},
    ClassificationRow{"form-refused", kEvery, kAnswered, 403, 403, kAnybody, kNone, "manifest class|media type|mediatype", kNoHint, kD, kStop, "The registry does not take this kind of manifest; nothing is wrong with the login."},
    ClassificationRow{"quota", kEvery, kAnswered, 403, 403, kAnybody, kNone, "quota|storage limit", kNoHint, kD, kStop, "The account's space is used up; free some or extend it."},
    ClassificationRow{"immutable", kEvery, kAnswered, 403, 403, kAnybody, kNone, "immutab|already exists", kNoHint, kD, kStop, "The tag may not be moved; publish under another one."},
    ClassificationRow{"denied-now-and-then", kEvery, kAnswered, 403, 403, kAnybody, kNone, kNone, kWroteBefore, kT, kRetry, "The same login could write here before; it is the registry that says no now and then."},
    ClassificationRow{"denied", kEvery, kAnswered, 403, 403, kAnybody, kNone, kNone, kNoHint, kD, kStop, "Check that the login may write to this repository."},

    // 404 and 405: an answer only in the registry's own words; outages say them of what is there.
    ClassificationRow{"session-not-shown", kStatus, kAnswered, 404, 405, kAnybody, kNone, kNone, kNoHint, kT, kRestart, kNone},
    ClassificationRow{"chunk-not-found", kPatch, kAnswered, 404, 404, kAnybody, kNone, kNone, kNoHint, kT, kResume, kOpenWhether},
    ClassificationRow{"chunks-not-allowed", kPatch, kAnswered, 405, 405, kAnybody, kNone, kNone, kNoHint, kD, kFallBack, kNone},
    ClassificationRow{"commit-not-found", kCommit, kAnswered, 404, 404, kAnybody, kNone, kNone, kNoHint, kT, kProbe, kNone},
    ClassificationRow{"not-found-between", kEvery & ~kToken, kAnswered, 404, 405, kAnybody & ~kOwn, kNone, kNone, kNoHint, kT, kRetry, kOpenWhether},
    ClassificationRow{"repository-unknown", kWrites, kAnswered, 404, 405, kOwn, "NAME_UNKNOWN", kNone, kNoHint, kD, kStop, "Create the repository first."},
    ClassificationRow{"session-unknown", kWrites, kAnswered, 404, 404, kOwn, "BLOB_UPLOAD_UNKNOWN", kNone, kNoHint, kT, kProbe, kNone},
    ClassificationRow{"not-found", kEvery & ~kToken, kAnswered, 404, 405, kOwn, kNone, kNone, kNoHint, kD, kStop, kNone},

    // Other 4xx.
    ClassificationRow{"proxy-login", kEvery, kAnswered, 407, 407, kAnybody, kNone, kNone, kNoHint, kD, kStop, "The proxy wants a login."},
    ClassificationRow{"chunk-too-slow", kPatch, kAnswered, 408, 408, kAnybody, kNone, kNone, kNoHint, kT, kResume, kNone},
    ClassificationRow{"commit-too-slow", kCommit, kAnswered, 408, 408, kAnybody, kNone, kNone, kNoHint, kT, kProbe, kNone},
    ClassificationRow{"too-slow", kEvery, kAnswered, 408, 408, kAnybody, kNone, kNone, kNoHint, kT, kRetry, kNone},
    ClassificationRow{"misdirected", kEvery, kAnswered, 421, 421, kAnybody, kNone, kNone, kNoHint, kT, kRetry, kNone},
    ClassificationRow{"too-early", kEvery, kAnswered, 425, 425, kAnybody, kNone, kNone, kNoHint, kT, kRetry, kNone},
    ClassificationRow{"token-not-understood", kToken, kAnswered, 400, 499, kAnybody, kNone, kNone, kNoHint, kD, kStop, "The token service does not understand the request; check the registry's name."},
    ClassificationRow{"session-conflict", kPatch, kAnswered, 409, 409, kOwn | kNobody, kNone, kNone, kNoHint, kT, kResume, kNone},
    ClassificationRow{"commit-conflict", kCommit, kAnswered, 409, 409, kOwn | kNobody, kNone, kNone, kNoHint, kT, kProbe, kNone},
    ClassificationRow{"body-too-large", kPatch | kCommit, kAnswered, 413, 413, kAnybody, kNone, kNone, kNoHint, kD, kFallBack, "Something before the registry limits the size of a request."},
    ClassificationRow{"too-large-between", kEvery, kAnswered, 413, 413, kBetween | kNobody, kNone, kNone, kNoHint, kD, kStop, "Something before the registry limits the size of a request."},
    ClassificationRow{"offset-or-size", kPatch | kCommit, kAnswered, 416, 416, kAnybody, kNone, kNone, kNoHint, kT, kResume, kNone},
    ClassificationRow{"session-spoiled", kCommit, kAnswered, 400, 499, kOwn, "DIGEST_INVALID|SIZE_INVALID", kNone, kNoHint, kT, kRestart, "The bytes that arrived are not those that were sent; something on the way changes them."},
    ClassificationRow{"chunk-rejected", kPatch, kAnswered, 400, 499, kOwn, "BLOB_UPLOAD_INVALID|BLOB_UPLOAD_UNKNOWN|SIZE_INVALID|RANGE_INVALID", kNone, kNoHint, kT, kResume, kNone},
    ClassificationRow{"overwrite-refused", kManifestPuts, kAnswered, 400, 499, kOwn, kNone, "does not allow updating|tag is immutable|immutability", kNoHint, kD, kStop, "The tag may not be moved; publish under another one."},
    ClassificationRow{"commit-raced", kWrites, kAnswered, 400, 499, kOwn, kSessionCodes, kNone, kNoHint, kT, kProbe, kNone},
    ClassificationRow{"session-status-rejected", kStatus, kAnswered, 400, 499, kOwn, kNone, kNone, kNoHint, kT, kRestart, kNone},
    ClassificationRow{"rejected", kEvery, kAnswered, 400, 499, kOwn, kNone, kNone, kNoHint, kD, kStop, kNone},
    ClassificationRow{"turned-away", kEvery, kAnswered, 0, 999, kAnybody, kNone, kNone, kNoHint, kD, kStop, kTurnedAway},
};
// clang-format on

// Whether `fits` holds for one of the words of "a|b|c".
template <class Fits>
bool AnyOf(std::string_view words, Fits fits) {
  while (true) {
    const std::size_t end = words.find('|');
    if (fits(words.substr(0, end))) {
      return true;
    }
    if (end == std::string_view::npos) {
      return false;
    }
    words.remove_prefix(end + 1);
  }
}

bool Takes(const ClassificationRow& row, const Occurrence& seen) {
  return (row.routes & Bit(seen.route)) != 0 && row.phase == seen.phase &&
         seen.status >= row.status_min && seen.status <= row.status_max &&
         (row.whose & Bit(seen.whose)) != 0 &&
         (row.hint == kNoHint || (row.hint & seen.hints) != 0) &&
         (row.codes.empty() ||
          AnyOf(row.codes, [&](std::string_view code) { return code == seen.code; })) &&
         (row.words.empty() || AnyOf(row.words, [&](std::string_view word) {
            return Contains(ToLower(seen.words), word);
          }));
}

Route RouteOfManifest(bool read, std::string_view reference) {
  if (read) {
    return Route::kManifestRead;
  }
  return reference.find(':') == std::string_view::npos ? Route::kTagPut : Route::kManifestPut;
}

Route RouteOfUpload(std::string_view method, std::string_view query, bool named) {
  if (method == "POST") {
    return query.find("mount=") == std::string_view::npos ? Route::kUploadStart : Route::kMount;
  }
  if (method == "PATCH") {
    return Route::kUploadPatch;
  }
  if (method == "PUT") {
    return Route::kUploadCommit;
  }
  if (method == "DELETE") {
    return Route::kUploadCancel;
  }
  return named && !method.empty() ? Route::kUploadStatus : Route::kOtherWrite;
}

}  // namespace

std::span<const ClassificationRow> ClassificationRows() { return kTable; }

const ClassificationRow& FindRow(const Occurrence& occurrence) {
  const auto found = std::find_if(kTable.begin(), kTable.end(), [&](const ClassificationRow& row) {
    return Takes(row, occurrence);
  });
  return found == kTable.end() ? kTable.back() : *found;
}

Route RouteOf(std::string_view method, std::string_view url) {
  const std::size_t mark = url.find('?');
  const std::string_view path = url.substr(0, mark);
  const std::string_view query =
      mark == std::string_view::npos ? std::string_view() : url.substr(mark + 1);
  const bool read = method == "GET" || method == "HEAD";
  const auto after = [&](std::string_view part) {
    const std::size_t at = path.rfind(part);
    return at == std::string_view::npos ? at : at + part.size();
  };
  if (const std::size_t at = after("/blobs/uploads/"); at != std::string_view::npos) {
    return RouteOfUpload(method, query, at < path.size());
  }
  const bool put = method == "PUT";
  if (const std::size_t at = after("/manifests/"); at != std::string_view::npos && (read || put)) {
    return RouteOfManifest(read, path.substr(at));
  }
  if (read && after("/blobs/") != std::string_view::npos) {
    return Route::kBlobRead;
  }
  if (read && (path.ends_with("/v2/") || path.ends_with("/v2"))) {
    return Route::kPing;
  }
  return read ? Route::kOtherRead : Route::kOtherWrite;
}

std::string_view Name(Route route) {
  constexpr std::array<std::string_view, 14> kNames = {
      "ping",          "token",        "manifest.read", "blob.read",    "upload.status",
      "other read",    "upload.start", "upload.mount",  "upload.patch", "upload.commit",
      "upload.cancel", "manifest.put", "tag.put",       "other write"};
  return kNames[static_cast<std::size_t>(route)];
}

std::string_view Name(Phase phase) {
  constexpr std::array<std::string_view, 4> kNames = {"not trusted", "not sent", "answer lost",
                                                      "answered"};
  return kNames[static_cast<std::size_t>(phase)];
}

std::string_view Name(Whose whose) {
  constexpr std::array<std::string_view, 6> kNames = {"registry", "token service", "page",
                                                      "other",    "proxy",         "nobody"};
  return kNames[static_cast<std::size_t>(whose)];
}

}  // namespace drydock::publisher
