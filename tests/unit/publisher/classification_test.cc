// The classification table: for every row something that only this row takes, and what must hold of
// the table as a whole.
#include "publisher/registry/classification.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace drydock::publisher {
namespace {

struct Sample {
  const char* row;
  Occurrence seen;
};

Occurrence Lost(Route route) { return {.route = route, .phase = Phase::kLost}; }

Occurrence Answered(Route route, int status, Whose whose, const char* code = "",
                    const char* words = "", int hints = kNoChallenge | kNoRetryAfter) {
  return {.route = route,
          .status = status,
          .whose = whose,
          .code = code,
          .words = words,
          .hints = static_cast<std::uint8_t>(hints)};
}

const std::vector<Sample>& Samples() {
  using enum Route;
  using enum Whose;
  constexpr int kBearer = kChallenge | kNoRetryAfter;
  constexpr int kTooNarrow = kInsufficientScope | kNoRetryAfter;
  constexpr int kPromise = kNoChallenge | kRetryAfter;
  static const std::vector<Sample> kSamples = {
      {"cancel-unanswered", Lost(kUploadCancel)},
      {"cancel-unsent", {.route = kUploadCancel, .phase = Phase::kUnsent}},
      {"cancel-refused", Answered(kUploadCancel, 500, kPage)},
      {"cancel-refused", Answered(kUploadCancel, 429, kRegistry, "TOOMANYREQUESTS")},
      {"untrusted-server", {.route = kPing, .phase = Phase::kUntrusted}},
      {"untrusted-server", {.route = kTagPut, .phase = Phase::kUntrusted}},
      {"name-not-found",
       {.route = kPing, .phase = Phase::kUnsent, .words = "the host's name was not found"}},
      {"never-sent", {.route = kUploadCommit, .phase = Phase::kUnsent}},
      {"read-lost", Lost(kManifestRead)},
      {"read-lost", Lost(kUploadStatus)},
      {"read-lost", Lost(kToken)},
      {"upload-start-lost", Lost(kUploadStart)},
      {"chunk-lost", Lost(kUploadPatch)},
      {"write-lost", Lost(kUploadCommit)},
      {"write-lost", Lost(kManifestPut)},
      {"write-lost", Lost(kTagPut)},
      {"write-lost", Lost(kMount)},
      {"locked-out", Answered(kToken, 429, kTokenService, "", "Too many failed login attempts")},
      {"locked-out-code",
       Answered(kToken, 403, kTokenService, "TOOMANYREQUESTS", "too many login attempts")},
      {"pull-limit", Answered(kManifestRead, 429, kRegistry, "TOOMANYREQUESTS",
                              "You have reached your pull rate limit.")},
      {"pull-limit-code", Answered(kManifestRead, 403, kRegistry, "TOOMANYREQUESTS",
                                   "You have reached your pull rate limit.")},
      {"too-many-requests", Answered(kManifestRead, 429, kRegistry, "TOOMANYREQUESTS",
                                     "You have reached your pull rate limit.", kPromise)},
      {"too-many-requests", Answered(kTagPut, 429, kOther)},
      {"too-many-requests", Answered(kMount, 429, kPage)},
      {"too-many-requests-code", Answered(kTagPut, 403, kRegistry, "TOOMANYREQUESTS")},
      {"token-blocked", Answered(kToken, 403, kPage)},
      {"token-refused", Answered(kToken, 401, kTokenService, "", "", kBearer)},
      {"token-denied", Answered(kToken, 403, kTokenService)},
      {"part-unknown", Answered(kManifestPut, 400, kRegistry, "MANIFEST_BLOB_UNKNOWN")},
      {"part-unknown", Answered(kTagPut, 404, kRegistry, "BLOB_UNKNOWN")},
      {"part-unknown", Answered(kTagPut, 400, kRegistry, "MANIFEST_UNKNOWN")},
      {"chunks-not-implemented", Answered(kUploadPatch, 501, kPage)},
      {"not-implemented", Answered(kTagPut, 501, kPage)},
      {"version-refused", Answered(kPing, 505, kPage)},
      {"no-space", Answered(kUploadCommit, 507, kNobody)},
      {"network-login", Answered(kPing, 511, kProxy)},
      {"read-5xx-promise", Answered(kBlobRead, 503, kPage, "", "", kPromise)},
      {"read-5xx", Answered(kToken, 502, kPage)},
      {"read-5xx", Answered(kUploadStart, 500, kRegistry, "UNKNOWN")},
      {"chunk-5xx", Answered(kUploadPatch, 503, kPage, "", "", kPromise)},
      {"write-5xx", Answered(kUploadCommit, 524, kPage)},
      {"write-5xx", Answered(kTagPut, 500, kNobody)},
      {"write-5xx", Answered(kMount, 500, kNobody)},
      {"token-without-token", Answered(kToken, 200, kTokenService)},
      {"page-for-content", Answered(kManifestRead, 200, kPage)},
      {"page-for-content", Answered(kUploadStart, 200, kPage)},
      {"chunk-strange-success", Answered(kUploadPatch, 200, kNobody)},
      {"read-strange-success", Answered(kManifestRead, 206, kNobody)},
      {"write-strange-success", Answered(kTagPut, 202, kNobody)},
      {"write-strange-success", Answered(kUploadCommit, 200, kPage)},
      {"redirected", Answered(kTagPut, 307, kNobody)},
      {"expired", Answered(kUploadPatch, 401, kRegistry, "UNAUTHORIZED", "", kBearer)},
      {"mount-unauthorized", Answered(kMount, 401, kRegistry, "UNAUTHORIZED", "", kTooNarrow)},
      {"insufficient-scope",
       Answered(kUploadStart, 401, kRegistry, "UNAUTHORIZED", "", kTooNarrow)},
      {"unauthorized", Answered(kUploadStart, 401, kRegistry, "UNAUTHORIZED")},
      {"unauthorized-between", Answered(kManifestRead, 401, kPage)},
      {"mount-refused", Answered(kMount, 403, kRegistry, "DENIED")},
      {"mount-refused", Answered(kMount, 404, kPage)},
      {"blocked-between", Answered(kTagPut, 403, kPage)},
      {"form-refused", Answered(kTagPut, 403, kRegistry, "DENIED", "unknown manifest class for x")},
      {"quota", Answered(kUploadCommit, 403, kRegistry, "DENIED", "Quota exceeded: 5 of 5")},
      {"immutable", Answered(kTagPut, 403, kRegistry, "DENIED", "tag is Immutable")},
      {"denied-now-and-then", Answered(kTagPut, 403, kRegistry, "DENIED", "denied", kWroteBefore)},
      {"denied", Answered(kUploadStart, 403, kRegistry, "DENIED")},
      {"denied", Answered(kBlobRead, 403, kNobody)},
      {"session-not-shown", Answered(kUploadStatus, 404, kRegistry, "BLOB_UPLOAD_UNKNOWN")},
      {"session-not-shown", Answered(kUploadStatus, 405, kPage)},
      {"chunk-not-found", Answered(kUploadPatch, 404, kRegistry, "BLOB_UPLOAD_UNKNOWN")},
      {"chunks-not-allowed", Answered(kUploadPatch, 405, kPage)},
      {"commit-not-found", Answered(kUploadCommit, 404, kRegistry, "BLOB_UPLOAD_UNKNOWN")},
      {"commit-not-found", Answered(kUploadCommit, 404, kRegistry, "BLOB_UNKNOWN")},
      {"not-found-between", Answered(kManifestRead, 404, kOther)},
      {"not-found-between", Answered(kTagPut, 405, kPage)},
      {"repository-unknown", Answered(kUploadStart, 404, kRegistry, "NAME_UNKNOWN")},
      {"session-unknown", Answered(kOtherWrite, 404, kRegistry, "BLOB_UPLOAD_UNKNOWN")},
      {"not-found", Answered(kManifestRead, 404, kRegistry, "MANIFEST_UNKNOWN")},
      {"proxy-login", Answered(kPing, 407, kProxy)},
      {"chunk-too-slow", Answered(kUploadPatch, 408, kPage)},
      {"commit-too-slow", Answered(kUploadCommit, 408, kPage)},
      {"too-slow", Answered(kManifestPut, 408, kPage)},
      {"misdirected", Answered(kPing, 421, kNobody)},
      {"too-early", Answered(kPing, 425, kNobody)},
      {"token-not-understood", Answered(kToken, 400, kTokenService)},
      {"token-not-understood", Answered(kToken, 404, kTokenService)},
      {"session-conflict", Answered(kUploadPatch, 409, kRegistry, "UNKNOWN")},
      {"commit-conflict", Answered(kUploadCommit, 409, kNobody)},
      {"body-too-large", Answered(kUploadPatch, 413, kPage)},
      {"body-too-large", Answered(kUploadCommit, 413, kRegistry, "SIZE_INVALID")},
      {"too-large-between", Answered(kTagPut, 413, kPage)},
      {"offset-or-size", Answered(kUploadPatch, 416, kNobody)},
      {"session-spoiled", Answered(kUploadCommit, 400, kRegistry, "DIGEST_INVALID")},
      {"chunk-rejected", Answered(kUploadPatch, 400, kRegistry, "BLOB_UPLOAD_INVALID")},
      {"overwrite-refused", Answered(kTagPut, 400, kRegistry, "BLOB_UPLOAD_INVALID",
                                     "Repository does not allow updating assets: app")},
      {"commit-raced", Answered(kUploadCommit, 400, kRegistry, "BLOB_UPLOAD_INVALID")},
      {"session-status-rejected", Answered(kUploadStatus, 400, kRegistry, "UNKNOWN")},
      {"rejected", Answered(kTagPut, 400, kRegistry, "MANIFEST_INVALID")},
      {"rejected", Answered(kTagPut, 415, kRegistry, "MANIFEST_INVALID")},
      {"turned-away", Answered(kUploadCommit, 400, kPage)},
      {"turned-away", Answered(kTagPut, 400, kNobody)},
  };
  return kSamples;
}

TEST(Classification, EveryRowHasSomethingOfItsOwn) {
  std::set<std::string_view> missing;
  for (const ClassificationRow& row : ClassificationRows()) {
    EXPECT_TRUE(missing.insert(row.name).second) << "two rows have this name: " << row.name;
  }
  for (const Sample& sample : Samples()) {
    EXPECT_EQ(FindRow(sample.seen).name, sample.row)
        << Name(sample.seen.route) << " " << sample.seen.status;
    missing.erase(sample.row);
  }
  EXPECT_EQ(missing, std::set<std::string_view>()) << "rows without a sample";
}

std::vector<Route> Routes() {
  std::vector<Route> routes;
  for (int i = 0; i <= static_cast<int>(Route::kOtherWrite); ++i) {
    routes.push_back(static_cast<Route>(i));
  }
  return routes;
}

TEST(Classification, IsTotal) {
  for (const Route route : Routes()) {
    for (const Phase phase : {Phase::kUntrusted, Phase::kUnsent, Phase::kLost}) {
      EXPECT_NE(FindRow({.route = route, .phase = phase}).name, "turned-away") << Name(route);
    }
    for (int whose = 0; whose <= static_cast<int>(Whose::kNobody); ++whose) {
      for (int status = 0; status < 1000; ++status) {
        const ClassificationRow& row = FindRow(Answered(route, status, static_cast<Whose>(whose)));
        EXPECT_EQ(row.phase, Phase::kAnswered);
        EXPECT_NE(row.routes & Bit(route), 0U);
      }
    }
  }
}

TEST(Classification, NoWriteOfUnknownOutcomeIsSentAgainUnasked) {
  using enum Route;
  for (const Route route : {kUploadPatch, kUploadCommit, kManifestPut, kTagPut, kOtherWrite}) {
    const NextMove asks = route == kUploadPatch ? NextMove::kResume : NextMove::kAsk;
    EXPECT_EQ(FindRow(Lost(route)).next, asks) << Name(route);
    for (const int status : {200, 202, 500, 502, 503, 504, 520, 524}) {
      EXPECT_EQ(FindRow(Answered(route, status, Whose::kPage)).next, asks)
          << Name(route) << " " << status;
    }
  }
}

TEST(Classification, WhatIsDeterministicIsNotRepeated) {
  for (const ClassificationRow& row : ClassificationRows()) {
    const bool other_way = row.next == NextMove::kStop || row.next == NextMove::kFallBack ||
                           row.next == NextMove::kSkip;
    const bool hours = row.name.starts_with("pull-limit");
    EXPECT_EQ(row.persistence == Persistence::kDeterministic || hours, other_way) << row.name;
  }
}

TEST(RouteOf, ReadsMethodAndUrl) {
  const struct {
    const char* method;
    const char* url;
    Route route;
  } rows[] = {
      {"GET", "https://r.test/v2/", Route::kPing},
      {"HEAD", "https://r.test/v2/a/b/manifests/v1", Route::kManifestRead},
      {"GET", "https://r.test/v2/a/b/manifests/sha256:00", Route::kManifestRead},
      {"PUT", "https://r.test/v2/a/b/manifests/v1", Route::kTagPut},
      {"PUT", "https://r.test/v2/a/b/manifests/sha256:00", Route::kManifestPut},
      {"DELETE", "https://r.test/v2/a/b/manifests/v1", Route::kOtherWrite},
      {"HEAD", "https://r.test/v2/a/b/blobs/sha256:00", Route::kBlobRead},
      {"POST", "https://r.test/v2/a/b/blobs/uploads/", Route::kUploadStart},
      {"POST", "https://r.test/v2/a/b/blobs/uploads/?mount=sha256:00&from=c", Route::kMount},
      {"PATCH", "https://r.test/v2/a/b/blobs/uploads/u1?_state=x", Route::kUploadPatch},
      {"PUT", "https://r.test/v2/a/b/blobs/uploads/u1?digest=sha256:00", Route::kUploadCommit},
      {"GET", "https://r.test/v2/a/b/blobs/uploads/u1", Route::kUploadStatus},
      {"DELETE", "https://r.test/v2/a/b/blobs/uploads/u1", Route::kUploadCancel},
      {"GET", "https://cdn.test/x", Route::kOtherRead},
      {"PUT", "https://store.test/x", Route::kOtherWrite},
      {"", "", Route::kOtherWrite},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(RouteOf(row.method, row.url), row.route) << row.method << " " << row.url;
  }
}

}  // namespace
}  // namespace drydock::publisher
