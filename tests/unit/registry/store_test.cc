#include "simulator/registry/store.h"

#include <gtest/gtest.h>

#include <string>

#include "core/media_type.h"
#include "tests/unit/registry/bench.h"

namespace drydock::simulator {
namespace {

TEST(Store, HoldsOneCopyOfABlobForAllRepositories) {
  Store store;
  const Digest digest = store.PutBlob("a", "hello");
  store.PutBlob("b", "hello");
  EXPECT_EQ(store.blob_count(), 1U);
  EXPECT_EQ(store.blob_bytes(), 5U);
  EXPECT_EQ(store.FindBlob("a", digest), store.FindBlob("b", digest));
}

TEST(Store, DropsABlobWithItsLastHolder) {
  Store store;
  const Digest digest = store.PutBlob("a", "hello");
  store.PutBlob("b", "hello");
  EXPECT_TRUE(store.DeleteBlob("a", digest));
  EXPECT_EQ(store.FindBlob("a", digest), nullptr);
  EXPECT_NE(store.FindBlob("b", digest), nullptr);
  EXPECT_FALSE(store.DeleteBlob("a", digest));
  EXPECT_TRUE(store.DeleteBlob("b", digest));
  EXPECT_EQ(store.blob_count(), 0U);
  EXPECT_EQ(store.blob_bytes(), 0U);
}

TEST(Store, GivesReadersTheirBytesAfterADelete) {
  Store store;
  const Digest digest = store.PutBlob("a", "hello");
  const Blob reading = store.FindBlob("a", digest);
  store.DeleteBlob("a", digest);
  EXPECT_EQ(TextOf(reading), "hello");
}

TEST(Store, ReadsAnyPartOfABlob) {
  Store store;
  const Blob blob = store.FindBlob("a", store.PutBlob("a", "hello"));
  EXPECT_EQ(blob.size(), 5U);
  const auto part = [&](std::uint64_t offset, std::uint64_t length) {
    Body body = blob.Read(offset, length);
    const auto announced = body.length();
    std::string text = ReadAll(body, 100).value();
    EXPECT_EQ(announced, text.size());
    return text;
  };
  EXPECT_EQ(part(0, 5), "hello");
  EXPECT_EQ(part(1, 3), "ell");
  EXPECT_EQ(part(3, 99), "lo");
  EXPECT_EQ(part(5, 1), "");
  EXPECT_EQ(part(99, 1), "");
  EXPECT_EQ(Blob().size(), 0U);
  EXPECT_EQ(TextOf(Blob()), "");
}

TEST(Store, FindsOnlyHoldersThatMayBeRead) {
  Store store;
  const Digest digest = store.PutBlob("a", "hello");
  store.PutBlob("b", "hello");
  const auto holder = [&](std::string_view readable) {
    return store.FindHolder(digest, [&](std::string_view name) { return name == readable; });
  };
  EXPECT_EQ(holder("b"), "b");
  EXPECT_EQ(holder("c"), std::nullopt);
}

TEST(Store, ReadsWhatItNeedsFromAManifestPutInPlace) {
  Store store;
  const std::string image =
      ImageJson("config", "layer",
                R"(,"artifactType":"application/x","subject":)" + DescriptorJson("a/b", "subject"));
  const Digest child = store.PutManifest("a", media_type::kOciManifest, image);
  const Digest index =
      store.PutManifest("a", media_type::kOciIndex,
                        R"({"schemaVersion":2,"manifests":[)" +
                            DescriptorJson(media_type::kOciManifest, image) + "]}");
  EXPECT_EQ(store.FindManifest("a", child)->subject->ToString(), Sha256("subject"));
  EXPECT_EQ(store.FindManifest("a", child)->artifact_type, "application/x");
  EXPECT_EQ(store.FindManifest("a", index)->manifests, std::vector<Digest>{child});
  EXPECT_EQ(*store.FindManifest("a", index)->bytes->begin(), '{');
}

TEST(Store, MovesTagsAndSaysWhereTheyWere) {
  Store store;
  const Digest one = Digest::Of("1");
  const Digest two = Digest::Of("2");
  EXPECT_EQ(store.SetTag("a", "v1", one), std::nullopt);
  EXPECT_EQ(store.SetTag("a", "v1", two), one);
  EXPECT_EQ(store.FindTag("a", "v1"), two);
  EXPECT_EQ(store.FindTag("b", "v1"), std::nullopt);
  EXPECT_EQ(store.Tags("a"), (TagMap{{"v1", two}}));
  EXPECT_TRUE(store.DeleteTag("a", "v1"));
  EXPECT_FALSE(store.DeleteTag("a", "v1"));
  EXPECT_FALSE(store.DeleteTag("b", "v1"));
}

TEST(Store, IsEmptyForARepositoryNobodyMade) {
  const Store store;
  EXPECT_FALSE(store.HasRepository("a"));
  EXPECT_TRUE(store.Repositories().empty());
  EXPECT_TRUE(store.Tags("a").empty());
  EXPECT_TRUE(store.Manifests("a").empty());
  EXPECT_TRUE(store.Blobs("a").empty());
  EXPECT_EQ(store.FindBlob("a", Digest::Of("x")), nullptr);
  EXPECT_EQ(store.FindManifest("a", Digest::Of("x")), nullptr);
}

}  // namespace
}  // namespace drydock::simulator
