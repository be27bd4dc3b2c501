// What other parties do to a registry while a client is at work, and rules that ask what it holds.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/world/small_hub.h"

namespace drydock::simulator {
namespace {

using std::chrono::seconds;

std::string Rule(std::string_view when, std::string_view does, std::string_view more = "") {
  return Concat({R"({"name": "other", "when": {)", when, R"(}, "do": {"actor": {"does": [)", does,
                 "]", more, "}}}"});
}
std::string TagMoves(const SmallHub& hub) {
  std::string moves;
  for (const Event& event : hub.journal().Snapshot()) {
    if (const auto* tag = std::get_if<TagEvent>(&event.payload)) {
      moves += Concat({event.actor, ":", tag->tag, tag->to.empty() ? "-" : "+", " "});
    }
  }
  return moves;
}
constexpr std::string_view kAfterV2 = R"("operation": "manifest.put", "reference": "v2")";

TEST(ActorTest, MovesATagRightAfterTheClientDid) {
  SmallHub hub(Rule(kAfterV2, R"({"tag": "v2", "to": "v1"}, {"tag": "new", "to": "{digest}"})",
                    R"(, "as": "job-7")"));
  hub.PutIndex("v1", SmallHub::Index("one"));
  EXPECT_EQ(hub.PutIndex("v2", SmallHub::Index("two")).status, 201);
  EXPECT_EQ(hub.NoteOf("v2"), "one");
  EXPECT_EQ(hub.NoteOf("new"), "two");
  EXPECT_EQ(TagMoves(hub), "ci:v1+ ci:v2+ job-7:v2+ job-7:new+ ");
  EXPECT_EQ(hub.Count().fired, 1u);
  EXPECT_EQ(hub.Count().seen, 1u);
}

TEST(ActorTest, DeletesTagsManifestsAndBlobs) {
  SmallHub hub(
      Rule(kAfterV2, Concat({R"({"delete": "v1"}, {"delete": "{digest}"}, {"delete-blob": ")",
                             Digest::Of("bytes").ToString(), "\"}"})));
  hub.PushBlob("bytes");
  hub.PutIndex("v1", SmallHub::Index("one"));
  hub.PutIndex("v2", SmallHub::Index("two"));
  EXPECT_EQ(hub.NoteOf("v1"), "404");
  EXPECT_EQ(hub.NoteOf("v2"), "404");
  EXPECT_EQ(hub.Ask("HEAD", SmallHub::BlobPath("bytes")).status, 404);
  const std::string kept = "/v2/a/b/manifests/" + Digest::Of(SmallHub::Index("one")).ToString();
  EXPECT_EQ(hub.Ask("HEAD", kept).status, 200) << "only its tag went";
}

TEST(ActorTest, SpoilsWhatIsKept) {
  const std::string digest = Digest::Of("bytes").ToString();
  const std::string rot = Concat({R"({"spoil": ")", digest, R"(", "truncate": 3})"});
  SmallHub hub(Rule(kAfterV2, Concat({rot, R"(, {"spoil": "{digest}", "flip": 0})"})));
  hub.PushBlob("bytes");
  hub.PutIndex("v2", SmallHub::Index("two"));
  EXPECT_EQ(SmallHub::Text(hub.Ask("GET", SmallHub::BlobPath("bytes"))), "byt");
  const std::string manifest = SmallHub::Text(hub.Ask("GET", "/v2/a/b/manifests/v2"));
  EXPECT_EQ(manifest.size(), SmallHub::Index("two").size());
  EXPECT_EQ(manifest.front(), static_cast<char>(~'{'));
}

TEST(ActorTest, KeepsOtherBytesThanItSaid) {
  const struct {
    std::string_view damage;
    std::string kept;
  } rows[] = {{R"("truncate": 2)", "by"},
              {R"("flip": 0)", Concat({std::string(1, static_cast<char>(~'b')), "ytes"})}};
  for (const auto& row : rows) {
    SmallHub hub(Concat({R"({"name": "rot", "when": {"operation": "upload.commit"},
        "do": {"bytes": {"stored": true, )",
                         row.damage, "}}}"}));
    EXPECT_EQ(hub.Commit(hub.Open(), "bytes", "other"), 400) << "what is refused is not stored";
    EXPECT_EQ(hub.Count().seen, 0u);
    EXPECT_EQ(hub.Commit(hub.Open(), "bytes", "bytes"), 201) << "and nobody is told";
    EXPECT_EQ(hub.Count().seen, 1u);
    EXPECT_EQ(SmallHub::Text(hub.Ask("GET", SmallHub::BlobPath("bytes"))), row.kept);
    EXPECT_EQ(hub.Ask("GET", SmallHub::BlobPath("bytes")).headers.Get("Content-Length"),
              std::to_string(row.kept.size()));
  }
}

TEST(ActorTest, CommitsTheSameBlobFirst) {
  SmallHub hub(Concat({R"({"name": "other", "when": {"operation": "upload.commit"},
        "do": {"actor": {"does": [{"put-blob": "{digest}"}]}, "at": "decide"}, "times": 1},
      {"name": "conflict", "when": {"operation": "upload.commit"},
        "do": {"reply": {"status": 500, "error": "UNKNOWN"}}, "times": 1})"}));
  const std::string path = hub.Open();
  EXPECT_EQ(hub.Commit(path, "bytes", "bytes"), 500);
  EXPECT_EQ(hub.Ask("HEAD", SmallHub::BlobPath("bytes")).status, 200);
  EXPECT_EQ(hub.Count(0).fired, 1u);
  EXPECT_EQ(hub.Count(1).fired, 1u) << "both act on one exchange at one phase";
}

TEST(ActorTest, PutsAFallbackTagAndABlobOfItsOwn) {
  SmallHub hub(Rule(kAfterV2, R"({"put-blob": "mine", "text": "bytes"},
      {"put-manifest": {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                        "manifests": [], "annotations": {"note": "fallback"}}, "as": "{digest-tag}"})"));
  hub.PutIndex("v2", SmallHub::Index("two"));
  EXPECT_EQ(hub.Ask("HEAD", SmallHub::BlobPath("bytes")).status, 200);
  const std::string digest = Digest::Of(SmallHub::Index("two")).ToString();
  EXPECT_EQ(hub.NoteOf("sha256-" + digest.substr(7)), "fallback");
}

std::string ChildEntry(const std::string& child) {
  return Concat({R"({"mediaType":"application/vnd.oci.image.index.v1+json","size":)",
                 std::to_string(child.size()), R"(,"digest":")", Digest::Of(child).ToString(),
                 "\"}"});
}

TEST(ActorTest, CollectsGarbage) {
  struct Row {
    const char* collect;
    int child;
    int blob;
  };
  for (const Row& row : {Row{"unreachable", 200, 404}, Row{"untagged", 404, 200}}) {
    SmallHub hub(Rule(kAfterV2, Concat({R"({"collect": ")", row.collect, "\"}"})));
    const std::string child = SmallHub::Index("child");
    const std::string stray = SmallHub::Index("stray");
    hub.PushBlob("bytes");
    hub.PutIndex(Digest::Of(child).ToString(), child);
    hub.PutIndex(Digest::Of(stray).ToString(), stray);
    hub.PutIndex("v2", SmallHub::Index("two", ChildEntry(child)));
    EXPECT_EQ(hub.NoteOf("v2"), "two");
    EXPECT_EQ(hub.Ask("HEAD", "/v2/a/b/manifests/" + Digest::Of(child).ToString()).status,
              row.child);
    EXPECT_EQ(hub.Ask("HEAD", "/v2/a/b/manifests/" + Digest::Of(stray).ToString()).status, 404);
    EXPECT_EQ(hub.Ask("HEAD", SmallHub::BlobPath("bytes")).status, row.blob);
  }
}

TEST(ActorTest, FlipsAPolicyForGoodAndLosesUploads) {
  SmallHub hub(
      Rule(kAfterV2, R"({"policy": {"overwrite-refused": "DENIED"}}, {"uploads": "lost"})"));
  const std::string path = hub.Open();
  hub.PutIndex("v2", SmallHub::Index("two"));
  EXPECT_EQ(hub.Ask("GET", path).status, 404);
  EXPECT_EQ(hub.PutIndex("v2", SmallHub::Index("three")).status, 403);
}

TEST(ActorTest, RevokesTokens) {
  SmallHub hub(Rule(R"("operation": "upload.start")", R"({"tokens": "revoked"})"),
               StrictPersonality());
  const auto token = [&hub] {
    const auto json = json::Parse(
        SmallHub::Text(hub.AskAt(SmallHub::kTokenHost, "GET",
                                 "/token?scope=repository:joakimp/app:pull,push", "",
                                 {{"Authorization", "Basic " + Base64("joakimp:password")}})),
        "token");
    return std::string(json->Text("token"));
  };
  const auto start = [&hub](const std::string& with) {
    return hub
        .Ask("POST", "/v2/joakimp/app/blobs/uploads/", "", {{"Authorization", "Bearer " + with}})
        .status;
  };
  const std::string first = token();
  EXPECT_EQ(start(first), 202);
  EXPECT_EQ(start(first), 401);
  EXPECT_EQ(start(token()), 202) << "one that is given out afterwards is good";
}

TEST(ActorTest, ComesLater) {
  SmallHub hub(Rule(kAfterV2, R"({"delete": "v2"})", R"(, "after": "2s")"));
  hub.PutIndex("v2", SmallHub::Index("two"));
  hub.Wait(seconds(2) - Duration(1));
  EXPECT_EQ(hub.NoteOf("v2"), "two");
  hub.Wait(Duration(1));
  EXPECT_EQ(hub.NoteOf("v2"), "404");
}

TEST(ActorTest, ArmsAndDisarmsRules) {
  SmallHub hub(Concat({Rule(kAfterV2, R"({"arm": "leg"})"), R"(,
      {"name": "leg", "armed": false, "when": {"operation": "manifest.get"},
       "do": {"reply": {"status": 500}}},
      {"name": "end", "when": {"operation": "tags.list"},
       "do": {"actor": {"does": [{"disarm": "leg"}]}}})"}));
  hub.PutIndex("v1", SmallHub::Index("one"));
  EXPECT_EQ(hub.NoteOf("v1"), "one");
  hub.PutIndex("v2", SmallHub::Index("two"));
  EXPECT_EQ(hub.NoteOf("v1"), "500");
  hub.Ask("GET", "/v2/a/b/tags/list");
  EXPECT_EQ(hub.NoteOf("v1"), "one");
}

struct StateRow {
  const char* state;
  bool before;  // whether it holds when nothing is there
  bool after;   // and when a tag, a blob and an upload are
};
class StateTestTest : public ::testing::TestWithParam<StateRow> {};

TEST_P(StateTestTest, LooksAtWhatTheRegistryHas) {
  const std::string rule = Concat({R"({"name": "s", "when": {"operation": "manifest.head",
      "state": {)",
                                   GetParam().state, R"(}}, "do": {"reply": {"status": 418}}})"});
  SmallHub hub(rule);
  const auto fires = [&hub] { return hub.Ask("HEAD", "/v2/a/b/manifests/v1").status == 418; };
  EXPECT_EQ(fires(), GetParam().before);
  hub.PushBlob("bytes");
  hub.PutIndex("v1", SmallHub::Index("x"));
  hub.Open();
  EXPECT_EQ(fires(), GetParam().after);
}

const std::string kBlob = Digest::Of("bytes").ToString();
const std::string kHeld = Concat({R"("blobs": {")", kBlob, R"(": true})"});
const std::string kHeldManifest =
    Concat({R"("manifests": {")", Digest::Of(SmallHub::Index("x")).ToString(), R"(": true})"});

INSTANTIATE_TEST_SUITE_P(
    Rows, StateTestTest,
    ::testing::Values(StateRow{R"("tags": {"v1": true})", false, true},
                      StateRow{R"("tags": {"{reference}": false})", true, false},
                      StateRow{R"("tags": {"v1": "sha256:*"})", false, true},
                      StateRow{R"("tags": {"v1": "sha512:*"})", false, false},
                      StateRow{kHeld.c_str(), false, true},
                      StateRow{kHeldManifest.c_str(), false, true},
                      StateRow{R"("open-uploads": 0)", true, false},
                      StateRow{R"("open-uploads": {"at-least": 1})", false, true},
                      StateRow{R"("in-flight": {"manifest.head": 1})", true, true},
                      StateRow{R"("in-flight": {"manifest.*": {"at-least": 2}})", false, false}));

TEST(StateTest, ASessionIsOpenOrNot) {
  SmallHub hub(R"({"name": "s", "when": {"operation": "upload.status",
      "state": {"sessions": {"{session}": true}}}, "do": {"reply": {"status": 418}}})");
  const std::string path = hub.Open();
  EXPECT_EQ(hub.Ask("GET", path).status, 418);
  EXPECT_EQ(hub.Ask("DELETE", path).status, 204);
  EXPECT_EQ(hub.Ask("GET", path).status, 404);
}

}  // namespace
}  // namespace drydock::simulator
