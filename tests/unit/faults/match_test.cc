// Each matcher and window of the fault engine.
#include <gtest/gtest.h>

#include <string>

#include "core/text.h"
#include "simulator/faults/fault_state.h"
#include "tests/unit/faults/seen.h"

namespace drydock::simulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool Matches(std::string_view when, const Seen& seen, Phase phase = Phase::kDecide) {
  const char* effect = phase == Phase::kDecide ? R"({"reply": {"status": 500}})"
                                               : R"({"edit-reply": {"status": 500}})";
  FaultState faults =
      Faults(Concat({R"({"name": "r", "when": {)", when, R"(}, "do": )", effect, "}"}));
  return seen.Fires(faults, phase);
}

TEST(Matchers, HeadAndRoute) {
  const Seen put;
  struct Row {
    const char* when;
    bool matches;
  };
  const Row rows[] = {
      {R"("method": "PUT")", true},
      {R"("method": "PATCH")", false},
      {R"("method": ["PATCH", "PUT"])", true},
      {R"("operation": "manifest.put")", true},
      {R"("operation": "manifest.*")", true},
      {R"("operation": ["upload.*", "manifest.get"])", false},
      {R"("client": "ci")", true},
      {R"("client": "host")", false},
      {R"("host": "*.docker.io")", true},
      {R"("host": "ghcr.io")", false},
      {R"("repository": "joakimp/*")", true},
      {R"("repository": "joakimp/devbox-cache")", false},
      {R"("reference": "v?")", true},
      {R"("reference": "latest*")", false},
      {R"("reference-kind": "tag")", true},
      {R"("reference-kind": "digest")", false},
      {R"("method": "PUT", "repository": "other/*")", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Matches(row.when, put), row.matches) << row.when;
  }
  EXPECT_TRUE(Matches(R"("reference-kind": "digest")", BlobHead()));
  EXPECT_FALSE(Matches(R"("reference-kind": "tag")", BlobHead()));
  Seen start = put;
  start.route = {"upload.start", "joakimp/devbox", "", ""};
  EXPECT_FALSE(Matches(R"("reference-kind": "tag")", start)) << "there is no reference at all";
}

TEST(Matchers, MediaTypeAndHeaders) {
  Seen put;
  put.headers = {{"Content-Type", "application/vnd.oci.image.index.v1+json; charset=utf-8"},
                 {"Accept", "text/plain"},
                 {"accept", "application/vnd.buildkit.cacheconfig.v0, */*"}};
  struct Row {
    const char* when;
    bool matches;
  };
  const Row rows[] = {
      {R"("media-type": "application/vnd.oci.image.index.v1+json")", true},
      {R"("media-type": "application/vnd.docker.*")", false},
      {R"("headers": {"Accept": "*cacheconfig.v0*"})", true},
      {R"("headers": {"Accept": "cacheconfig.v0"})", false},
      {R"("headers": {"ACCEPT": "text/plain"})", true},
      {R"("headers": {"Accept": true})", true},
      {R"("headers": {"Accept": false})", false},
      {R"("headers": {"Authorization": true})", false},
      {R"("headers": {"Authorization": false})", true},
      {R"("headers": {"Authorization": "*"})", false},
      {R"("headers": {"Accept": true, "Range": true})", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Matches(row.when, put), row.matches) << row.when;
  }
}

TEST(Matchers, StatusOfTheAnswer) {
  Seen put;
  put.status = 201;
  EXPECT_TRUE(Matches(R"("status": 201)", put, Phase::kResponseHead));
  EXPECT_FALSE(Matches(R"("status": 401)", put, Phase::kResponseHead));
}

TEST(Matchers, ManifestPointers) {
  Seen put;
  put.manifest =
      R"({"schemaVersion": 2, "config": {"mediaType": "application/x"}, "annotations": {"a": "b"},
    "manifests": [{"mediaType": "layer"}, {"mediaType": "application/vnd.buildkit.cacheconfig.v0"}]})";
  struct Row {
    const char* test;
    bool matches;
  };
  const Row rows[] = {
      {R"("/config/mediaType": "application/x")", true},
      {R"("/config/mediaType": "application/*")", true},
      {R"("/config/mediaType": "application")", false},
      {R"("/schemaVersion": "2")", true},
      {R"("/manifests/*/mediaType": "*cacheconfig*")", true},
      {R"("/manifests/0/mediaType": "*cacheconfig*")", false},
      {R"("/manifests/*/mediaType": "*provenance*")", false},
      {R"("/annotations/*": "b")", true},
      {R"("/subject": true)", false},
      {R"("/subject": false)", true},
      {R"("/config": true)", true},
      {R"("/config": false)", false},
      {R"("": true)", true},
      {R"("/config/*/deeper": true)", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Matches(Concat({R"("manifest": {)", row.test, "}"}), put), row.matches) << row.test;
  }
  put.manifest = "no JSON";
  EXPECT_FALSE(Matches(R"("manifest": {"/subject": false})", put)) << "nothing to look into";
}

TEST(Matchers, RoleOfAManifest) {
  struct Row {
    std::string reference;
    const char* manifest;
    const char* role;
  };
  const Row rows[] = {
      {"v1", R"({"manifests": []})", "top"},
      {"v1", R"({"layers": [{"mediaType": "application/vnd.in-toto+json"}]})", "top"},
      {kDigest, R"({"layers": [{"mediaType": "layer"}]})", "child"},
      {kDigest, R"({"layers": [{"mediaType": "application/vnd.in-toto+json"}]})", "attestation"},
  };
  for (const Row& row : rows) {
    Seen put;
    put.route.reference = row.reference;
    put.manifest = row.manifest;
    for (const char* role : {"top", "child", "attestation"}) {
      EXPECT_EQ(Matches(Concat({R"("role": ")", role, "\""}), put), role == std::string(row.role))
          << role << " of " << row.reference << " " << row.manifest;
    }
  }
}

TEST(Matchers, AbsoluteWindow) {
  const char* when = R"("from": "2026-05-28T06:00:00Z", "until": "2026-05-28T07:00:00Z")";
  Seen put;
  EXPECT_TRUE(Matches(when, put));
  put.now = kStart - Duration(1);
  EXPECT_FALSE(Matches(when, put));
  put.now = kStart + std::chrono::hours(1) - Duration(1);
  EXPECT_TRUE(Matches(when, put));
  put.now = kStart + std::chrono::hours(1);
  EXPECT_FALSE(Matches(when, put));
}

std::string SinceRule(std::string_view since) {
  return Concat({R"({"name": "r", "when": {"operation": "upload.commit", "since": {)", since,
                 R"(}}, "do": {"reply": {"status": 400}}})"});
}

TEST(Windows, OpenWithAnEventAndStayOpenForEver) {
  FaultState faults =
      Faults(SinceRule(R"("operation": "manifest.put", "reference": "v*", "status": 201)"));
  Seen commit = BlobCommit();
  EXPECT_FALSE(commit.Fires(faults));
  Seen put;
  put.status = 400;
  put.Observed(faults);
  EXPECT_FALSE(commit.Fires(faults)) << "the PUT was refused";
  put.status = 201;
  put.route.reference = "latest";
  put.Observed(faults);
  EXPECT_FALSE(commit.Fires(faults)) << "another tag";
  put.route.reference = "v1.15.12";
  put.Observed(faults);
  EXPECT_TRUE(commit.Fires(faults));
  commit.now = kStart + std::chrono::hours(24 * 365);
  EXPECT_TRUE(commit.Fires(faults));
}

TEST(Windows, HaveABeginningAndAnEnd) {
  FaultState faults =
      Faults(SinceRule(R"("operation": "manifest.put", "after": "1.5s", "for": "10s")"));
  Seen put;
  put.status = 201;
  put.Observed(faults);
  const std::pair<Duration, bool> rows[] = {{milliseconds(1499), false},
                                            {milliseconds(1500), true},
                                            {milliseconds(11499), true},
                                            {milliseconds(11500), false}};
  for (const auto& [age, open] : rows) {
    Seen commit = BlobCommit();
    commit.now = kStart + age;
    EXPECT_EQ(commit.Fires(faults), open) << FormatDuration(age);
  }
  // The latest event counts, so a second one opens the window again.
  put.now = kStart + seconds(20);
  put.Observed(faults);
  Seen commit = BlobCommit();
  commit.now = kStart + seconds(25);
  EXPECT_TRUE(commit.Fires(faults));
}

TEST(Windows, MayCountFromTheFirstEvent) {
  FaultState faults =
      Faults(SinceRule(R"("operation": "manifest.put", "first": true, "for": "10s")"));
  for (const seconds at : {seconds(0), seconds(8)}) {
    Seen put;
    put.status = 201;
    put.now = kStart + at;
    put.Observed(faults);
  }
  Seen commit = BlobCommit();
  commit.now = kStart + seconds(9);
  EXPECT_TRUE(commit.Fires(faults));
  commit.now = kStart + seconds(12);
  EXPECT_FALSE(commit.Fires(faults));
}

TEST(Windows, MayBeKeptByWhatBothHaveInCommon) {
  FaultState faults = Faults(SinceRule(
      R"("operation": "blob.head", "headers": {"Accept": "*cacheconfig.v0*"}, "same": ["digest", "client"])"));
  Seen plain = BlobHead(kOtherDigest);
  plain.Observed(faults);
  Seen head = BlobHead(kDigest);
  head.headers = {{"Accept", "application/vnd.buildkit.cacheconfig.v0, */*"}};
  head.Observed(faults);
  EXPECT_TRUE(BlobCommit(kDigest).Fires(faults));
  EXPECT_FALSE(BlobCommit(kOtherDigest).Fires(faults)) << "its HEAD asked for something else";
  Seen host = BlobCommit(kDigest);
  host.caller.client = "host";
  EXPECT_FALSE(host.Fires(faults)) << "another client";
}

}  // namespace
}  // namespace drydock::simulator
