#include "simulator/registry/upload.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "core/text.h"
#include "tests/unit/registry/bench.h"

namespace drydock::simulator {
namespace {

constexpr TimePoint kNow{std::chrono::seconds(1779948000)};

UploadSession Session(std::string id = "u-1") {
  return {"app/web", std::move(id), kNow, NewMemoryBlob()};
}

// Words on their way in, of which some do not fit.
class SmallWriter : public BlobWriter {
 public:
  void Reserve(std::uint64_t /*more*/) override {}
  Status Append(std::string_view piece) override {
    if (text_.size() + piece.size() > 8) {
      return Error(ErrorCode::kUnavailable, "disk: full");
    }
    text_ += piece;
    return Ok{};
  }
  Status Truncate(std::uint64_t size) override {
    text_.resize(size);
    return Ok{};
  }
  Body Read() const override { return Body::FromString(text_); }
  Result<Blob> Take() override { return Blob(std::make_shared<const std::string>(text_)); }

 private:
  std::string text_;
};

TEST(UploadSession, HashesWhatItKeeps) {
  UploadSession session = Session();
  session.Append("hel");
  session.Append("lo");
  EXPECT_EQ(session.size(), 5U);
  EXPECT_EQ(session.Finish(DigestAlgorithm::kSha256), Digest::Of("hello"));
  EXPECT_EQ(TextOf(session.Take().value()), "hello");
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
  EXPECT_EQ(TextOf(session.Take().value()), "hello");
}

TEST(UploadSession, TakesNothingMoreOnceTheWriterFailed) {
  UploadSession session("app/web", "u-1", kNow, std::make_unique<SmallWriter>());
  session.Append("1234");
  session.Append("567890");
  session.Append("x");
  EXPECT_EQ(session.size(), 4U);
  ASSERT_TRUE(session.failure());
  EXPECT_EQ(session.failure()->message(), "disk: full");
  session.Truncate(2);
  EXPECT_EQ(session.size(), 4U);
  EXPECT_EQ(session.Take().error().message(), "disk: full");
}

TEST(UploadSession, IsTakenOnce) {
  UploadSession session = Session();
  session.Append("hello");
  EXPECT_TRUE(session.Take().ok());
  EXPECT_FALSE(session.Take().ok());
}

TEST(UploadSession, HoldsLargeBytesAsItHoldsFew) {
  for (const bool ahead : {false, true}) {
    UploadSession session = Session();
    std::string all;
    std::array<std::string, 2> pieces;  // in turn, since they are hashed beside
    if (ahead) {
      session.HashAhead();
    }
    session.Reserve(std::uint64_t{1} << 40U);
    for (std::size_t i = 0; i < 21; ++i) {
      std::string& piece = pieces[i % 2];
      piece.assign(1'000'000, static_cast<char>('a' + i));
      session.Append(piece);
      all += piece;
    }
    session.Truncate(20'500'000);
    all.resize(20'500'000);
    session.Append("the end");
    all += "the end";
    EXPECT_EQ(session.size(), all.size());
    EXPECT_EQ(session.Finish(DigestAlgorithm::kSha512), Digest::Of(all, DigestAlgorithm::kSha512));
    EXPECT_EQ(session.Finish(DigestAlgorithm::kSha256), Digest::Of(all));
    const Result<Blob> blob = session.Take();
    ASSERT_TRUE(blob.ok());
    Body whole = blob->Read();
    EXPECT_EQ(*ReadAll(whole, 30'000'000), all);
    Body part = blob->Read(20'499'998, 5);
    EXPECT_EQ(*ReadAll(part, 10), all.substr(20'499'998, 5));
  }
}

TEST(UploadSessions, FindsASessionInItsRepositoryOnly) {
  UploadSessions sessions(2);
  Rng rng(1);
  const auto session = sessions.Start("app/web", kNow, rng, NewMemoryBlob());
  EXPECT_EQ(sessions.Find("app/web", session->id()), session);
  EXPECT_EQ(sessions.Find("app/other", session->id()), nullptr);
  EXPECT_EQ(sessions.Find("app/web", "other"), nullptr);
}

TEST(UploadSessions, AreAsManyAsAllowed) {
  UploadSessions sessions(2);
  Rng rng(1);
  const auto first = sessions.Start("app/web", kNow, rng, NewMemoryBlob());
  EXPECT_NE(sessions.Start("app/web", kNow, rng, NewMemoryBlob()), nullptr);
  EXPECT_EQ(sessions.Start("app/web", kNow, rng, NewMemoryBlob()), nullptr);
  sessions.End(first->id());
  sessions.End(first->id());
  EXPECT_NE(sessions.Start("app/web", kNow, rng, NewMemoryBlob()), nullptr);
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
  EXPECT_EQ(
      ReadUploadState(EncodeUploadState({"app/other", "u-1", kNow, NewMemoryBlob()}), session),
      std::nullopt);
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
