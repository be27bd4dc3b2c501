#include "publisher/release/draft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "publisher/release/release_file.h"
#include "tests/support/temp_folder.h"

namespace drydock::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class DraftTest : public ::testing::Test {
 protected:
  // The draft's text, which must be a release file.
  ReleaseFile Draft() {
    const auto text =
        DraftReleaseFile(folder_.path().string(), *ImageReference::Parse("acme/devbox"));
    EXPECT_TRUE(text.ok()) << text.error().message();
    text_ = text ? *text : "";
    auto release = ParseReleaseFile(text_, "release.json");
    EXPECT_TRUE(release.ok()) << release.error().message() << "\n" << text_;
    return release ? *release : ReleaseFile();
  }

  testing::TempFolder folder_;
  std::string text_;
};

TEST_F(DraftTest, OfASplitBaseHasItsInputsAndAVariantForEachThingToInstall) {
  folder_.Write("Dockerfile.base", "FROM debian:12\n");
  folder_.Write("Dockerfile.variant",
                "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nARG INSTALL_OPENCODE=true\n"
                "ARG INSTALL_OMOS=false\nARG OMOS_VERSION=latest\nARG INSTALL_BIG_TOOL=false\n"
                "ARG RUST_VERSION=1.80\n"
                "RUN npm install -g oh-my-opencode-slim@${OMOS_VERSION}\n");
  folder_.Write("rootfs/etc/a", "");
  folder_.Write("entrypoint.sh", "");
  folder_.Write("entrypoint-user.sh", "");
  const ReleaseFile release = Draft();
  EXPECT_EQ(release.image.Name(), "acme/devbox");
  ASSERT_TRUE(release.base.has_value());
  EXPECT_EQ(release.base->source.dockerfile, "Dockerfile.base");
  EXPECT_EQ(release.base->hash.inputs, NamedRecipe("runbook", {})->inputs) << text_;
  ASSERT_EQ(release.variants.size(), 3U);
  EXPECT_EQ(release.variants[0].suffix, "");
  EXPECT_THAT(release.variants[0].build_args, ElementsAre(Pair("INSTALL_OPENCODE", "true")));
  EXPECT_THAT(release.variants[0].versions, IsEmpty());
  EXPECT_EQ(release.variants[1].suffix, "-omos");
  EXPECT_THAT(release.variants[1].build_args,
              UnorderedElementsAre(Pair("INSTALL_OPENCODE", "true"), Pair("INSTALL_OMOS", "true")));
  EXPECT_THAT(release.variants[1].versions, ElementsAre("OMOS_VERSION"));
  EXPECT_EQ(release.variants[2].suffix, "-big-tool");
  ASSERT_EQ(release.versions.size(), 1U);
  EXPECT_EQ(release.versions[0].package, "oh-my-opencode-slim");
  EXPECT_THAT(text_, HasSubstr("// RUST_VERSION is a build argument"));
}

TEST_F(DraftTest, OfOneDockerfileHasOneTagPair) {
  folder_.Write("Dockerfile",
                "FROM debian:12\nARG PI_VERSION\nRUN npm i -g \"@scope/pi@$PI_VERSION\"\n");
  const ReleaseFile release = Draft();
  EXPECT_FALSE(release.base.has_value());
  ASSERT_EQ(release.variants.size(), 1U);
  EXPECT_EQ(release.variants[0].source.dockerfile, "Dockerfile");
  EXPECT_THAT(release.variants[0].versions, ElementsAre("PI_VERSION"));
  EXPECT_EQ(release.versions[0].package, "@scope/pi");
}

TEST_F(DraftTest, NeedsADockerfile) {
  const ImageReference image = *ImageReference::Parse("acme/devbox");
  EXPECT_THAT(DraftReleaseFile(folder_.path().string(), image).error().message(),
              HasSubstr("no Dockerfile to publish from"));
  EXPECT_EQ(DraftReleaseFile(folder_.At("gone"), image).error().code(), ErrorCode::kNotFound);
}

TEST(ImageNameOfRemote, TakesTheLastTwoParts) {
  struct Row {
    std::string address;
    std::string name;
  };
  for (const Row& row : {Row{"https://forge.test/Acme/DevBox.git\n", "acme/devbox"},
                         Row{"git@forge.test:acme/devbox.git", "acme/devbox"},
                         Row{"ssh://git@forge.test:2222/acme/devbox", "acme/devbox"},
                         Row{"acme/devbox", "acme/devbox"}, Row{"devbox", ""}, Row{"", ""},
                         Row{"/devbox/", ""}, Row{"/devbox", ""}}) {
    EXPECT_EQ(ImageNameOfRemote(row.address), row.name) << row.address;
  }
}

}  // namespace
}  // namespace drydock::publisher
