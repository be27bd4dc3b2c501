#include "publisher/release/release_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "core/text.h"
#include "publisher/release/version_text.h"

namespace drydock::publisher {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kGood = R"({
  "image": "joakimp/opencode-devbox",
  "platforms": ["linux/amd64", "linux/arm64"],
  "npm-registry": "https://npm.example",
  "base": {
    "dockerfile": "Dockerfile.base",
    "hash": { "dockerfile": "Dockerfile.base", "tree": "rootfs", "entrypoints": ["entrypoint.sh"] }
  },
  "versions": [ { "argument": "OMOS_VERSION", "package": "oh-my-opencode-slim" } ],
  "variants": [
    { "name": "base", "dockerfile": "Dockerfile.variant" },
    { "name": "omos", "suffix": "-omos", "dockerfile": "Dockerfile.variant",
      "build-args": { "INSTALL_OMOS": "true" }, "versions": ["OMOS_VERSION"] }
  ]
})";

TEST(ReleaseFile, ReadsTheSplitShape) {
  const auto read = ParseReleaseFile(kGood, "release.json");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->image.Name(), "joakimp/opencode-devbox");
  EXPECT_EQ(read->platforms, (std::vector<std::string>{"linux/amd64", "linux/arm64"}));
  ASSERT_TRUE(read->base);
  EXPECT_EQ(read->base->hash,
            MakeRecipe("release.json", "Dockerfile.base", "rootfs", {"entrypoint.sh"}));
  ASSERT_NE(read->FindVersion("OMOS_VERSION"), nullptr);
  EXPECT_EQ(read->FindVersion("OMOS_VERSION")->pinned, "");
  ASSERT_NE(read->FindVariant("omos"), nullptr);
  EXPECT_EQ(read->FindVariant("omos")->suffix, "-omos");
  EXPECT_EQ(read->FindVariant("omos")->build_args.at("INSTALL_OMOS"), "true");
  EXPECT_EQ(read->FindVariant("base")->suffix, "");
  EXPECT_EQ(read->FindVariant("pi"), nullptr);
}

TEST(ReleaseFile, ReadsTheShippedExamples) {
  const std::string folder = std::string(DRYDOCK_SOURCE_DIR) + "/docs/examples/";
  const auto opencode = ReadReleaseFile(folder + "opencode-devbox.release.json");
  ASSERT_TRUE(opencode) << opencode.error().message();
  EXPECT_TRUE(opencode->base);
  EXPECT_EQ(opencode->variants.size(), 2u);
  const auto pi = ReadReleaseFile(folder + "pi-devbox.release.json");
  ASSERT_TRUE(pi) << pi.error().message();
  EXPECT_FALSE(pi->base);
  ASSERT_EQ(pi->variants.size(), 1u);
  EXPECT_EQ(pi->variants[0].suffix, "");
  const auto prebuilt = ReadReleaseFile(folder + "prebuilt.release.json");
  ASSERT_TRUE(prebuilt) << prebuilt.error().message();
  EXPECT_EQ(prebuilt->variants[1].source.layout, "dist/app-debug");
  const auto custom = ReadReleaseFile(folder + "custom-hash.release.json");
  ASSERT_TRUE(custom) << custom.error().message();
  EXPECT_EQ(
      custom->base->hash.inputs,
      (std::vector<RecipeInput>{
          FileInput{"docker/base.Dockerfile"},
          TreeInput{
              "docker/rootfs", {"__pycache__", "node_modules"}, {"*.pyc", ".DS_Store", "._*"}},
          FileInput{"docker/entrypoint.sh"}, LineInput{"toolkit 4f2c1e0"}}));
}

constexpr std::string_view kPrebuilt = R"({
  "image": "joakimp/app", "platforms": ["linux/amd64"],
  "builder": "layout",
  "variants": [{ "name": "app", "layout": "dist/app" }]
})";

TEST(ReleaseFile, NamesTheBuilderOfItsDockerfiles) {
  for (const BuilderKind kind : {BuilderKind::kBuildx, BuilderKind::kBuildah}) {
    std::string text = R"({
      "image": "joakimp/app", "platforms": ["linux/amd64"],
      "builder": "NAME",
      "variants": [{ "name": "app", "dockerfile": "Dockerfile" }]
    })";
    text.replace(text.find("NAME"), 4, Name(kind));
    const auto release = ParseReleaseFile(text, "release.json");
    ASSERT_TRUE(release) << release.error().message();
    EXPECT_EQ(release->builder, kind);
    EXPECT_EQ(release->variants[0].source.dockerfile, "Dockerfile");
  }
}

TEST(ReleaseFile, SaysWhatIsDoneAboutTheRevisionLabel) {
  const std::pair<const char*, RevisionRule> rows[] = {{"check", RevisionRule::kCheck},
                                                       {"require", RevisionRule::kRequire},
                                                       {"ignore", RevisionRule::kIgnore}};
  for (const auto& [word, rule] : rows) {
    const auto release =
        ParseReleaseFile(ReplaceAll(std::string(kPrebuilt), "\"builder\"",
                                    Concat({"\"revision-label\": \"", word, "\",\n  \"builder\""})),
                         "release.json");
    ASSERT_TRUE(release) << release.error().message();
    EXPECT_EQ(release->revision, rule);
  }
  EXPECT_EQ(ParseReleaseFile(kPrebuilt, "release.json")->revision, RevisionRule::kCheck);
  const auto wrong = ParseReleaseFile(
      ReplaceAll(std::string(kPrebuilt), "\"builder\"", "\"revision-label\": \"yes\", \"builder\""),
      "release.json");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message(), HasSubstr("\"revision-label\": expected \"check\""));
}

TEST(ReleaseFile, ReadsPrebuiltLayouts) {
  const auto release = ParseReleaseFile(kPrebuilt, "release.json");
  ASSERT_TRUE(release) << release.error().message();
  EXPECT_EQ(release->builder, BuilderKind::kLayout);
  EXPECT_EQ(release->variants[0].source.layout, "dist/app");
  const struct {
    const char* replace;
    const char* by;
    const char* says;
  } rows[] = {
      {"\"builder\": \"layout\"", "\"builder\": \"podman\"",
       "release.json:3: release: \"builder\""},
      {"\"builder\": \"layout\",", "", "missing key \"dockerfile\""},
      {"\"layout\": \"dist/app\"", "\"dockerfile\": \"Dockerfile\"", "missing key \"layout\""},
      {"dist/app", "../dist/app", "a path inside the project"},
      {"\"dist/app\"", "\"dist/app\", \"build-args\": {}", "unknown key \"build-args\""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.by);
    const auto wrong =
        ParseReleaseFile(ReplaceAll(std::string(kPrebuilt), row.replace, row.by), "release.json");
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().message(), HasSubstr(row.says));
  }
}

TEST(ReleaseFile, NamesFurtherRegistriesOfPrebuiltImages) {
  const auto with = [](std::string_view also) {
    return ReplaceAll(std::string(kPrebuilt), "\"builder\"",
                      Concat({"\"also\": [", also, "], \"builder\""}));
  };
  const auto release = ParseReleaseFile(with(R"("ghcr.io/me/app", "quay.io/app")"), "release.json");
  ASSERT_TRUE(release) << release.error().message();
  ASSERT_EQ(release->also.size(), 2u);
  EXPECT_EQ(release->also[0].registry, "ghcr.io");
  EXPECT_EQ(release->also[1].Name(), "quay.io/app");
  const struct {
    const char* also;
    const char* says;
  } rows[] = {
      {R"("ghcr.io/me/app:v1")", "a repository without tag or digest, found: \"ghcr.io/me/app:v1"},
      {R"("ghcr.io/a/b", "ghcr.io/a/b")", "named twice: \"ghcr.io/a/b\""},
      {R"("joakimp/app")", "named twice: \"joakimp/app\""},
      {R"("a.io/a","b.io/a","c.io/a","d.io/a","e.io/a","f.io/a","g.io/a","h.io/a","i.io/a")",
       "expected at most 8, found: 9"},
  };
  for (const auto& row : rows) {
    const auto wrong = ParseReleaseFile(with(row.also), "release.json");
    ASSERT_FALSE(wrong) << row.also;
    EXPECT_THAT(wrong.error().message(), HasSubstr(row.says));
  }
  const auto built = ParseReleaseFile(
      ReplaceAll(
          ReplaceAll(with(R"("ghcr.io/me/app")"), "\"layout\": \"dist", "\"dockerfile\": \"dist"),
          "\"builder\": \"layout\",", ""),
      "release.json");
  ASSERT_FALSE(built);
  EXPECT_THAT(built.error().message(), HasSubstr("only prebuilt images go to several"));
}

TEST(ReleaseFile, MissingFileIsNotFound) {
  const auto read = ReadReleaseFile("/nowhere/release.json");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(read.error().message(), HasSubstr("/nowhere/release.json"));
}

struct BadRow {
  std::string name;
  std::string replace;  // a piece of kGood
  std::string by;
  std::string where;  // "release.json:LINE: "
  std::string says;
};

void PrintTo(const BadRow& row, std::ostream* out) { *out << row.name; }

class BadReleaseFile : public ::testing::TestWithParam<BadRow> {};

TEST_P(BadReleaseFile, IsNamedWithItsLine) {
  const BadRow& row = GetParam();
  ASSERT_NE(kGood.find(row.replace), std::string_view::npos) << "the row replaces nothing";
  const std::string text = ReplaceAll(std::string(kGood), row.replace, row.by);
  const auto read = ParseReleaseFile(text, "release.json");
  ASSERT_FALSE(read) << "it was taken";
  EXPECT_EQ(read.error().code(), ErrorCode::kInvalid);
  EXPECT_THAT(read.error().message(), HasSubstr(row.where));
  EXPECT_THAT(read.error().message(), HasSubstr(row.says));
  EXPECT_EQ(read.error().message().find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadReleaseFile,
    ::testing::Values(
        BadRow{"unknown_key", "\"platforms\"", "\"platform\"", "release.json:", "platforms"},
        BadRow{"duplicate_key", "\"npm-registry\": ", "\"image\": \"a/b\", \"npm-registry\": ",
               "release.json:4:", "image"},
        BadRow{"wrong_type", "[\"linux/amd64\", \"linux/arm64\"]", "\"linux/amd64\"",
               "release.json:3:", "expected an array of strings"},
        BadRow{"image_with_tag", "joakimp/opencode-devbox", "joakimp/opencode-devbox:latest",
               "release.json:2:", "without tag or digest"},
        BadRow{"image_upper_case", "joakimp/opencode-devbox", "joakimp/Devbox",
               "release.json:2:", "joakimp/Devbox"},
        BadRow{"no_platform", "[\"linux/amd64\", \"linux/arm64\"]", "[]",
               "release.json:3:", "at least one"},
        BadRow{"odd_platform", "linux/arm64", "arm64", "release.json:3:", "\"arm64\""},
        BadRow{"platform_twice", "linux/arm64", "linux/amd64", "release.json:3:", "named twice"},
        BadRow{"npm_address", "https://npm.example", "npm.example",
               "release.json:4:", "npm.example"},
        BadRow{"path_outside", "\"tree\": \"rootfs\"", "\"tree\": \"../rootfs\"",
               "release.json:7:", "a path inside the project"},
        BadRow{"absolute_path", "\"Dockerfile.variant\",", "\"/Dockerfile.variant\",",
               "release.json:12:", "a path inside the project"},
        BadRow{"no_hash", "\"hash\": {", "\"hsh\": {",
               "release.json:", "unknown key \"hsh\"; did you mean \"hash\"?"},
        BadRow{"argument_name", "\"argument\": \"OMOS_VERSION\"", "\"argument\": \"OMOS-VERSION\"",
               "release.json:9:", "build argument's name"},
        BadRow{"package_name", "oh-my-opencode-slim", "Oh My", "release.json:9:", "npm package"},
        BadRow{"pinned_latest", "\"package\": \"oh-my-opencode-slim\"",
               "\"package\": \"oh-my-opencode-slim\", \"pinned\": \"latest\"",
               "release.json:9:", "concrete version"},
        BadRow{"unused_version", ", \"versions\": [\"OMOS_VERSION\"]", "",
               "release.json:9:", "no variant names it"},
        BadRow{"undefined_version", "[\"OMOS_VERSION\"]", "[\"PI_VERSION\"]",
               "release.json:13:", "\"PI_VERSION\""},
        BadRow{"version_twice", "\"INSTALL_OMOS\": \"true\"", "\"OMOS_VERSION\": \"1.0.7\"",
               "release.json:13:", "as well"},
        BadRow{"floating_version", "\"INSTALL_OMOS\": \"true\"", "\"PI_VERSION\": \"latest\"",
               "release.json:13:", "concrete version"},
        BadRow{"base_image_set", "\"INSTALL_OMOS\": \"true\"", "\"BASE_IMAGE\": \"x\"",
               "release.json:13:", "drydock sets it itself"},
        BadRow{"argument_not_text", "\"INSTALL_OMOS\": \"true\"", "\"INSTALL_OMOS\": true",
               "release.json:13:", "expected a string, found boolean"},
        BadRow{"variant_name", "\"name\": \"omos\"", "\"name\": \"OMOS\"",
               "release.json:12:", "lower-case"},
        BadRow{"variant_twice", "\"name\": \"omos\"", "\"name\": \"base\"",
               "release.json:12:", "named twice"},
        BadRow{"suffix_twice", "\"suffix\": \"-omos\"", "\"suffix\": \"\"",
               "release.json:12:", "one tag"},
        BadRow{"suffix_form", "\"suffix\": \"-omos\"", "\"suffix\": \"omos\"",
               "release.json:12:", "a dash"},
        BadRow{"broken", "\"variants\": [", "\"variants\": ", "release.json:", ""}),
    [](const auto& row) { return row.param.name; });

struct BadHashRow {
  std::string name;
  std::string hash;  // the whole of line 4
  std::string says;
};

void PrintTo(const BadHashRow& row, std::ostream* out) { *out << row.name; }

class BadHashRecipe : public ::testing::TestWithParam<BadHashRow> {};

TEST_P(BadHashRecipe, IsNamedWithItsLineAndKey) {
  const auto read = ParseReleaseFile(
      Concat({"{ \"image\": \"a/b\", \"platforms\": [\"linux/amd64\"],\n",
              "  \"variants\": [{ \"name\": \"v\", \"dockerfile\": \"D\" }],\n",
              "  \"base\": { \"dockerfile\": \"D\", \"hash\":\n", GetParam().hash, "\n}}"}),
      "release.json");
  ASSERT_FALSE(read) << "it was taken";
  EXPECT_EQ(read.error().code(), ErrorCode::kInvalid);
  EXPECT_THAT(read.error().message(), HasSubstr("release.json:4: base: hash"));
  EXPECT_THAT(read.error().message(), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadHashRecipe,
    ::testing::Values(
        BadHashRow{"text", R"("runbook")", "expected an object"},
        BadHashRow{"nothing", R"({})", "missing key \"dockerfile\""},
        BadHashRow{"both_shapes", R"({"inputs": [{"line": "x"}], "tree": "rootfs"})", "\"tree\""},
        BadHashRow{"inputs_text", R"({"inputs": "rootfs"})", "1 to 64 inputs, found string"},
        BadHashRow{"no_inputs", R"({"inputs": []})", "1 to 64 inputs, found 0"},
        BadHashRow{"input_text", R"({"inputs": ["rootfs"]})", "input 1"},
        BadHashRow{"no_kind", R"({"inputs": [{"line": "x"}, {"path": "x"}]})",
                   "input 2: expected exactly one of \"file\", \"tree\" and \"line\""},
        BadHashRow{"two_kinds", R"({"inputs": [{"file": "x", "tree": "x"}]})",
                   "input 1: expected exactly one of"},
        BadHashRow{"misspelt", R"({"inputs": [{"tree": "x", "exclude-file": ["*.pyc"]}]})",
                   "exclude-files"},
        BadHashRow{"excludes_of_a_file", R"({"inputs": [{"file": "x", "exclude-files": []}]})",
                   "exclude-files"},
        BadHashRow{"outside", R"({"inputs": [{"file": "../x"}]})", "found: \"../x\""},
        BadHashRow{"absolute", R"({"inputs": [{"file": "/x"}]})", "found: \"/x\""},
        BadHashRow{"empty_path", R"({"inputs": [{"file": ""}]})", "a path inside the project"},
        BadHashRow{"dot_path", R"({"inputs": [{"tree": "./x"}]})", "found: \"./x\""},
        BadHashRow{"slash_path", R"({"inputs": [{"tree": "x/"}]})", "found: \"x/\""},
        BadHashRow{"dot_tree", R"({"dockerfile": "D", "tree": ".", "entrypoints": []})",
                   "found: \".\""},
        BadHashRow{"dot_entrypoint",
                   R"({"dockerfile": "D", "tree": "t", "entrypoints": ["e", "./e"]})",
                   "\"entrypoints\": expected a path"},
        BadHashRow{"folder_glob", R"({"inputs": [{"tree": "x", "exclude-folders": ["a*"]}]})",
                   "\"exclude-folders\": expected the whole name"},
        BadHashRow{"folder_path", R"({"inputs": [{"tree": "x", "exclude-folders": ["a/b"]}]})",
                   "found: \"a/b\""},
        BadHashRow{"file_class", R"({"inputs": [{"tree": "x", "exclude-files": ["*.[oa]"]}]})",
                   "\"exclude-files\": expected a glob"},
        BadHashRow{"tree_excluded",
                   R"({"inputs": [{"tree": "a/tmp/b", "exclude-folders": ["tmp"]}]})",
                   "the tree itself lies in \"tmp\""},
        BadHashRow{"line_number", R"({"inputs": [{"line": 7}]})", "\"line\": expected a string"},
        BadHashRow{"line_nul", R"({"inputs": [{"line": "a\u0000b"}]})", "without NUL"}),
    [](const auto& row) { return row.param.name; });

TEST(ReleaseFile, NeedsAVariant) {
  const auto read = ParseReleaseFile(
      R"({"image": "a/b", "platforms": ["linux/amd64"], "variants": []})", "r.json");
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message(), HasSubstr("expected 1 to 64"));
}

TEST(ReleaseTag, FollowsTheLetterScheme) {
  for (const char* good : {"v1.15.12", "v0.0.1", "v1.15.13b", "v2.0.0z"}) {
    EXPECT_TRUE(CheckReleaseTag(good)) << good;
  }
  for (const char* bad : {"", "v", "1.15.12", "v1.15", "v1.15.12.1", "v01.2.3", "v1.2.3B",
                          "v1.2.3bc", "v1.2.3-rc1", "latest", "v1.2.x"}) {
    EXPECT_FALSE(CheckReleaseTag(bad)) << bad;
  }
  const auto letter_a = CheckReleaseTag("v1.15.12a");
  ASSERT_FALSE(letter_a);
  EXPECT_THAT(letter_a.error().message(), HasSubstr("the second is b"));
}

TEST(ConcreteVersion, IsOneVersionAndNoRange) {
  for (const char* good : {"1.0.7", "0.0.0", "2.0.0-rc.1", "1.2.3+build.5", "1.2.3-x-y.z"}) {
    EXPECT_TRUE(IsConcreteVersion(good)) << good;
  }
  for (const char* bad : {"", "null", "latest", "^1.0.7", "~1.0.7", "1.0", "1", "1.0.x", "1.0.7 ",
                          "v1.0.7", "01.0.7", ">=1.0.0", "1.2.3-", "1.2.3+", "1.2.3-a..b"}) {
    EXPECT_FALSE(IsConcreteVersion(bad)) << bad;
  }
}

}  // namespace
}  // namespace drydock::publisher
