#include "publisher/hash/hash_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/explain/project.h"

namespace drydock::publisher {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

using Kind = HashDiff::Change::Kind;

class HashDiffTest : public ::testing::Test {
 protected:
  HashDiff Diff(const HashSubject& a, const HashSubject& b) {
    auto diff = DiffHashes(a, b, RunbookRecipe());
    if (!diff) {
      ADD_FAILURE() << diff.error().message();
      return {};
    }
    return *std::move(diff);
  }

  static auto Is(Kind kind, const char* path) {
    return AllOf(Field(&HashDiff::Change::kind, kind), Field(&HashDiff::Change::path, path));
  }

  Project project_;
};

TEST_F(HashDiffTest, TheSame) {
  const HashDiff diff = Diff(project_.At("v1"), project_.Subject());
  EXPECT_TRUE(diff.same());
  EXPECT_EQ(diff.a.digest, diff.b.digest);
  EXPECT_EQ(diff.a.digest.Short(), project_.HashAfter("true"));
  EXPECT_THAT(diff.changes, IsEmpty());
}

TEST_F(HashDiffTest, TheFirstByteWithFileAndLine) {
  project_.Write("rootfs/etc/profile", "umask 022\nexport B=\t1\n");
  const HashDiff diff = Diff(project_.At("v1"), project_.Subject());
  ASSERT_FALSE(diff.same());
  // Dockerfile.base 24, Zebra 6, apple 6, motd 12, then 17 of profile.
  EXPECT_EQ(diff.first->offset, 24U + 6 + 6 + 12 + 17);
  EXPECT_EQ(diff.first->in_a.path, "rootfs/etc/profile");
  EXPECT_EQ(diff.first->in_a.line, 2U);
  EXPECT_EQ(diff.first->in_a.offset, 17U);
  EXPECT_EQ(diff.first->in_a.text, "export A\\n");
  EXPECT_EQ(diff.first->in_b.text, "export B=\\t1\\n");
  EXPECT_THAT(diff.changes, ElementsAre(Is(Kind::kDiffers, "rootfs/etc/profile")));
}

TEST_F(HashDiffTest, AFileThatOneSideDoesNotHave) {
  project_.Write("rootfs/etc/extra", "extra\n");
  project_.Remove("rootfs/apple");
  const HashDiff diff = Diff(project_.At("v1"), project_.Subject());
  ASSERT_FALSE(diff.same());
  EXPECT_EQ(diff.first->in_a.path, "rootfs/apple");
  EXPECT_EQ(diff.first->in_b.path, "rootfs/etc/extra");
  EXPECT_EQ(diff.first->in_a.line, 1U);
  EXPECT_THAT(diff.changes, ElementsAre(Is(Kind::kOnlyInA, "rootfs/apple"),
                                        Is(Kind::kOnlyInB, "rootfs/etc/extra")));
}

TEST_F(HashDiffTest, OneStreamEndsWhereTheOtherGoesOn) {
  project_.Write("entrypoint-user.sh", "#!/bin/sh\nexec bash\nmore\n");
  const HashDiff diff = Diff(project_.At("v1"), project_.Subject());
  ASSERT_FALSE(diff.same());
  EXPECT_EQ(diff.first->offset, diff.a.bytes);
  EXPECT_EQ(diff.first->in_a.path, "");
  EXPECT_EQ(diff.first->in_b.path, "entrypoint-user.sh");
  EXPECT_EQ(diff.first->in_b.line, 3U);
  EXPECT_EQ(diff.first->in_b.text, "more\\n");
}

TEST_F(HashDiffTest, CrlfAndBytesThatAreNotText) {
  project_.Write("Dockerfile.base", "FROM debian:12\r\nRUN \xff\n");
  const HashDiff diff = Diff(project_.At("v1"), project_.Subject());
  EXPECT_EQ(diff.first->offset, 14U);
  EXPECT_EQ(diff.first->in_a.text, "FROM debian:12\\n");
  EXPECT_EQ(diff.first->in_b.text, "FROM debian:12\\r\\n");
}

TEST_F(HashDiffTest, TheSameStreamCutOtherwise) {
  project_.Write("rootfs/etc/motd", "hello\n");
  project_.Write("rootfs/etc/profile", "world\numask 022\nexport A\n");
  const HashDiff diff = Diff(project_.At("v1"), project_.Subject());
  EXPECT_TRUE(diff.same());
  EXPECT_THAT(diff.changes, ElementsAre(Is(Kind::kDiffers, "rootfs/etc/motd"),
                                        Is(Kind::kDiffers, "rootfs/etc/profile")));
}

TEST_F(HashDiffTest, WhatCannotBeRead) {
  for (const HashSubject& wrong : {project_.At("no-such-tag"), HashSubject{"/no/such", "", ""}}) {
    EXPECT_EQ(DiffHashes(project_.Subject(), wrong, RunbookRecipe()).error().code(),
              ErrorCode::kNotFound);
  }
}

}  // namespace
}  // namespace drydock::publisher
