// Every trait that a rule can switch on for a while: what the registry does with and without it.
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>

#include "tests/unit/world/small_hub.h"

namespace drydock::simulator {
namespace {

using std::chrono::seconds;

struct PolicyRow {
  const char* policy;
  std::function<std::string(SmallHub&)> play;
  std::string without;
  std::string with;
  bool tokens = false;
};
void PrintTo(const PolicyRow& row, std::ostream* out) { *out << row.policy; }

std::string StatusOf(const Response& response) { return std::to_string(response.status); }
std::string Range(const Response& response) {
  return response.headers.Has("Range") ? std::string(response.headers.Get("Range")) : "none";
}

// "202 0-3 | 202 0-5": two chunks of a blob, and what is said about them.
std::string TwoChunks(SmallHub& hub) {
  const std::string path = hub.Open();
  const Response first = hub.Ask("PATCH", path, "0123", {{"Content-Range", "0-3"}});
  const Response second = hub.Ask("PATCH", path, "45", {{"Content-Range", "4-5"}});
  return Concat({StatusOf(first), " ", Range(first), " | ", StatusOf(second), " ", Range(second)});
}
std::string ChunkAtTheWrongPlace(SmallHub& hub) {
  const std::string path = hub.Open();
  hub.Ask("PATCH", path, "0123", {{"Content-Range", "0-3"}});
  const Response again = hub.Ask("PATCH", path, "0123", {{"Content-Range", "0-3"}});
  return Concat({StatusOf(again), " ", Range(hub.Ask("GET", path))});
}
std::string OpenAndAsk(SmallHub& hub) {
  const std::string path = hub.Open();
  hub.Wait(seconds(60));
  return StatusOf(hub.Ask("GET", path));
}
std::string AskForTheDate(SmallHub& hub) {
  hub.Wait(std::chrono::milliseconds(1999));
  return std::string(hub.Ask("GET", "/v2/").headers.Get("Date"));
}
std::string WrongDigest(SmallHub& hub) {
  const std::string path = hub.Open();
  const int status = hub.Commit(path, "content", "other");
  return Concat({std::to_string(status), " ", Range(hub.Ask("GET", path))});
}
std::string OverwriteATag(SmallHub& hub) {
  hub.PutIndex("v1", SmallHub::Index("one"));
  const int same = hub.PutIndex("v1", SmallHub::Index("one")).status;
  return Concat({std::to_string(same), " ", StatusOf(hub.PutIndex("v1", SmallHub::Index("two")))});
}
std::string IndexWithoutItsChild(SmallHub& hub) {
  const std::string child = Digest::Of("child").ToString();
  const std::string index = SmallHub::Index(
      "x",
      Concat({R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","size":5,"digest":")",
              child, "\"}"}));
  const Response put = hub.PutIndex("v1", index);
  Response read = hub.Ask("GET", "/v2/a/b/manifests/" + child);
  const std::string status = StatusOf(read);
  return Concat(
      {StatusOf(put), " ", status, " ", read.status == 200 ? SmallHub::Text(std::move(read)) : ""});
}
std::string Mount(SmallHub& hub) {
  hub.PushBlob("bytes");
  return StatusOf(hub.Ask(
      "POST", Concat({"/v2/c/d/blobs/uploads/?from=a/b&mount=", Digest::Of("bytes").ToString()})));
}
std::string PutAnIndex(SmallHub& hub) { return StatusOf(hub.PutIndex("v1", SmallHub::Index("x"))); }
std::string PutSpacedIndex(SmallHub& hub) {
  const std::string spaced = " " + SmallHub::Index("x");
  const Response put = hub.PutIndex("v1", spaced);
  return put.headers.Get("Docker-Content-Digest") == Digest::Of(spaced).ToString() ? "same"
                                                                                   : "other";
}
// A tag of an index, read by a client that takes images alone.
std::string ReadAsOfOld(SmallHub& hub) {
  const std::string type = "application/vnd.oci.image.manifest.v1+json";
  hub.PushBlob("{}");
  const std::string child =
      Concat({R"({"schemaVersion":2,"mediaType":")", type,
              R"(","config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,)",
              R"("digest":")", Digest::Of("{}").ToString(), R"("},"layers":[]})"});
  const std::string digest = Digest::Of(child).ToString();
  hub.Ask("PUT", "/v2/a/b/manifests/" + digest, child, {{"Content-Type", type}});
  const std::string entry =
      Concat({R"({"mediaType":")", type, R"(","size":)", std::to_string(child.size()),
              R"(,"digest":")", digest, R"(","platform":{"os":"linux","architecture":"amd64"}})"});
  hub.PutIndex("v1", SmallHub::Index("x", entry));
  const Response read = hub.Ask("GET", "/v2/a/b/manifests/v1", "", {{"Accept", type}});
  const bool is_child = read.headers.Get("Docker-Content-Digest") == digest;
  return Concat({StatusOf(read), is_child ? " child" : ""});
}
std::string PushABlob(SmallHub& hub) {
  const Response opened = hub.Ask("POST", "/v2/a/b/blobs/uploads/");
  const std::string start = StatusOf(opened);
  return opened.status != 202
             ? start
             : Concat({start, " ",
                       std::to_string(hub.Commit(SmallHub::Path(opened), "bytes", "bytes"))});
}
std::string PushTwoBlobs(SmallHub& hub) {
  hub.PushBlob("other bytes");
  return PushABlob(hub);
}
std::string PushAndTag(SmallHub& hub) { return Concat({PushABlob(hub), " ", PutAnIndex(hub)}); }
std::string Patch(SmallHub& hub) { return StatusOf(hub.Ask("PATCH", hub.Open(), "0123")); }
std::string Challenge(SmallHub& hub) {
  const Response refused = hub.Ask("GET", "/v2/a/b/manifests/v1");
  return Concat({StatusOf(refused), " ", Join(refused.headers.All("WWW-Authenticate"), " + ")});
}
// With a token for pulling and pushing: what an upload's start gets so many seconds later.
std::string StartWithToken(SmallHub& hub, Duration later, std::string_view more = "") {
  Response answer = hub.AskAt(SmallHub::kTokenHost, "GET",
                              Concat({"/token?scope=repository:joakimp/app:pull,push", more}), "",
                              {{"Authorization", "Basic " + Base64("joakimp:password")}});
  const auto json = json::Parse(SmallHub::Text(std::move(answer)), "token");
  const bool says = json && json->Find("expires_in") != nullptr;
  hub.Wait(later);
  const Response started = hub.Ask("POST", "/v2/joakimp/app/blobs/uploads/", "",
                                   {{"Authorization", Concat({"Bearer ", json->Text("token")})}});
  return Concat({StatusOf(started), says ? " expires_in" : ""});
}
std::string StartNow(SmallHub& hub) { return StartWithToken(hub, Duration()); }
std::string StartAfterAMinute(SmallHub& hub) { return StartWithToken(hub, seconds(60)); }
std::string StartWithTwoScopes(SmallHub& hub) {
  return StartWithToken(hub, Duration(), "&scope=repository:joakimp/other:pull");
}
std::string LogInTwice(SmallHub& hub) {
  std::string text;
  for (const char* password : {"wrong", "password"}) {
    text +=
        StatusOf(hub.AskAt(SmallHub::kTokenHost, "GET", "/token", "",
                           {{"Authorization", "Basic " + Base64(Concat({"joakimp:", password}))}}));
  }
  return text;
}
std::string PullTwice(SmallHub& hub) {
  hub.PutIndex("v1", SmallHub::Index("x"));
  return Concat({hub.NoteOf("v1"), " ", hub.NoteOf("v1")});
}

class PolicyTest : public ::testing::TestWithParam<PolicyRow> {};

TEST_P(PolicyTest, HoldsWhileARuleMatches) {
  const PolicyRow& row = GetParam();
  const Personality personality = row.tokens ? StrictPersonality() : AnonymousPersonality();
  SmallHub plain("", personality);
  EXPECT_EQ(row.play(plain), row.without);
  SmallHub bent(Concat({R"({"name": "p", "do": {"policy": {)", row.policy, "}}}"}), personality);
  EXPECT_EQ(row.play(bent), row.with);
  EXPECT_GT(bent.Count().fired, 0u);
  EXPECT_GT(bent.Count().seen, 0u);
  SmallHub later(Concat({R"({"name": "p", "armed": false, "do": {"policy": {)", row.policy, "}}}"}),
                 personality);
  EXPECT_EQ(row.play(later), row.without) << "not armed";
}

const std::string kUsual =
    R"(401 Bearer realm="https://registry.example/token",service="drydock",scope="repository:a/b:pull")";

INSTANTIATE_TEST_SUITE_P(
    Session, PolicyTest,
    ::testing::Values(
        PolicyRow{R"("range-reply": "frozen")", TwoChunks, "202 0-3 | 202 0-5",
                  "202 0-3 | 202 0-3"},
        PolicyRow{R"("range-reply": "chunk-relative")", TwoChunks, "202 0-3 | 202 0-5",
                  "202 0-3 | 202 0-1"},
        PolicyRow{R"("range-reply": "size")", TwoChunks, "202 0-3 | 202 0-5", "202 0-4 | 202 0-6"},
        PolicyRow{R"("range-reply": "short")", TwoChunks, "202 0-3 | 202 0-5", "202 0-2 | 202 0-4"},
        PolicyRow{R"("range-reply": "zero")", TwoChunks, "202 0-3 | 202 0-5", "202 0-0 | 202 0-0"},
        PolicyRow{R"("range-reply": "absent")", TwoChunks, "202 0-3 | 202 0-5",
                  "202 none | 202 none"},
        PolicyRow{R"("chunk-offset": "appended")", ChunkAtTheWrongPlace, "416 0-3", "202 0-7"},
        PolicyRow{R"("chunk-bytes": 3)", TwoChunks, "202 0-3 | 202 0-5", "416 none | 416 0-0"},
        PolicyRow{R"("uploads": "lost")", OpenAndAsk, "204", "404"},
        PolicyRow{R"("upload-life": 60)", OpenAndAsk, "204", "404"},
        PolicyRow{R"("upload-life": 61)", OpenAndAsk, "204", "204"},
        PolicyRow{R"("upload-status": "404")", OpenAndAsk, "204", "404"},
        PolicyRow{R"("upload-status": "405")", OpenAndAsk, "204", "405"},
        PolicyRow{R"("upload-state": true)", TwoChunks, "202 0-3 | 202 0-5", "202 0-3 | 404 none"},
        PolicyRow{R"("mismatch-ends-upload": false)", WrongDigest, "400 none", "400 0-6"}));

INSTANTIATE_TEST_SUITE_P(
    House, PolicyTest,
    ::testing::Values(
        PolicyRow{R"("overwrite-refused": "TAG_INVALID")", OverwriteATag, "201 201", "201 400"},
        PolicyRow{R"("overwrite-refused": "DENIED", "same-digest-allowed": false)", OverwriteATag,
                  "201 201", "403 403"},
        PolicyRow{R"("overwrite-refused": "DENIED", "overwrite-status": 409)", OverwriteATag,
                  "201 201", "201 409"},
        PolicyRow{R"("types-refused": "*image.index*")", PutAnIndex, "201", "400"},
        PolicyRow{R"("manifest-bytes": 10)", PutAnIndex, "201", "413"},
        PolicyRow{R"("read-only": "UNSUPPORTED")", PutAnIndex, "201", "405"},
        PolicyRow{R"("create-repositories": false)", PutAnIndex, "201", "404"},
        PolicyRow{R"("sparse-manifests": "yes")", IndexWithoutItsChild, "400 404 ", "201 404 "},
        PolicyRow{R"("sparse-manifests": "stubbed")", IndexWithoutItsChild, "400 404 ",
                  "201 200 {}"},
        PolicyRow{R"("reserialised": true)", PutSpacedIndex, "same", "other"},
        PolicyRow{R"("mount": false)", Mount, "201", "202"},
        PolicyRow{R"("mount": "401")", Mount, "201", "401"},
        PolicyRow{R"("mount": "403")", Mount, "201", "403"},
        PolicyRow{R"("blob-bytes": 4)", PushABlob, "202 201", "202 413"},
        PolicyRow{R"("quota-bytes": 4)", PushAndTag, "202 201 201", "202 403 201"},
        PolicyRow{R"("quota-bytes": 11, "quota-at": "start")", PushTwoBlobs, "202 201", "403"},
        PolicyRow{R"("quota-bytes": 4, "quota-at": "manifest")", PushAndTag, "202 201 201",
                  "202 201 403"},
        PolicyRow{R"("index-to-child": true)", ReadAsOfOld, "404", "200 child"},
        PolicyRow{R"("digest-checked": false)", WrongDigest, "400 none", "201 none"},
        PolicyRow{R"("methods-refused": "PATCH DELETE")", Patch, "202", "405"},
        PolicyRow{R"("pull-limit": "1;w=3600")", PullTwice, "x x", "x 429"},
        PolicyRow{R"("date-skew": 600)", AskForTheDate, "Thu, 28 May 2026 06:00:01 GMT",
                  "Thu, 28 May 2026 06:10:01 GMT"},
        PolicyRow{R"("date-skew": -3601)", AskForTheDate, "Thu, 28 May 2026 06:00:01 GMT",
                  "Thu, 28 May 2026 05:00:00 GMT"}));

INSTANTIATE_TEST_SUITE_P(
    Tokens, PolicyTest,
    ::testing::Values(
        PolicyRow{R"("token-life": 60)", StartAfterAMinute, "202 expires_in", "401 expires_in",
                  true},
        PolicyRow{R"("token-expires-in": false)", StartNow, "202 expires_in", "202", true},
        PolicyRow{R"("clock-skew": -1)", StartNow, "202 expires_in", "401 expires_in", true},
        PolicyRow{R"("clock-skew": 300)", StartNow, "202 expires_in", "401 expires_in", true},
        PolicyRow{R"("token-scopes": "pull")", StartNow, "202 expires_in", "401 expires_in", true},
        PolicyRow{R"("token-scopes": "none")", StartNow, "202 expires_in", "401 expires_in", true},
        PolicyRow{R"("token-scopes": "last")", StartWithTwoScopes, "202 expires_in",
                  "401 expires_in", true},
        PolicyRow{R"("token-scopes": "first")", StartWithTwoScopes, "202 expires_in",
                  "202 expires_in", true},
        PolicyRow{R"("login-lockout": "1;w=60")", LogInTwice, "401200", "401429", true},
        PolicyRow{R"("authentication": "none")", Challenge, kUsual, "404 ", true},
        PolicyRow{R"("authentication": "basic")", Challenge, kUsual,
                  R"(401 Basic realm="registry")", true},
        PolicyRow{R"("token-realm": "https://elsewhere.example/t")", Challenge, kUsual,
                  R"(401 Bearer realm="https://elsewhere.example/t",service="drydock",)"
                  R"(scope="repository:a/b:pull")",
                  true},
        PolicyRow{R"("challenge": "reordered")", Challenge, kUsual,
                  R"(401 Bearer scope="repository:a/b:pull",service="drydock",)"
                  R"(realm="https://registry.example/token")",
                  true},
        PolicyRow{R"("challenge": "unquoted")", Challenge, kUsual,
                  "401 Bearer realm=https://registry.example/token,service=drydock,"
                  "scope=repository:a/b:pull",
                  true},
        PolicyRow{R"("challenge": "lower-case")", Challenge, kUsual, "401 b" + kUsual.substr(5),
                  true},
        PolicyRow{R"("challenge": "upper-case")", Challenge, kUsual,
                  R"(401 BEARER REALM="https://registry.example/token",SERVICE="drydock",)"
                  R"(SCOPE="repository:a/b:pull")",
                  true},
        PolicyRow{R"("challenge": "several")", Challenge, kUsual,
                  R"(401 Basic realm="registry", )" + kUsual.substr(4), true},
        PolicyRow{R"("challenge": "two-fields")", Challenge, kUsual,
                  R"(401 Basic realm="registry" + )" + kUsual.substr(4), true},
        PolicyRow{R"("challenge": "no-scope")", Challenge, kUsual,
                  R"(401 Bearer realm="https://registry.example/token",service="drydock")", true},
        PolicyRow{R"("challenge": "no-service")", Challenge, kUsual,
                  R"(401 Bearer realm="https://registry.example/token",)"
                  R"(scope="repository:a/b:pull")",
                  true}));

// A policy that begins in the middle of a session, and one for some routes alone.
TEST(PolicyTest, FlipsInTheMiddle) {
  SmallHub hub(R"({"name": "p", "armed": false, "do": {"policy": {"read-only": "DENIED"}}})");
  const std::string path = hub.Open();
  EXPECT_EQ(hub.Ask("PATCH", path, "0123").status, 202);
  EXPECT_TRUE(hub.faults().Switch("p", true));
  EXPECT_EQ(hub.Ask("PATCH", path, "45").status, 403);
  EXPECT_TRUE(hub.faults().Switch("p", false));
  EXPECT_EQ(hub.Commit(path, "45", "012345"), 201);
  EXPECT_EQ(hub.Count().fired, 1u);
}

TEST(PolicyTest, TheFirstRuleHoldsForEachTrait) {
  SmallHub hub(R"({"name": "one", "do": {"policy": {"range-reply": "zero"}}},
                  {"name": "two", "do": {"policy": {"range-reply": "absent", "chunk-bytes": 3}}})");
  EXPECT_EQ(TwoChunks(hub), "416 none | 416 0-0");
  EXPECT_EQ(hub.Count(0).fired, 2u);
  EXPECT_EQ(hub.Count(1).fired, 2u);
}

TEST(PolicyTest, RulesThatAnswerAreAskedBesideIt) {
  SmallHub hub(R"({"name": "policy", "do": {"policy": {"read-only": "DENIED"}}},
                  {"name": "reply", "do": {"reply": {"status": 418}, "at": "request-head"},
                   "times": {"nth": 2}})");
  EXPECT_EQ(PutAnIndex(hub), "403");
  EXPECT_EQ(PutAnIndex(hub), "418");
  EXPECT_EQ(hub.Count(0).offered, 1u);
}

TEST(PolicyTest, IsOnlyAskedWhereItsTraitsMatter) {
  SmallHub hub(R"({"name": "p", "do": {"policy": {"overwrite-refused": "DENIED"}}})");
  hub.PushBlob("bytes");
  hub.Ask("GET", "/v2/");
  EXPECT_EQ(hub.Count().fired, 0u);
  PutAnIndex(hub);
  EXPECT_EQ(hub.Count().fired, 1u);
}

}  // namespace
}  // namespace drydock::simulator
