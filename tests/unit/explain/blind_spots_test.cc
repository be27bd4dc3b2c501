#include "publisher/hash/blind_spots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "publisher/hash/dockerfile_floats.h"
#include "tests/unit/explain/project.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class BlindSpotsTest : public ::testing::Test {
 protected:
  BlindSpotReport Find(const std::string& since = "v1") {
    auto report = FindBlindSpots(project_.Subject(), since, RunbookRecipe());
    if (!report) {
      ADD_FAILURE() << report.error().message();
      return {};
    }
    return *std::move(report);
  }

  Project project_;
};

struct UnseenCase {
  const char* name;
  const char* change;
  BlindSpot::Kind kind;
  const char* what;
};

class UnseenTest : public BlindSpotsTest, public ::testing::WithParamInterface<UnseenCase> {};

TEST_P(UnseenTest, IsNamed) {
  const std::string before = project_.HashAfter("true");
  project_.Shell(GetParam().change);
  ASSERT_EQ(project_.HashAfter("true"), before) << "the hash sees it";
  const BlindSpotReport report = Find();
  EXPECT_FALSE(report.rebuilt());
  ASSERT_THAT(report.changes, SizeIs(1));
  EXPECT_EQ(Name(report.changes[0].kind), Name(GetParam().kind));
  EXPECT_THAT(report.changes[0].what, HasSubstr(GetParam().what));
}

INSTANTIATE_TEST_SUITE_P(
    All, UnseenTest,
    ::testing::Values(
        UnseenCase{"Executable", "chmod +x rootfs/usr/bin/run", BlindSpot::Kind::kMode,
                   "rootfs/usr/bin/run: executable now"},
        UnseenCase{"Link", "ln -s run rootfs/usr/bin/go", BlindSpot::Kind::kLink,
                   "rootfs/usr/bin/go: new, a link to run"},
        UnseenCase{"EmptyFile", "touch rootfs/etc/enabled", BlindSpot::Kind::kEmptyFile,
                   "rootfs/etc/enabled: new, an empty file"},
        UnseenCase{"Rename", "mv rootfs/apple rootfs/avocado", BlindSpot::Kind::kRename,
                   "rootfs/apple is rootfs/avocado now"},
        UnseenCase{"MovedText", "sed -i '2d' rootfs/etc/motd; sed -i '1i world' rootfs/etc/profile",
                   BlindSpot::Kind::kMovedText, "rootfs/etc/motd, rootfs/etc/profile"},
        UnseenCase{"FileCutInTwo",
                   "printf 'hello\\n' > rootfs/etc/motd; printf 'world\\n' > rootfs/etc/motd2",
                   BlindSpot::Kind::kMovedText, "rootfs/etc/motd + rootfs/etc/motd2"},
        UnseenCase{"Filtered", "echo x > rootfs/a.pyc", BlindSpot::Kind::kFiltered,
                   "rootfs/a.pyc: new, a file, which the recipe filters out"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(BlindSpotsTest, NothingChanged) {
  const BlindSpotReport report = Find();
  EXPECT_EQ(report.since, "v1");
  EXPECT_THAT(report.changes, IsEmpty());
  EXPECT_FALSE(report.rebuilt());
}

TEST_F(BlindSpotsTest, ALinkThatCommittedFilesLedTo) {
  project_.Shell("ln -s a rootfs/link");
  project_.Commit("v2");
  project_.Shell("ln -sfn b rootfs/link");
  const BlindSpotReport report = Find("v2");
  ASSERT_THAT(report.changes, SizeIs(1));
  EXPECT_EQ(report.changes[0].what, "rootfs/link: a link to b now, was a link to a");
}

TEST_F(BlindSpotsTest, ARebuildShipsThemAll) {
  project_.Shell("chmod +x rootfs/usr/bin/run; echo more >> rootfs/apple");
  const BlindSpotReport report = Find();
  EXPECT_TRUE(report.rebuilt());
  EXPECT_THAT(report.changes, SizeIs(1));
}

TEST_F(BlindSpotsTest, SinceTheNewestTagBeforeHead) {
  project_.Shell("chmod +x entrypoint.sh");
  project_.Commit("v2");
  const BlindSpotReport report = Find("");
  EXPECT_EQ(report.since, "v1");
  ASSERT_THAT(report.changes, SizeIs(1));
  EXPECT_EQ(report.changes[0].paths, std::vector<std::string>{"entrypoint.sh"});
}

TEST_F(BlindSpotsTest, SinceAFolderAndWithoutARepository) {
  project_.Shell("cp -a . ../old; chmod +x rootfs/apple");
  project_.Remove(".git");
  EXPECT_THAT(Find(project_.folder().At("old")).changes, SizeIs(1));
  EXPECT_EQ(Find("").since, "");
  EXPECT_FALSE(FindBlindSpots(project_.Subject(), "v1", RunbookRecipe()).ok());
}

struct ReleaseCase {
  const char* name;
  const char* change;  // between v1 and v2
  const char* since;   // "": nothing was compared
  std::vector<std::string> unseen;
};

class NextReleaseTest : public BlindSpotsTest, public ::testing::WithParamInterface<ReleaseCase> {};

TEST_P(NextReleaseTest, TellsWhatItsBaseDoesNotGet) {
  project_.Shell(GetParam().change);
  project_.Commit("v2");
  project_.Write("rootfs/of-the-work-tree", "");  // the tag's commit counts
  const auto report = FindUnseenChanges(project_.root(), "v2", RunbookRecipe());
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->since, GetParam().since);
  std::vector<std::string> unseen;
  for (const BlindSpot& change : report->changes) {
    unseen.push_back(change.what);
  }
  EXPECT_EQ(unseen, GetParam().unseen);
}

INSTANTIATE_TEST_SUITE_P(
    All, NextReleaseTest,
    ::testing::Values(
        ReleaseCase{"AMode", "chmod +x rootfs/apple", "v1", {"rootfs/apple: executable now"}},
        ReleaseCase{"AModeOfAnEntrypoint",
                    "chmod +x entrypoint.sh",
                    "v1",
                    {"entrypoint.sh: executable now"}},
        ReleaseCase{"ALinkAndMore",
                    "ln -s apple rootfs/pear; touch rootfs/z; echo x > README",
                    "v1",
                    {"rootfs/pear: new, a link to apple", "rootfs/z: new, an empty file"}},
        // The same objects: nothing is read.
        ReleaseCase{"NothingUnderTheBase", "echo x > README; chmod +x README", "", {}},
        ReleaseCase{"AnotherHash", "chmod +x rootfs/apple; echo x > rootfs/b", "v1", {}}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(BlindSpotsTest, AFirstReleaseHasNothingToCompareWith) {
  const auto first = FindUnseenChanges(project_.root(), "v1", RunbookRecipe());
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->since, "");
  project_.Remove(".git");
  EXPECT_TRUE(FindUnseenChanges(project_.root(), "v1", RunbookRecipe()).ok());
}

TEST_F(BlindSpotsTest, TheDockerfilesFloats) {
  EXPECT_THAT(Find().floating, SizeIs(1));
  EXPECT_EQ(Find().floating[0].what, "Dockerfile.base:1: FROM without a digest: debian:12");
}

struct FloatCase {
  const char* dockerfile;
  std::vector<std::string> what;
};

TEST(FloatingLinesTest, Table) {
  const FloatCase cases[] = {
      {"FROM scratch", {}},
      {"FROM debian:12@sha256:0123 AS base\nFROM base\n", {}},
      {"from --platform=$BUILDPLATFORM golang:1 as build\nFROM build AS x\nFROM x\n",
       {"1 FROM without a digest: golang:1"}},
      {"ARG GO_VERSION=latest", {"1 build arg that floats: GO_VERSION=latest"}},
      {"ARG TOOLKIT_REF=v1",
       {"1 build arg that names a branch or tag, which may move: TOOLKIT_REF=v1"}},
      {"ARG A=1.2.3 B",
       {"1 build arg, which --build-arg overrides outside the hash: A=1.2.3",
        "1 build arg without a default, its value is not in the hash: B"}},
      {"# FROM debian\n\nRUN apt-get update && \\\n  # a remark\n  apt-get install -y curl jq=1.6 "
       "\\\n"
       "  && apt-get upgrade -y\n",
       {"3 apt-get of whatever version is current: curl",
        "3 upgrade to whatever is current: apt-get upgrade -y"}},
      {"RUN npm install -g a@1.2.3 @scope/b @scope/c@2 d@latest",
       {"1 npm of whatever version is current: @scope/b d@latest"}},
      {"RUN pip install -r requirements.txt x==1 y",
       {"1 pip of whatever version is current: requirements.txt y"}},
      {"RUN curl -fsSL https://x.test/releases/latest/download/a.tar.gz | tar xz",
       {"1 download that floats: https://x.test/releases/latest/download/a.tar.gz"}},
      {"RUN curl https://x.test/install.sh | sh",
       {"1 download without a version: https://x.test/install.sh"}},
      {"RUN curl -o a https://x.test/v1.2/a && wget https://x.test/${V}/b", {}},
      {"RUN git clone --depth 1 https://x.test/a.git /a",
       {"1 clone of a branch or tag, which may move: https://x.test/a.git"}},
      {"RUN git clone --branch \"$REF\" https://x.test/a.git", {}},
      {"ADD https://x.test/a /a", {"1 ADD of an address without --checksum: https://x.test/a"}},
      {"ADD --checksum=sha256:00 https://x.test/a /a", {}},
      {"\\\n\\", {}},
      {"", {}},
  };
  for (const FloatCase& wanted : cases) {
    std::vector<std::string> found;
    for (const FloatingLine& line : FloatingLines(wanted.dockerfile)) {
      found.push_back(std::to_string(line.line) + " " + line.what);
    }
    EXPECT_EQ(found, wanted.what) << wanted.dockerfile;
  }
}

}  // namespace
}  // namespace drydock::publisher
