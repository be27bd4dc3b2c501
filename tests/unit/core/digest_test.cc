#include "core/digest.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <unordered_set>
#include <utility>

namespace drydock {
namespace {

constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
// FIPS 180-4 examples, "abc".
constexpr std::string_view kAbcSha256 =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view kAbcSha512 =
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

TEST(Digest, OfKnownBytes) {
  EXPECT_EQ(Digest::Of("").hex(), kEmptySha256);
  EXPECT_EQ(Digest::Of("abc").hex(), kAbcSha256);
  EXPECT_EQ(Digest::Of("abc", DigestAlgorithm::kSha512).hex(), kAbcSha512);
  EXPECT_EQ(Digest::Of("abc").ToString(), "sha256:" + std::string(kAbcSha256));
  EXPECT_EQ(Digest::Of("abc").Short(), "ba7816bf8f01");
}

TEST(Digest, ParsesWhatItPrints) {
  for (const auto algorithm : {DigestAlgorithm::kSha256, DigestAlgorithm::kSha512}) {
    const Digest digest = Digest::Of("x", algorithm);
    const auto parsed = Digest::Parse(digest.ToString());
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(*parsed, digest);
    EXPECT_EQ(parsed->algorithm(), algorithm);
  }
}

TEST(Digest, RefusesEverythingElseAndShowsIt) {
  const std::string hex(kEmptySha256);
  const std::string rows[] = {
      "",
      "sha256",
      ":" + hex,
      "sha256:",
      hex,
      "sha256:" + hex.substr(1),
      "sha256:" + hex + "0",
      "sha256:" + std::string(64, 'G'),
      "sha256:" + std::string(64, 'A'),
      "SHA256:" + hex,
      "md5:d41d8cd98f00b204e9800998ecf8427e",
      "sha512:" + hex,
      " sha256:" + hex,
      "sha256:" + hex + "\n",
      "sha256:sha256:" + hex,
  };
  for (const std::string& row : rows) {
    const auto parsed = Digest::Parse(row);
    ASSERT_FALSE(parsed.ok()) << row;
    EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalid);
    EXPECT_NE(parsed.error().message().find(row), std::string::npos) << parsed.error().message();
  }
}

TEST(Digest, FromHexAbortsOnWhatAHasherNeverMakes) {
  EXPECT_DEATH((void)Digest::FromHex(DigestAlgorithm::kSha256, "ab"), "");
  EXPECT_DEATH((void)Digest::FromHex(DigestAlgorithm::kSha256, std::string(64, 'A')), "");
}

TEST(Digest, OrdersAndHashes) {
  const Digest a = Digest::Of("a");
  const Digest b = Digest::Of("b");
  EXPECT_NE(a, b);
  EXPECT_EQ(a < b, a.hex() < b.hex());
  EXPECT_EQ((std::unordered_set<Digest>{a, b, a}).size(), 2u);
}

TEST(Hasher, PiecesHashAsTheWhole) {
  EXPECT_TRUE(rc::check([](const std::vector<std::string>& pieces) {
    Hasher hasher;
    std::string whole;
    for (const std::string& piece : pieces) {
      hasher.Update(piece);
      whole += piece;
    }
    RC_ASSERT(hasher.Finish() == Digest::Of(whole));
  }));
}

TEST(Hasher, Moves) {
  Hasher first;
  first.Update("a");
  Hasher second = std::move(first);
  second.Update("bc");
  Hasher third;
  third = std::move(second);
  EXPECT_EQ(third.Finish().hex(), kAbcSha256);
}

}  // namespace
}  // namespace drydock
