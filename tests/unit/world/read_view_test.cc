// What reads see when a rule has them look at something else than what is there.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/world/small_hub.h"

namespace drydock::simulator {
namespace {

using std::chrono::seconds;

std::string Rule(std::string_view view, std::string_view when = "") {
  return Concat(
      {R"({"name": "view", "when": {)", when, R"(}, "do": {"read-view": {)", view, "}}}"});
}

TEST(ReadViewTest, AMovedTagLagsBehind) {
  SmallHub hub(Rule(R"("lag": "5s")", R"("operation": "manifest.*")"));
  hub.PutIndex("v1", SmallHub::Index("old"));
  EXPECT_EQ(hub.NoteOf("v1"), "404");
  hub.Wait(seconds(60));
  hub.PutIndex("v1", SmallHub::Index("new"));
  EXPECT_EQ(hub.NoteOf("v1"), "old");
  hub.Wait(seconds(5) - Duration(1));
  EXPECT_EQ(hub.NoteOf("v1"), "old");
  hub.Wait(Duration(1));
  EXPECT_EQ(hub.NoteOf("v1"), "new");
  // Both puts and all four reads were looked at; three reads saw something else.
  EXPECT_EQ(hub.Count().fired, 6u);
  EXPECT_EQ(hub.Count().seen, 3u);
}

TEST(ReadViewTest, BlobsManifestsAndListsLagBehind) {
  SmallHub hub(Rule(R"("lag": "5s")"));
  const std::string index = SmallHub::Index("x");
  hub.PushBlob("bytes");
  EXPECT_EQ(hub.Ask("HEAD", SmallHub::BlobPath("bytes")).status, 404);
  hub.PutIndex("v1", index);
  const std::string by_digest = "/v2/a/b/manifests/" + Digest::Of(index).ToString();
  EXPECT_EQ(hub.Ask("HEAD", by_digest).status, 404);
  EXPECT_EQ(hub.Ask("GET", "/v2/a/b/tags/list").status, 404);
  EXPECT_EQ(SmallHub::Text(hub.Ask("GET", "/v2/_catalog")), R"({"repositories":[]})");
  const std::string parent = SmallHub::Index(
      "p", Concat({R"({"mediaType":"application/vnd.oci.image.index.v1+json","size":)",
                   std::to_string(index.size()), R"(,"digest":")", Digest::Of(index).ToString(),
                   "\"}"}));
  EXPECT_EQ(hub.PutIndex("v2", parent).status, 400) << "the child is not yet there";
  EXPECT_EQ(hub.Ask("POST", Concat({"/v2/c/d/blobs/uploads/?from=a/b&mount=",
                                    Digest::Of("bytes").ToString()}))
                .status,
            202);
  EXPECT_EQ(hub.Count().seen, 6u);
  hub.Wait(seconds(5));
  EXPECT_EQ(hub.Ask("HEAD", SmallHub::BlobPath("bytes")).status, 200);
  EXPECT_EQ(hub.Ask("HEAD", by_digest).status, 200);
  EXPECT_EQ(hub.Ask("GET", "/v2/a/b/tags/list").status, 200);
  EXPECT_EQ(hub.PutIndex("v2", parent).status, 201);
  EXPECT_EQ(hub.Count().seen, 6u);
}

TEST(ReadViewTest, ADeletedTagIsStillThere) {
  SmallHub hub(Rule(R"("lag": "5s")"));
  hub.PutIndex("v1", SmallHub::Index("x"));
  hub.Wait(seconds(60));
  EXPECT_EQ(hub.Ask("DELETE", "/v2/a/b/manifests/v1").status, 202);
  EXPECT_EQ(hub.NoteOf("v1"), "x");
  hub.Wait(seconds(5));
  EXPECT_EQ(hub.NoteOf("v1"), "404");
}

TEST(ReadViewTest, TheOldVersionStaysForEver) {
  SmallHub hub(Rule(R"("previous": true)", R"("reference": "v1", "operation": "manifest.get")"));
  hub.PutIndex("v1", SmallHub::Index("one"));
  hub.PutIndex("v2", SmallHub::Index("two"));
  EXPECT_EQ(hub.NoteOf("v1"), "404");
  hub.PutIndex("v1", SmallHub::Index("three"));
  hub.Wait(std::chrono::hours(48));
  EXPECT_EQ(hub.NoteOf("v1"), "one");
  EXPECT_EQ(hub.NoteOf("v2"), "two");
  EXPECT_EQ(hub.Count().fired, 2u);
}

TEST(ReadViewTest, A404IsRemembered) {
  SmallHub hub(Rule(R"("miss-cache": "1m")"));
  EXPECT_EQ(hub.Ask("HEAD", SmallHub::BlobPath("bytes")).status, 404);
  hub.PushBlob("bytes");
  EXPECT_EQ(hub.Ask("HEAD", SmallHub::BlobPath("bytes")).status, 404);
  hub.Wait(seconds(60));
  EXPECT_EQ(hub.Ask("HEAD", SmallHub::BlobPath("bytes")).status, 200);
  EXPECT_EQ(hub.Ask("DELETE", SmallHub::BlobPath("bytes")).status, 202);
  EXPECT_EQ(hub.Ask("HEAD", SmallHub::BlobPath("bytes")).status, 404) << "what was found is not";
}

TEST(ReadViewTest, WhatWasFoundIsRemembered) {
  SmallHub hub(Rule(R"("hit-cache": "1m")"));
  hub.PushBlob("bytes");
  EXPECT_EQ(hub.Ask("HEAD", SmallHub::BlobPath("bytes")).status, 200);
  hub.Ask("DELETE", SmallHub::BlobPath("bytes"));
  Response phantom = hub.Ask("GET", SmallHub::BlobPath("bytes"));
  EXPECT_EQ(phantom.status, 200);
  EXPECT_EQ(SmallHub::Text(std::move(phantom)), "bytes");
  hub.Wait(seconds(60));
  EXPECT_EQ(hub.Ask("HEAD", SmallHub::BlobPath("bytes")).status, 404);
  hub.PushBlob("bytes");
  EXPECT_EQ(hub.Ask("HEAD", SmallHub::BlobPath("bytes")).status, 200) << "a 404 is not";
}

TEST(ReadViewTest, CachesMayBeKeptForEachAccept) {
  const Headers index = {{"Accept", "application/vnd.oci.image.index.v1+json"}};
  for (const bool per_accept : {false, true}) {
    SmallHub hub(
        Rule(Concat({R"("hit-cache": "1m")", per_accept ? R"(, "per-accept": true)" : ""})));
    hub.PutIndex("v1", SmallHub::Index("old"));
    EXPECT_EQ(hub.NoteOf("v1"), "old");
    hub.PutIndex("v1", SmallHub::Index("new"));
    const std::string seen = SmallHub::Text(hub.Ask("GET", "/v2/a/b/manifests/v1", "", index));
    EXPECT_NE(seen.find(per_accept ? "new" : "old"), std::string::npos) << seen;
  }
}

TEST(ReadViewTest, CopiesAreTruncated) {
  SmallHub hub(Rule(R"("truncate": 3)"));
  hub.PushBlob("bytes");
  Response blob = hub.Ask("GET", SmallHub::BlobPath("bytes"));
  EXPECT_EQ(blob.headers.Get("Content-Length"), "3");
  EXPECT_EQ(SmallHub::Text(std::move(blob)), "byt");
  hub.PutIndex("v1", SmallHub::Index("x"));
  EXPECT_EQ(SmallHub::Text(hub.Ask("GET", "/v2/a/b/manifests/v1")), "{\"s");
  EXPECT_EQ(hub.Count().seen, 2u);
}

Personality Replicated(std::string_view routing) {
  Personality personality = AnonymousPersonality();
  EXPECT_TRUE(SetTrait(personality, "replicas", "2").ok());
  EXPECT_TRUE(SetTrait(personality, "routing", routing).ok());
  return personality;
}

TEST(ReadViewTest, WhatCameInByAnotherReplicaLags) {
  SmallHub hub(Rule(R"("replication": "5s")"), Replicated("request"));
  hub.PutIndex("v1", SmallHub::Index("x"));  // by replica 1
  EXPECT_EQ(hub.NoteOf("v1"), "404");        // 2
  EXPECT_EQ(hub.NoteOf("v1"), "x");          // 1
  EXPECT_EQ(hub.NoteOf("v1"), "404");        // 2
  hub.Wait(seconds(5));
  EXPECT_EQ(hub.NoteOf("v1"), "x");  // 1
  EXPECT_EQ(hub.NoteOf("v1"), "x");  // 2
}

TEST(ReadViewTest, ARuleIsAboutOneReplica) {
  SmallHub hub(Rule(R"("lag": "5s")", R"("replica": 2)"), Replicated("request"));
  hub.PutIndex("v1", SmallHub::Index("x"));
  EXPECT_EQ(hub.NoteOf("v1"), "404");
  EXPECT_EQ(hub.NoteOf("v1"), "x");
  EXPECT_EQ(hub.Count().fired, 1u);
}

TEST(ReadViewTest, RoutingIsByRequestConnectionOrPath) {
  const auto replicas = [](std::string_view routing) {
    SmallHub hub(R"({"name": "two", "when": {"replica": 2}, "do": {"reply": {"status": 418}}})",
                 Replicated(routing));
    std::string told;
    for (const char* path : {"/v2/", "/v2/", "/v2/a/b/tags/list", "/v2/a/b/tags/list"}) {
      told += hub.Ask("GET", path).status == 418 ? "2" : "1";
    }
    return told;
  };
  EXPECT_EQ(replicas("request"), "1212");
  EXPECT_EQ(replicas("connection"), "1111");
  const std::string by_path = replicas("path");
  EXPECT_EQ(by_path[0], by_path[1]);
  EXPECT_EQ(by_path[2], by_path[3]);
}

TEST(ReadViewTest, SessionsAreKnownToTheReplicaThatBeganThem) {
  Personality personality = Replicated("request");
  ASSERT_TRUE(SetTrait(personality, "uploads", "by-replica").ok());
  SmallHub hub("", personality);
  const std::string path = hub.Open();                    // by 1
  EXPECT_EQ(hub.Ask("PATCH", path, "0123").status, 404);  // 2
  EXPECT_EQ(hub.Ask("PATCH", path, "0123").status, 202);  // 1
  EXPECT_EQ(hub.Commit(path, "", "0123"), 404);           // 2
  EXPECT_EQ(hub.Commit(path, "", "0123"), 201);           // 1
}

TEST(ReadViewTest, NothingIsKeptWithoutSuchARule) {
  SmallHub hub;
  hub.PutIndex("v1", SmallHub::Index("one"));
  hub.PutIndex("v1", SmallHub::Index("two"));
  EXPECT_EQ(hub.NoteOf("v1"), "two");
}

}  // namespace
}  // namespace drydock::simulator
