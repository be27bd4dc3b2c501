// The pusher against the fake registry, in process and in virtual time.
#include "publisher/push/pusher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/text.h"
#include "simulator/registry/personalities.h"
#include "tests/unit/push/push_bench.h"

namespace drydock::publisher {
namespace {

using simulator::AnonymousPersonality;
using simulator::DockerHubPersonality;
using simulator::Personality;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

const std::vector<std::vector<std::uint64_t>> kTwoImages = {{40 * kKiB, 3 * kKiB},
                                                            {50 * kKiB, 3 * kKiB}};
// Several chunks of 256 KiB.
constexpr std::uint64_t kLarge = 5 * kMiB + 17;
PushOptions SmallChunks() {
  PushOptions options;
  options.chunk_bytes = kChunkBytesMin;
  return options;
}

class PushTest : public ::testing::Test {
 protected:
  testing::TempFolder folder_;
};

TEST_F(PushTest, BringsEverythingInOrderAndTheTagLast) {
  for (const std::string& name : simulator::PersonalityNames()) {
    SCOPED_TRACE(name);
    Personality personality = *simulator::FindPersonality(name);
    personality.tokens.reset();
    personality.basic = false;
    personality.writes_refused.reset();
    personality.create_repositories = true;
    PushBench bench(personality);
    const LayoutMade layout = MakeLayout(folder_, "two", kTwoImages);
    const auto pushed = bench.Push(layout);
    ASSERT_TRUE(pushed) << pushed.failure().ToString();
    EXPECT_EQ(pushed->digest, layout.top);
    EXPECT_EQ(pushed->uploaded, 6U);
    bench.ExpectWhole(layout);
    const std::vector<std::string> writes = bench.Writes();
    EXPECT_EQ(writes.back(), "manifest.put v1");
    EXPECT_EQ(std::count(writes.begin(), writes.end(), "manifest.put v1"), 1);
    EXPECT_EQ(std::count(writes.begin(), writes.end(), "upload.commit"), 6);
    EXPECT_THAT(writes[writes.size() - 2], HasSubstr(layout.top.ToString()));
    const auto first_manifest =
        std::find_if(writes.begin(), writes.end(),
                     [](const std::string& write) { return write.starts_with("manifest.put"); });
    EXPECT_THAT(std::vector(first_manifest, writes.end()), Each(StartsWith("manifest.put")));
  }
}

TEST_F(PushTest, SendsNothingWhenAllIsThere) {
  PushBench bench(DockerHubPersonality());
  const LayoutMade layout = MakeLayout(folder_, "two", kTwoImages);
  ASSERT_TRUE(bench.Push(layout));
  const std::size_t writes = bench.Writes().size();
  const auto again = bench.Push(layout);
  ASSERT_TRUE(again) << again.failure().ToString();
  EXPECT_EQ(again->tag, Promotion::How::kAlreadyThere);
  EXPECT_EQ(bench.Writes().size(), writes);
  // Another tag of the same image costs one PUT.
  ASSERT_TRUE(bench.Push(layout, {}, "v2"));
  EXPECT_EQ(bench.Writes().size(), writes + 1);
  bench.ExpectWhole(layout, "v2");
}

TEST_F(PushTest, FetchesOneTokenForAllLanes) {
  PushBench bench(DockerHubPersonality());
  const LayoutMade layout = MakeLayout(folder_, "many", {{9000, 8000, 7000, 6000, 5000, 4000}});
  ASSERT_TRUE(bench.Push(layout));
  EXPECT_THAT(bench.RequestsOf("token"), SizeIs(2));  // one to look, one to push
}

TEST_F(PushTest, OneSeedGivesOneJournal) {
  const LayoutMade layout = MakeLayout(folder_, "many", {{9000, 8000, 7000, 6000, 5000, 4000}});
  std::string first;
  for (int run = 0; run < 2; ++run) {
    PushBench bench(AnonymousPersonality(),
                    R"({"name": "busy", "when": {"operation": "upload.commit"},
                        "do": {"reply": {"status": 503}}, "times": {"every": 3}})");
    ASSERT_TRUE(bench.Push(layout));
    first = first.empty() ? bench.journal.ToJsonLines() : first;
    EXPECT_EQ(first, bench.journal.ToJsonLines());
  }
}

TEST_F(PushTest, AfterARefusalSendsNoOtherBlob) {
  PushBench bench(AnonymousPersonality(),
                  R"({"name": "denied", "when": {"operation": "upload.start"},
                      "do": {"reply": {"status": 403, "error": "DENIED"}}})");
  const LayoutMade layout = MakeLayout(folder_, "many", {{9000, 8000, 7000, 6000}});
  const auto pushed = bench.Push(layout);
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.failure().code, "DENIED");
  EXPECT_EQ(pushed.failure().next, NextMove::kStop);
  EXPECT_THAT(bench.RequestsOf("upload.start"), SizeIs(1));
  EXPECT_EQ(bench.BlobBytesReceived(), 0U);
  EXPECT_EQ(bench.TagNow(), "");
}

// A registry that says no now and then to a login that could write: asked twice more at most.
TEST_F(PushTest, ARefusalAfterWritesIsTriedAgainTwice) {
  for (const int refusals : {2, 99}) {
    SCOPED_TRACE(refusals);
    PushBench bench(AnonymousPersonality(),
                    Concat({R"({"name": "denied", "times": )", std::to_string(refusals),
                            R"(, "when": {"operation": "manifest.put", "reference-kind": "tag"},
                                "do": {"reply": {"status": 403, "error": "DENIED"}}})"}));
    const auto pushed = bench.Push(MakeLayout(folder_, "one", {{9000}}));
    EXPECT_EQ(pushed.ok(), refusals == 2);
    EXPECT_TRUE(pushed || pushed.failure().next == NextMove::kStop);
    const auto puts = bench.RequestsOf("manifest.put");
    EXPECT_EQ(std::count_if(puts.begin(), puts.end(),
                            [](const SentRequest& put) { return put.status == 403; }),
              refusals == 2 ? 2 : 3);
  }
}

TEST_F(PushTest, TheTryAfterARefusalHasATokenOfItsOwn) {
  PushBench bench(DockerHubPersonality(),
                  R"({"name": "denied", "times": 1,
                      "when": {"operation": "manifest.put", "reference-kind": "tag"},
                      "do": {"reply": {"status": 403, "error": "DENIED"}}})");
  int tokens = 0;
  std::vector<int> at_puts;  // tokens that had been fetched when the tag was put
  bench.between = [&](Transport& network, Request request, Deadline deadline) {
    tokens += request.url.path.ends_with("/token") ? 1 : 0;
    if (request.method == "PUT" && request.url.path.ends_with("/manifests/v1")) {
      at_puts.push_back(tokens);
    }
    return network.Send(std::move(request), deadline);
  };
  ASSERT_TRUE(bench.Push(MakeLayout(folder_, "one", {{9000}})));
  ASSERT_THAT(at_puts, Not(IsEmpty()));
  EXPECT_GT(at_puts.back(), at_puts.front());
}

TEST_F(PushTest, ABlobThatIsNotItsDigestIsNotSent) {
  PushBench bench(AnonymousPersonality());
  const LayoutMade layout = MakeLayout(folder_, "one", {{40 * kKiB}});
  folder_.Write(Concat({"one/blobs/sha256/", layout.layers.front().hex()}),
                std::string(40 * kKiB, 'x'));
  const auto pushed = bench.Push(layout);
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.failure().answerer, Answerer::kLocal);
  EXPECT_THAT(pushed.failure().words, HasSubstr(layout.layers.front().hex()));
  EXPECT_THAT(bench.Writes(), Not(Contains(HasSubstr("manifest.put"))));
}

// --- resume

struct CutRow {
  const char* name;
  const char* effect;
  std::uint64_t chunk_bytes;
};
void PrintTo(const CutRow& row, std::ostream* out) { *out << row.name; }

class CutUpload : public PushTest, public ::testing::WithParamInterface<CutRow> {};

TEST_P(CutUpload, SendsAtMostOneChunkTwice) {
  for (const Personality& personality : {AnonymousPersonality(), DockerHubPersonality()}) {
    SCOPED_TRACE(personality.name);
    const std::string chunks = std::to_string(kLarge / GetParam().chunk_bytes);
    PushBench bench(personality,
                    Concat({R"({"name": "cut", "when": {"operation": "upload.patch"}, "do": )",
                            GetParam().effect, R"(, "times": {"nth": )", chunks, "}}"}));
    const LayoutMade layout = MakeLayout(folder_, "large", {{kLarge}});
    PushOptions options;
    options.chunk_bytes = GetParam().chunk_bytes;
    const auto pushed = bench.Push(layout, options);
    ASSERT_TRUE(pushed) << pushed.failure().ToString();
    bench.ExpectWhole(layout);
    const std::uint64_t config = ReadLayoutImage(layout.folder, "")->blob_bytes() - kLarge;
    EXPECT_LE(bench.BlobBytesReceived(), kLarge + config + GetParam().chunk_bytes);
    EXPECT_THAT(bench.RequestsOf("upload.start"), SizeIs(2)) << "a session each, and no other";
    EXPECT_THAT(bench.Waits(), Not(IsEmpty()));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Push, CutUpload,
    ::testing::Values(
        CutRow{"nothing kept", R"({"cut": "rst", "at": "request-head"})", kChunkBytesMin},
        CutRow{"a part kept", R"({"cut": "rst", "at": "request-body", "after-bytes": 99000})",
               kChunkBytesMin},
        CutRow{"all kept, answer lost", R"({"cut": "rst", "at": "response-head"})", kChunkBytesMin},
        CutRow{"all kept, 502", R"({"commit": "apply", "reply": {"status": 502, "page": "nginx"}})",
               kChunkBytesMin},
        CutRow{"not kept, 503", R"({"reply": {"status": 503}})", kChunkBytesMin},
        CutRow{"timed out by the server", R"({"reply": {"status": 408, "page": "nginx"}})", kMiB},
        CutRow{"stale state", R"({"reply": {"status": 404, "error": "BLOB_UPLOAD_UNKNOWN"}})",
               kMiB},
        CutRow{"throttled", R"({"reply": {"status": 429, "headers": {"Retry-After": "7"}}})", kMiB},
        CutRow{"kept less than it said", R"({"commit": {"bytes": 1000}})", kChunkBytesMin}),
    [](const auto& instance) {
      std::string name = instance.param.name;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

// Killed before the registry got the chunk, or when it had taken it and the answer was on its way.
TEST_F(PushTest, ANewProcessGoesOnAtTheOffset) {
  for (const bool taken : {false, true}) {
    for (const Personality& personality : {AnonymousPersonality(), DockerHubPersonality()}) {
      SCOPED_TRACE(Concat({personality.name, taken ? ", taken" : ""}));
      PushBench bench(personality);
      const std::string path =
          folder_.At(Concat({personality.name, taken ? ".taken" : "", ".run.jsonl"}));
      const LayoutMade layout = MakeLayout(folder_, "large", {{kLarge}});
      int patches = 0;
      bench.between = [&](Transport& network, Request request, Deadline deadline) {
        patches += request.method == "PATCH" ? 1 : 0;
        const bool killed = patches == 20;
        auto answer = killed && !taken ? Result<Response>(Error(ErrorCode::kCancelled, "killed"))
                                       : network.Send(std::move(request), deadline);
        return killed ? Result<Response>(Error(ErrorCode::kCancelled, "killed"))
                      : std::move(answer);
      };
      bench.run = *RunJournal::Open(bench.world.clock(), path);
      const auto killed = bench.Push(layout, SmallChunks());
      ASSERT_FALSE(killed);
      EXPECT_TRUE(killed.failure().cancelled);
      EXPECT_EQ(bench.TagNow(), "");

      bench.between = {};
      bench.run = *RunJournal::Open(bench.world.clock(), path);  // as a new process reads it
      const auto resumed = bench.Push(layout, SmallChunks());
      ASSERT_TRUE(resumed) << resumed.failure().ToString();
      bench.ExpectWhole(layout);
      const std::uint64_t config = ReadLayoutImage(layout.folder, "")->blob_bytes() - kLarge;
      EXPECT_EQ(bench.BlobBytesReceived(), kLarge + config) << "no byte twice";
      EXPECT_FALSE(bench.run->FindUpload("joakimp/app", layout.layers.front()));
    }
  }
}

TEST_F(PushTest, ASessionThatIsGoneIsBegunAnew) {
  PushBench bench(AnonymousPersonality());
  const LayoutMade layout = MakeLayout(folder_, "large", {{kLarge}});
  ASSERT_TRUE(bench.run->NoteUpload(
      "joakimp/app", layout.layers.front(),
      {"https://registry-1.docker.io/v2/joakimp/app/blobs/uploads/long-gone", 3 * kMiB}));
  const auto pushed = bench.Push(layout, SmallChunks());
  ASSERT_TRUE(pushed) << pushed.failure().ToString();
  bench.ExpectWhole(layout);
}

TEST_F(PushTest, ASessionLostForEverEndsTheRun) {
  PushBench bench(AnonymousPersonality(),
                  R"({"name": "lost", "when": {"operation": "upload.patch"},
                      "do": {"reply": {"status": 404, "error": "BLOB_UPLOAD_UNKNOWN"}}},
                     {"name": "no status", "when": {"operation": "upload.status"},
                      "do": {"reply": {"status": 404, "error": "BLOB_UPLOAD_UNKNOWN"}}})");
  const LayoutMade layout = MakeLayout(folder_, "large", {{kLarge}});
  const auto pushed = bench.Push(layout, SmallChunks());
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.failure().status, 404);
  EXPECT_LE(bench.RequestsOf("upload.start").size(), 8U);
}

// --- shapes

struct ShapeRow {
  const char* name;
  std::function<void(Personality&)> change;
  const char* faults;
  std::uint64_t chunk_bytes;
  std::uint64_t sent_max;  // bytes of the large blob that may arrive, in blobs
};
void PrintTo(const ShapeRow& row, std::ostream* out) { *out << row.name; }

class Shapes : public PushTest, public ::testing::WithParamInterface<ShapeRow> {};

TEST_P(Shapes, AreFoundByTheRegistrysAnswers) {
  Personality personality = AnonymousPersonality();
  GetParam().change(personality);
  PushBench bench(personality, GetParam().faults);
  const LayoutMade layout = MakeLayout(folder_, "large", {{kLarge, kLarge + 1}});
  PushOptions options;
  options.chunk_bytes = GetParam().chunk_bytes;
  const auto pushed = bench.Push(layout, options);
  ASSERT_TRUE(pushed) << pushed.failure().ToString();
  bench.ExpectWhole(layout);
  EXPECT_LE(bench.BlobBytesReceived(), GetParam().sent_max);
}

constexpr std::uint64_t kBoth = 2 * kLarge + 2000;
INSTANTIATE_TEST_SUITE_P(
    Push, Shapes,
    ::testing::Values(
        ShapeRow{"chunks_above_4_MiB_are_416",
                 [](Personality& p) { p.limits.chunk_bytes = 4 * kMiB; }, "", 5 * kMiB,
                 kBoth + 10 * kMiB},
        ShapeRow{"frozen_Range",
                 [](Personality& p) { p.range_reply = simulator::RangeReply::kFrozen; }, "",
                 kChunkBytesMin, kBoth},
        ShapeRow{"Range_of_the_chunk",
                 [](Personality& p) { p.range_reply = simulator::RangeReply::kChunkRelative; }, "",
                 kChunkBytesMin, kBoth},
        ShapeRow{"Range_off_by_one",
                 [](Personality& p) { p.range_reply = simulator::RangeReply::kSize; }, "",
                 kChunkBytesMin, kBoth},
        ShapeRow{"no_Range", [](Personality&) {},
                 R"({"name": "r", "when": {"operation": "upload.patch"},
                     "do": {"edit-reply": {"drop": "Range"}}})",
                 kChunkBytesMin, kBoth},
        ShapeRow{"frozen_Range_and_frozen_status", [](Personality&) {},
                 R"({"name": "r", "when": {"operation": "upload.patch", "status": 202},
                     "do": {"edit-reply": {"set": {"Range": "0-262143"}}}},
                    {"name": "s", "when": {"operation": "upload.status", "status": 204},
                     "do": {"edit-reply": {"set": {"Range": "0-262143"}}}})",
                 kChunkBytesMin, kBoth},
        ShapeRow{"no_Location_on_202", [](Personality&) {},
                 R"({"name": "l", "when": {"operation": "upload.patch"},
                     "do": {"edit-reply": {"drop": "Location"}}})",
                 kChunkBytesMin, kBoth},
        ShapeRow{"PATCH_blocked", [](Personality&) {},
                 R"({"name": "b", "when": {"operation": "upload.patch"},
                     "do": {"reply": {"status": 405, "page": "nginx"}, "at": "request-head"}})",
                 kChunkBytesMin, kBoth + 2 * kMiB},
        ShapeRow{"PATCH_not_implemented", [](Personality&) {},
                 R"({"name": "b", "when": {"operation": "upload.patch"},
                     "do": {"reply": {"status": 501, "page": "nginx"}, "at": "request-head"}})",
                 kChunkBytesMin, kBoth + 2 * kMiB},
        ShapeRow{"every_offset_is_416", [](Personality&) {},
                 R"({"name": "b", "when": {"operation": "upload.patch"},
                     "do": {"reply": {"status": 416}}})",
                 kChunkBytesMin, kBoth + 4 * kMiB},
        ShapeRow{"too_large_for_the_proxy_at_first", [](Personality&) {},
                 R"({"name": "b", "when": {"operation": "upload.patch"},
                     "do": {"reply": {"status": 413, "page": "nginx"}, "at": "request-head"},
                     "times": 2})",
                 4 * kMiB, kBoth + 16 * kMiB},
        ShapeRow{"one_PUT_is_too_large_for_the_proxy", [](Personality&) {},
                 R"({"name": "b", "when": {"operation": "upload.commit"},
                     "do": {"reply": {"status": 413, "page": "nginx"}, "at": "request-head"},
                     "times": {"from": 2, "to": 3}})",
                 0, kBoth + 12 * kMiB},
        ShapeRow{"one_PUT_breaks_off", [](Personality&) {},
                 R"({"name": "b", "when": {"operation": "upload.commit"},
                     "do": {"cut": "rst", "at": "request-body", "after-bytes": 1000000},
                     "times": {"from": 2, "to": 3}})",
                 0, kBoth + 2 * kMiB}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST_F(PushTest, ARegistryThatTakesNoShapeIsSaidToTakeNone) {
  PushBench bench(AnonymousPersonality(),
                  R"({"name": "b", "when": {"operation": "upload.patch"},
                      "do": {"reply": {"status": 413, "page": "nginx"}, "at": "request-head"}})");
  const LayoutMade layout = MakeLayout(folder_, "large", {{kLarge}});
  const auto pushed = bench.Push(layout);
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.failure().next, NextMove::kStop);
  EXPECT_THAT(pushed.failure().words, HasSubstr("neither chunks"));
  EXPECT_LE(bench.RequestsOf("upload.patch").size(), 6U);
}

TEST_F(PushTest, BytesThatChangeOnTheWayAreSentOnceMoreOnly) {
  for (const int times : {1, 99}) {
    PushBench bench(AnonymousPersonality(),
                    Concat({R"({"name": "b", "when": {"operation": "upload.commit"},
                      "do": {"reply": {"status": 400, "error": "DIGEST_INVALID"}}, "times": )",
                            std::to_string(times), "}"}));
    const LayoutMade layout = MakeLayout(folder_, "one", {{40 * kKiB}});
    const auto pushed = bench.Push(layout);
    EXPECT_EQ(pushed.ok(), times == 1);
    EXPECT_LE(bench.RequestsOf("upload.commit").size(), 3U);
  }
}

TEST_F(PushTest, ACommitThatIsCalledInvalidGetsOneNewSession) {
  PushBench bench(AnonymousPersonality(),
                  R"({"name": "raced", "when": {"operation": "upload.commit"}, "times": 1,
                      "do": {"reply": {"status": 400, "error": "BLOB_UPLOAD_INVALID"}}})");
  bench.lanes = 1;
  ASSERT_TRUE(bench.Push(MakeLayout(folder_, "one", {{40 * kKiB}})));
  // Two blobs, and the one that was refused once more.
  EXPECT_EQ(bench.RequestsOf("upload.start").size(), 3U);
  EXPECT_EQ(bench.RequestsOf("upload.cancel").size(), 1U);
  EXPECT_EQ(bench.RequestsOf("upload.status").size(), 0U);
}

// --- waits

TEST_F(PushTest, WaitsAsLongAsItIsToldAndSaysWhy) {
  for (const auto& [header, seconds] :
       std::vector<std::pair<std::string, int>>{{"90", 90},
                                                {"Thu, 28 May 2026 06:01:30 GMT", 90},
                                                {"Thursday, 28-May-26 06:01:30 GMT", 90},
                                                {"1779948090", 90}}) {
    SCOPED_TRACE(header);
    PushBench bench(AnonymousPersonality(),
                    Concat({R"({"name": "busy", "when": {"operation": "upload.start"}, "do":
                       {"reply": {"status": 429, "headers": {"Retry-After": ")",
                            header, R"("}}}, "times": 1})"}));
    std::vector<std::string> said;
    PushOptions options;
    options.on_event = [&](std::string_view line) { said.emplace_back(line); };
    const Duration began = bench.world.clock().Elapsed();
    ASSERT_TRUE(bench.Push(MakeLayout(folder_, "one", {{40 * kKiB}}), options));
    const Duration took = bench.world.clock().Elapsed() - began;
    EXPECT_GE(took, std::chrono::seconds(seconds));
    EXPECT_LT(took, std::chrono::seconds(seconds + 30));
    EXPECT_THAT(said, Contains(AllOf(StartsWith("waiting 1m 30s: upload of "), HasSubstr("429"))));
  }
}

TEST_F(PushTest, NoWaitReachesBeyondTheDeadline) {
  PushBench bench(AnonymousPersonality(),
                  R"({"name": "busy", "when": {"operation": "upload.start"}, "do":
                     {"reply": {"status": 429, "headers": {"Retry-After": "200"}}}})");
  PushOptions options;
  options.deadline = std::chrono::seconds(100);
  const auto pushed = bench.Push(MakeLayout(folder_, "one", {{40 * kKiB}}), options);
  ASSERT_FALSE(pushed);
  EXPECT_THAT(pushed.failure().advice, HasSubstr("3m 20s"));
  EXPECT_LT(bench.world.clock().Elapsed(), std::chrono::seconds(100));
}

// A request that hangs is given up, too.
TEST_F(PushTest, NoRequestReachesBeyondTheDeadline) {
  for (const char* operation : {"token", "upload.start", "upload.commit", "manifest.put"}) {
    SCOPED_TRACE(operation);
    PushBench bench(DockerHubPersonality(),
                    Concat({R"({"name": "hang", "when": {"operation": ")", operation,
                            R"("}, "do": {"hold": "1h", "at": "decide"}})"}));
    PushOptions options;
    options.deadline = std::chrono::seconds(25);
    ASSERT_FALSE(bench.Push(MakeLayout(folder_, "one", {{40 * kKiB}}), options));
    EXPECT_EQ(bench.faults().Counts()[0].fired, 1u);
    EXPECT_EQ(bench.world.clock().Elapsed(), options.deadline);
  }
}

// --- manifests

TEST_F(PushTest, PartsThatVanishAreSentAgainBeforeTheirManifest) {
  PushBench bench(AnonymousPersonality());
  const LayoutMade layout = MakeLayout(folder_, "two", kTwoImages);
  bool vanished = false;
  bench.between = [&](Transport& network, Request request, Deadline deadline) {
    if (request.method == "PUT" && request.url.path.find("/manifests/") != std::string::npos &&
        !std::exchange(vanished, true)) {
      EXPECT_TRUE(bench.registry.store().DeleteBlob(kTarget, layout.layers.front()));
    }
    return network.Send(std::move(request), deadline);
  };
  const auto pushed = bench.Push(layout);
  ASSERT_TRUE(pushed) << pushed.failure().ToString();
  bench.ExpectWhole(layout);
}

// A registry whose cache shows a blob that garbage collection took away.
TEST_F(PushTest, ABlobThatOnlyAHeadKnowsIsSentInTheEnd) {
  PushBench bench(AnonymousPersonality());
  const LayoutMade layout = MakeLayout(folder_, "two", kTwoImages);
  const std::string phantom = layout.layers.front().ToString();
  bench.between = [&](Transport& network, Request request, Deadline deadline) -> Result<Response> {
    if (request.method == "HEAD" && request.url.path.ends_with(phantom)) {
      Response answer;
      answer.status = 200;
      answer.headers.Add("Content-Length", std::to_string(kTwoImages.front().front()));
      return answer;
    }
    return network.Send(std::move(request), deadline);
  };
  const auto pushed = bench.Push(layout);
  ASSERT_TRUE(pushed) << pushed.failure().ToString();
  bench.ExpectWhole(layout);
}

TEST_F(PushTest, ATagThatSomebodyElseMovesIsLeftAlone) {
  PushBench bench(AnonymousPersonality(),
                  R"({"name": "busy", "when": {"operation": "manifest.put", "reference": "v1"},
                      "do": {"reply": {"status": 503}}, "times": 1})");
  const LayoutMade layout = MakeLayout(folder_, "one", {{40 * kKiB}});
  const LayoutMade foreign = MakeLayout(folder_, "foreign", {{10 * kKiB}});
  ASSERT_TRUE(bench.Push(foreign, {}, "other"));
  bool moved = false;
  bench.between = [&](Transport& network, Request request, Deadline deadline) {
    const bool tag = request.method == "PUT" && request.url.path.ends_with("/manifests/v1");
    auto answer = network.Send(std::move(request), deadline);
    if (tag && !std::exchange(moved, true)) {
      bench.registry.store().SetTag(kTarget, "v1", foreign.top);
    }
    return answer;
  };
  const auto pushed = bench.Push(layout);
  ASSERT_FALSE(pushed);
  EXPECT_EQ(bench.TagNow(), foreign.top.ToString());
  EXPECT_THAT(pushed.failure().words, HasSubstr("somebody else"));
}

}  // namespace
}  // namespace drydock::publisher
