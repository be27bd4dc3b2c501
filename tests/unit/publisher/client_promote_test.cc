// Moving a tag by manifest reference: what is sent, what is never sent twice, and what is said when
// nobody can know.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/publisher/client_bench.h"

namespace drydock::publisher {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using PromoteTest = ClientTest;

TEST_F(PromoteTest, PromoteSkipsATagThatIsThere) {
  ThenNames(kDigest);
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_TRUE(promoted.ok());
  EXPECT_EQ(promoted->how, Promotion::How::kAlreadyThere);
  EXPECT_EQ(promoted->from, kDigest.ToString());
  EXPECT_THAT(Steps(), ElementsAre("HEAD latest"));
}

TEST_F(PromoteTest, PromotePutsTheSameBytesAndReadsBack) {
  ThenNames(kOld);
  ThenManifest();
  transport_.Then(201, Named(kDigest));
  ThenNames(kDigest);
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_TRUE(promoted.ok()) << promoted.failure().ToString();
  EXPECT_EQ(promoted->how, Promotion::How::kMoved);
  EXPECT_EQ(promoted->digest, kDigest);
  EXPECT_EQ(promoted->from, kOld.ToString());
  EXPECT_THAT(Steps(), ElementsAre("HEAD latest", Concat({"GET ", kDigest.ToString()}),
                                   "PUT latest", "HEAD latest"));
  EXPECT_EQ(transport_.sent()[2].body, kManifest);
  EXPECT_EQ(transport_.sent()[2].headers.Get("Content-Type"), media_type::kOciIndex);
}

TEST_F(PromoteTest, PromoteMakesATagThatWasNotThere) {
  ThenMissing();
  ThenManifest();
  transport_.Then(201);
  ThenNames(kDigest);
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_TRUE(promoted.ok());
  EXPECT_EQ(promoted->from, "");
}

TEST_F(PromoteTest, PromoteByTagLooksTheSourceUpFirst) {
  ThenNames(kDigest);
  ThenNames(kDigest);
  ASSERT_TRUE(client_.Promote(kTag, kLatest).ok());
  EXPECT_THAT(Steps(), ElementsAre("HEAD v1", "HEAD latest"));
  ThenMissing();
  const auto gone = client_.Promote(kTag, kLatest);
  ASSERT_FALSE(gone.ok());
  EXPECT_THAT(gone.failure().words, HasSubstr("registry.test/a/b:v1"));
}

TEST_F(PromoteTest, PromoteWritesNothingWhenItCannotSee) {
  transport_.Otherwise([](const Sent&) -> Result<Response> { return HtmlPage(503); });
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_FALSE(promoted.ok());
  EXPECT_NE(promoted.failure().next, NextMove::kAsk);
  for (const Sent& sent : transport_.sent()) {
    EXPECT_EQ(sent.method, "HEAD");
  }
}

TEST_F(PromoteTest, ALostPutThatWasAppliedIsNotSentAgain) {
  ThenNames(kOld);
  ThenManifest();
  transport_.ThenError(ErrorCode::kAmbiguous);
  ThenNames(kDigest);  // asked: it is there
  ThenNames(kDigest);  // read back
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_TRUE(promoted.ok()) << promoted.failure().ToString();
  EXPECT_EQ(promoted->how, Promotion::How::kMoved);
  EXPECT_TRUE(transport_.AllAnswered());
}

TEST_F(PromoteTest, ALostPutThatWasNotAppliedIsSentAgain) {
  ThenNames(kOld);
  ThenManifest();
  ThenPage(503);
  ThenNames(kOld);  // asked: not there
  transport_.Then(201);
  ThenNames(kDigest);
  ASSERT_TRUE(client_.Promote(kByDigest, kLatest).ok());
  EXPECT_THAT(Steps(), ElementsAre("HEAD latest", Concat({"GET ", kDigest.ToString()}),
                                   "PUT latest", "HEAD latest", "PUT latest", "HEAD latest"));
}

TEST_F(PromoteTest, AfterTheLastLostPutItStillAsks) {
  const auto lose_puts = [](const Digest& named) {
    return [named](const Sent& sent) -> Result<Response> {
      if (sent.method == "PUT") {
        return Error(ErrorCode::kTimeout, "no answer");
      }
      return sent.method == "GET" ? MakeResponse(200, Named(kDigest), kManifest)
                                  : MakeResponse(200, Named(named));
    };
  };
  transport_.Otherwise(lose_puts(kOld));
  const auto settled = client_.Promote(kByDigest, kLatest);
  ASSERT_FALSE(settled.ok());
  EXPECT_EQ(settled.failure().next, NextMove::kRetry);  // known: not moved
  EXPECT_EQ(Steps().back(), "HEAD latest");
}

TEST_F(PromoteTest, SaysAskWhenItCouldNotFindOut) {
  bool put = false;
  transport_.Otherwise([&](const Sent& sent) -> Result<Response> {
    if (sent.method == "GET") {
      return MakeResponse(200, Named(kDigest), kManifest);
    }
    put = put || sent.method == "PUT";
    return put ? Result<Response>(Error(ErrorCode::kAmbiguous, "reset"))
               : MakeResponse(200, Named(kOld));
  });
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_FALSE(promoted.ok());
  EXPECT_EQ(promoted.failure().next, NextMove::kAsk);
  const auto steps = Steps();
  EXPECT_EQ(std::count(steps.begin(), steps.end(), "PUT latest"), 1);
}

TEST_F(PromoteTest, ARefusalMovesNothingAndIsNotRepeated) {
  for (const auto& [status, code] : std::vector<std::pair<int, const char*>>{
           {400, "MANIFEST_INVALID"}, {403, "DENIED"}, {415, "MANIFEST_INVALID"}}) {
    ThenNames(kOld);
    ThenManifest();
    ThenRegistry(status, code);
    const auto promoted = client_.Promote(kByDigest, kLatest);
    ASSERT_FALSE(promoted.ok());
    EXPECT_EQ(promoted.failure().code, code);
    EXPECT_EQ(promoted.failure().attempts, 1);
    EXPECT_TRUE(transport_.AllAnswered());
  }
  ThenNames(kOld);
  ThenManifest();
  ThenPage(400);
  const auto page = client_.Promote(kByDigest, kLatest);
  EXPECT_EQ(page.failure().answerer, Answerer::kEdge);
  EXPECT_EQ(page.failure().persistence, Persistence::kDeterministic);
}

TEST_F(PromoteTest, AForeignMoveIsReportedAndNotOverwritten) {
  ThenNames(kOld);
  ThenManifest();
  ThenPage(503);
  ThenNames(kForeign);  // somebody moved it while we waited
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_FALSE(promoted.ok());
  EXPECT_THAT(promoted.failure().words, HasSubstr(kForeign.ToString()));
  EXPECT_EQ(promoted.failure().persistence, Persistence::kDeterministic);
  EXPECT_TRUE(transport_.AllAnswered());
}

TEST_F(PromoteTest, LooksAgainWhenReadingTheManifestTookLong) {
  ThenNames(kOld);
  transport_.Then([&](const Sent&) -> Result<Response> {
    clock_.Advance(seconds(30));
    return MakeResponse(200, Named(kDigest), kManifest);
  });
  ThenNames(kForeign);
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_FALSE(promoted.ok());
  EXPECT_THAT(promoted.failure().words, HasSubstr(kForeign.ToString()));
  EXPECT_THAT(Steps(),
              ElementsAre("HEAD latest", Concat({"GET ", kDigest.ToString()}), "HEAD latest"));
}

TEST_F(PromoteTest, AForeignMoveAfterOursIsReported) {
  ThenNames(kOld);
  ThenManifest();
  transport_.Then(201);
  ThenNames(kForeign);
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_FALSE(promoted.ok());
  EXPECT_THAT(promoted.failure().words, HasSubstr("somebody else"));
}

TEST_F(PromoteTest, ReadsBackWithPatience) {
  ThenNames(kOld);
  ThenManifest();
  transport_.Then(201);
  ThenNames(kOld);
  ThenNames(kOld);
  ThenPage(503);
  ThenNames(kDigest);
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_TRUE(promoted.ok());
  EXPECT_EQ(promoted->how, Promotion::How::kMoved);
}

TEST_F(PromoteTest, SaysWhenTheMoveNeverShowed) {
  ThenNames(kOld);
  ThenManifest();
  transport_.Then(201);
  transport_.Otherwise(
      [](const Sent&) -> Result<Response> { return MakeResponse(200, Named(kOld)); });
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_TRUE(promoted.ok());
  EXPECT_EQ(promoted->how, Promotion::How::kMovedNotSeen);
  const auto steps = Steps();
  EXPECT_EQ(std::count(steps.begin(), steps.end(), "PUT latest"), 2) << "once more, and no further";
}

TEST_F(PromoteTest, WhatWasAcceptedAndNeverShowsIsPutOnceMore) {
  bool again = false;
  ThenNames(kOld);
  ThenManifest();
  transport_.Then(201);
  transport_.Otherwise([&](const Sent& sent) -> Result<Response> {
    again = again || sent.method == "PUT";
    return MakeResponse(sent.method == "PUT" ? 201 : 200, Named(again ? kDigest : kOld));
  });
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_TRUE(promoted.ok());
  EXPECT_EQ(promoted->how, Promotion::How::kMoved);
  EXPECT_THAT(Steps(), ::testing::Contains("PUT latest").Times(2));
}

TEST_F(PromoteTest, SaysSoWhenReadingBackIsRefusedForGood) {
  ThenNames(kOld);
  ThenManifest();
  transport_.Then(201);
  transport_.Otherwise(
      [](const Sent&) -> Result<Response> { return RegistryError(403, "DENIED"); });
  EXPECT_EQ(client_.Promote(kByDigest, kLatest)->how, Promotion::How::kMovedNotSeen);
}

TEST_F(PromoteTest, ARegistryThatChangesTheBytesIsCaught) {
  ThenNames(kOld);
  ThenManifest();
  transport_.Then(201, Named(kForeign));
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_FALSE(promoted.ok());
  EXPECT_THAT(promoted.failure().words, HasSubstr(kForeign.ToString()));
}

TEST_F(PromoteTest, PromotesOnlyWithinOneRepository) {
  for (const char* to :
       {"registry.test/a/c:latest", "other.test/a/b:latest", "registry.test/a/b"}) {
    EXPECT_FALSE(client_.Promote(kByDigest, Ref(to)).ok()) << to;
  }
  EXPECT_THAT(transport_.sent(), IsEmpty());
}

TEST_F(PromoteTest, CancelledMeansNoFurtherRequest) {
  ThenNames(kOld);
  ThenManifest();
  transport_.ThenError(ErrorCode::kCancelled, "killed");
  const auto promoted = client_.Promote(kByDigest, kLatest);
  ASSERT_FALSE(promoted.ok());
  EXPECT_TRUE(promoted.failure().cancelled);
  EXPECT_EQ(promoted.failure().next, NextMove::kAsk);
  EXPECT_EQ(transport_.sent().size(), 3u);
}

TEST_F(PromoteTest, WaitsForTheServersPromiseBeforeItMovesTheTag) {
  ThenNames(kOld);
  ThenManifest();
  transport_.Then(429, {{"Retry-After", "37"}});
  ThenNames(kOld);
  transport_.Then(201);
  ThenNames(kDigest);
  ASSERT_TRUE(client_.Promote(kByDigest, kLatest).ok());
  EXPECT_EQ(clock_.Elapsed(), seconds(37));
}

}  // namespace
}  // namespace drydock::publisher
