#include "simulator/registry/upload.h"

#include <gtest/gtest.h>

#include <string>

#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr TimePoint kNow{std::chrono::seconds(1779948000)};

UploadSession Session(std::string id = "u-1") { return {"app/web", std::move(id), kNow}; }

TEST(UploadSession, HashesWhatItKeeps) {
  UploadSession session = Session();
  session.Append("hel");
  session.Append("lo");
  EXPECT_EQ(session.size(), 5U);
  EXPECT_EQ(session.Finish(DigestAlgorithm::kSha256), Digest::Of("hello"));
  EXPECT_EQ(*session.Take(), "hello");
  EXPECT_EQ(session.size(), 0U);
}

TEST(UploadSession, HashesAgainWhatATruncationLeft) {
  UploadSession session = Session();
  session.Append("hello world");
  session.Truncate(5);
  session.Truncate(99);
  session.Append("!");
  EXPECT_EQ(session.Finish(DigestAlgorithm::kSha256), Digest::Of("hello!"));
}

TEST(UploadSession, GivesEitherDigestWhateverWasExpected) {
  for (const auto expected : {DigestAlgorithm::kSha256, DigestAlgorithm::kSha512}) {
    for (const auto asked : {DigestAlgorithm::kSha256, DigestAlgorithm::kSha512}) {
      UploadSession session = Session();
      session.ExpectDigest(expected);
      session.Append("hello");
      EXPECT_EQ(session.Finish(asked), Digest::Of("hello", asked));
    }
  }
}

TEST(UploadSession, KeepsItsHashWhenTheExpectationComesLate) {
  UploadSession session = Session();
  session.Append("hel");
  session.ExpectDigest(DigestAlgorithm::kSha512);
  session.Append("lo");
  EXPECT_EQ(session.Finish(DigestAlgorithm::kSha512),
            Digest::Of("hello", DigestAlgorithm::kSha512));
}

TEST(UploadSession, BelievesNoAnnouncedLengthBeyondReason) {
  UploadSession session = Session();
  session.Reserve(~std::uint64_t{0});
  session.Append("hello");
  EXPECT_EQ(*session.Take(), "hello");
}

TEST(UploadSessions, FindsASessionInItsRepositoryOnly) {
  UploadSessions sessions(2);
  Rng rng(1);
  const auto session = sessions.Start("app/web", kNow, rng);
  EXPECT_EQ(sessions.Find("app/web", session->id()), session);
  EXPECT_EQ(sessions.Find("app/other", session->id()), nullptr);
  EXPECT_EQ(sessions.Find("app/web", "other"), nullptr);
}

TEST(UploadSessions, AreAsManyAsAllowed) {
  UploadSessions sessions(2);
  Rng rng(1);
  const auto first = sessions.Start("app/web", kNow, rng);
  EXPECT_NE(sessions.Start("app/web", kNow, rng), nullptr);
  EXPECT_EQ(sessions.Start("app/web", kNow, rng), nullptr);
  sessions.End(first->id());
  sessions.End(first->id());
  EXPECT_NE(sessions.Start("app/web", kNow, rng), nullptr);
  EXPECT_EQ(sessions.All().size(), 2U);
}

TEST(UploadState, HoldsTheOffset) {
  UploadSession session = Session();
  EXPECT_EQ(ReadUploadState(EncodeUploadState(session), session), 0U);
  session.Append("hello");
  const std::string state = EncodeUploadState(session);
  EXPECT_EQ(ReadUploadState(state, session), 5U);
  EXPECT_EQ(FromBase64(state),
            R"({"Name":"app/web","UUID":"u-1","Offset":5,"StartedAt":"2026-05-28T06:00:00Z"})");
  EXPECT_EQ(
      state.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
      std::string::npos)
      << "needs no escapes in a query";
}

TEST(UploadState, IsOfOneSession) {
  const UploadSession session = Session();
  EXPECT_EQ(ReadUploadState(EncodeUploadState(Session("u-2")), session), std::nullopt);
  EXPECT_EQ(ReadUploadState(EncodeUploadState({"app/other", "u-1", kNow}), session), std::nullopt);
}

TEST(UploadState, IsRefusedMadeUp) {
  const UploadSession session = Session();
  for (const std::string_view text :
       {"", "!", "AAAA", "e30", "W10", "bnVsbA", "eyJOYW1lIjoiYXBwL3dlYiIsIlVVSUQiOiJ1LTEifQ",
        "eyJOYW1lIjoiYXBwL3dlYiIsIlVVSUQiOiJ1LTEiLCJPZmZzZXQiOi0xfQ"}) {
    EXPECT_EQ(ReadUploadState(text, session), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace drydock::simulator
