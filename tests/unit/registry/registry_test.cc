// The registry as an Exchange: its phases, what a vanished client leaves, and what the journal is
// told. What it answers is held against the specification in tests/conformance.
#include "simulator/registry/registry.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/media_type.h"
#include "tests/unit/registry/bench.h"

namespace drydock::simulator {
namespace {

const std::string kHello = "/v2/app/web/blobs/" + Sha256("hello");

std::vector<TagEvent> TagEvents(const Journal& journal) {
  std::vector<TagEvent> events;
  for (const Event& event : journal.Snapshot()) {
    if (const auto* tag = std::get_if<TagEvent>(&event.payload)) {
      events.push_back(*tag);
    }
  }
  return events;
}

void HaveParts(Bench& bench) {
  bench.registry.store().PutBlob("app/web", "config");
  bench.registry.store().PutBlob("app/web", "layer");
}

BenchReply PutTag(Bench& bench, const std::string& tag, const std::string& more = "") {
  return bench.Send(Ask{"PUT",
                        "/v2/app/web/manifests/" + tag,
                        {{"Content-Type", std::string(media_type::kOciManifest)}},
                        ImageJson("config", "layer", more),
                        false,
                        {"ci", "203.0.113.7", 1}});
}

TEST(Registry, NamesTheRouteBeforeAnythingElse) {
  Bench bench;
  const auto exchange = bench.Begin(
      {"PUT", bench.StartUpload("app/web") + "?digest=" + Sha256("hello"), {}, "hello"});
  EXPECT_EQ(exchange->route().operation, "upload.commit");
  EXPECT_EQ(exchange->route().repository, "app/web");
  EXPECT_EQ(exchange->route().reference, Sha256("hello"));
  EXPECT_EQ(exchange->route().session, bench.registry.OpenUploads()[0].session);
}

TEST(Registry, DecidesFromTheHeadWhatTheHeadDecides) {
  Bench bench;
  EXPECT_TRUE(bench.Send("PATCH", "/v2/app/web/blobs/uploads/nobody", {}, "hello").decided);
  EXPECT_TRUE(bench.Send("GET", "/v2/App/tags/list").decided);
  EXPECT_FALSE(bench.Send("GET", kHello).decided);
  EXPECT_FALSE(bench.Send("GET", "/elsewhere").decided);
  Bench hub(DockerHubPersonality());
  EXPECT_TRUE(hub.Send("GET", "/v2/").decided);
}

TEST(Registry, AVanishedClientLeavesItsSessionWithTheBytesThatCame) {
  Bench bench;
  const std::string location = bench.StartUpload("app/web");
  bench.Begin({"PATCH", location, {}, "hel", true}).reset();
  const auto open = bench.registry.OpenUploads();
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].repository, "app/web");
  EXPECT_EQ(open[0].bytes, 3U);
  EXPECT_EQ(open[0].started, bench.clock.Now());
  EXPECT_EQ(bench.Send("GET", location).headers.Get("Range"), "0-2");
  EXPECT_EQ(bench.Send("PATCH", location, {{"Content-Range", "3-4"}}, "lo").status, 202);
  EXPECT_EQ(bench.Send("PUT", WithDigest(location, Sha256("hello"))).status, 201);
}

TEST(Registry, ACommitThatIsNotAppliedKeepsTheSession) {
  Bench bench;
  const std::string location = bench.StartUpload("app/web");
  bench.Begin({"PUT", WithDigest(location, Sha256("hello")), {}, "hello"}).reset();
  EXPECT_EQ(bench.Send("HEAD", kHello).status, 404);
  EXPECT_EQ(bench.registry.OpenUploads()[0].bytes, 5U);
}

TEST(Registry, AManifestThatIsNotAppliedLeavesNothing) {
  Bench bench;
  HaveParts(bench);
  bench
      .Begin({"PUT",
              "/v2/app/web/manifests/v1",
              {{"Content-Type", std::string(media_type::kOciManifest)}},
              ImageJson("config", "layer")})
      .reset();
  EXPECT_TRUE(bench.registry.store().Manifests("app/web").empty());
  EXPECT_TRUE(TagEvents(bench.journal).empty());
}

TEST(Registry, OneRequestWritesToASessionAtATime) {
  Bench bench;
  const std::string location = bench.StartUpload("app/web");
  auto writing = bench.Begin({"PATCH", location, {}, "hel", true});
  const BenchReply second = bench.Send("PATCH", location, {}, "lo");
  EXPECT_EQ(second.status, 400);
  EXPECT_EQ(second.Code(), "BLOB_UPLOAD_INVALID");
  writing->Receive("lo");
  EXPECT_EQ(writing->Apply().status, 202);
  EXPECT_EQ(bench.Send("PUT", WithDigest(location, Sha256("hello"))).status, 201);
}

TEST(Registry, ASessionCancelledUnderAWriterIsGoneForIt) {
  Bench bench;
  const std::string location = bench.StartUpload("app/web");
  auto patching = bench.Begin({"PATCH", location, {}, "hello", true});
  EXPECT_EQ(bench.Send("DELETE", location).status, 204);
  EXPECT_EQ(patching->Apply().status, 404);

  const std::string another = bench.StartUpload("app/web");
  auto committing = bench.Begin({"PUT", WithDigest(another, Sha256("hello")), {}, "hello"});
  EXPECT_EQ(bench.Send("DELETE", another).status, 204);
  EXPECT_EQ(committing->Apply().status, 404);
  EXPECT_EQ(bench.Send("HEAD", kHello).status, 404);
}

TEST(Registry, ABodyShorterThanAnnouncedIsRefusedAndTakenBack) {
  Bench bench;
  const std::string location = bench.StartUpload("app/web");
  const auto exchange = bench.Begin({"PATCH", location, {{"Content-Range", "0-9"}}, "hello", true});
  EXPECT_EQ(exchange->Apply().status, 400);
  EXPECT_EQ(bench.Send("GET", location).headers.Get("Range"), "0-0");
}

TEST(Registry, ABlobKeepsItsBytesForAReaderWhileItIsDeleted) {
  Bench bench;
  bench.registry.store().PutBlob("app/web", "hello");
  const auto exchange = bench.Begin({"GET", kHello});
  Response response = exchange->Apply();
  EXPECT_EQ(bench.Send("DELETE", kHello).status, 202);
  EXPECT_EQ(ReadAll(response.body, 100).value(), "hello");
}

TEST(Registry, TellsTheJournalOfEveryTagThatMoves) {
  Bench bench;
  HaveParts(bench);
  PutTag(bench, "v1");
  PutTag(bench, "v1");
  PutTag(bench, "v1", R"(,"annotations":{"a":"b"})");
  bench.Send("DELETE", "/v2/app/web/manifests/v1");
  const std::string first = Sha256(ImageJson("config", "layer"));
  const std::string second = Sha256(ImageJson("config", "layer", R"(,"annotations":{"a":"b"})"));
  const auto events = TagEvents(bench.journal);
  ASSERT_EQ(events.size(), 3U) << "a tag that is put where it is does not move";
  EXPECT_EQ(events[0].host, "registry-1.docker.io");
  EXPECT_EQ(events[0].repository, "app/web");
  EXPECT_EQ(events[0].tag, "v1");
  EXPECT_EQ(events[0].from + ">" + events[0].to, ">" + first);
  EXPECT_EQ(events[1].from + ">" + events[1].to, first + ">" + second);
  EXPECT_EQ(events[2].from + ">" + events[2].to, second + ">");
  EXPECT_EQ(bench.journal.Snapshot()[0].actor, "ci");
}

TEST(Registry, TellsOfTheTagsThatGoWithAManifest) {
  Bench bench;
  HaveParts(bench);
  PutTag(bench, "v1");
  PutTag(bench, "latest");
  const std::string digest = Sha256(ImageJson("config", "layer"));
  EXPECT_EQ(bench.Send("DELETE", "/v2/app/web/manifests/" + digest).status, 202);
  const auto events = TagEvents(bench.journal);
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[2].tag + events[2].to, "latest");
  EXPECT_EQ(events[3].tag + events[3].to, "v1");
}

TEST(Registry, ContentPutInPlaceIsNoEvent) {
  Bench bench;
  bench.registry.store().SetTag("app/web", "v1", Digest::Of("x"));
  EXPECT_EQ(bench.journal.size(), 0U);
}

TEST(Registry, OneSeedGivesTheSameSessions) {
  Bench one(AnonymousPersonality(), 7);
  Bench same(AnonymousPersonality(), 7);
  Bench other(AnonymousPersonality(), 8);
  const std::string location = one.StartUpload("app/web");
  EXPECT_EQ(location, same.StartUpload("app/web"));
  EXPECT_NE(location, other.StartUpload("app/web"));
  EXPECT_NE(location, one.StartUpload("app/web"));
}

}  // namespace
}  // namespace drydock::simulator
