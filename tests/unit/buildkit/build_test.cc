// What the captures do not show of a build: that equal inputs give equal digests, how RUN lines
// take time, what a kill leaves, exports side by side, and a user's mistakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "core/text.h"
#include "simulator/buildkit/image.h"
#include "tests/unit/buildkit/capture.h"
#include "tests/unit/buildkit/rehearsal.h"
#include "tests/unit/buildkit/wire_form.h"

namespace drydock::simulator::buildkit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kVariant =
    "ARG BASE=scratch\nFROM ${BASE}\nARG TOOL_VERSION=latest\nRUN install-tools\n";

class BuildTest : public ::testing::Test {
 protected:
  BuildSpec Spec(const std::string& context, const std::string& tag) const {
    BuildSpec spec;
    spec.context = rehearsal_.Context(context);
    spec.tags = {"registry.test/app/" + tag};
    spec.provenance = false;
    return spec;
  }

  // The spec of a Dockerfile with one RUN line, in ctx/tool.
  BuildSpec ToolSpec(const std::string& version) {
    rehearsal_.WriteFile("ctx/tool/Dockerfile", kVariant);
    BuildSpec spec = Spec("tool", "tool:" + version);
    spec.build_args["TOOL_VERSION"] = version;
    spec.run_time = std::chrono::minutes(10);
    return spec;
  }

  std::vector<std::string> Layers(const Digest& manifest, const std::string& repository) {
    std::vector<std::string> layers;
    for (const Descriptor& layer :
         ReadChildren(*rehearsal_.registry().store().FindManifest(repository, manifest)->bytes)
             .entries) {
      layers.push_back(layer.digest.ToString());
    }
    return layers;
  }

  // How much virtual time a build takes.
  Duration Timed(const BuildSpec& spec) {
    const Duration before = rehearsal_.world().clock().Elapsed();
    const CommandResult result = rehearsal_.Build(spec);
    EXPECT_EQ(result.exit_code, 0) << result.log;
    // Rehearsal::Act waits a minute first.
    return rehearsal_.world().clock().Elapsed() - before - std::chrono::minutes(1);
  }

  std::optional<Digest> Tag(const std::string& repository, const std::string& tag) {
    return rehearsal_.registry().store().FindTag(repository, tag);
  }

  // Every PUT of an upload to `path` is answered with Docker Hub's 400.
  void RefuseUploads(const std::string& path) {
    rehearsal_.proxy().Inject(
        *json::Parse(Concat({R"([{"route": "upload", "method": "PUT", "nth": "all", "path": ")",
                             path, R"(", "action": {"status": 400, "headers":
                             {"Content-Type": "text/html"}, "body": "<html></html>"}}])"}),
                     "rule"));
  }

  Rehearsal rehearsal_;
};

TEST_F(BuildTest, EqualInputsGiveEqualDigestsInAnyBuilder) {
  const CommandResult first = rehearsal_.Build(Spec("base", "base:v1"));
  rehearsal_.NewBuilder();
  const CommandResult second = rehearsal_.Build(Spec("base", "base:v2"));
  ASSERT_TRUE(first.digest && second.digest);
  EXPECT_EQ(*first.digest, *second.digest);
  EXPECT_EQ(Tag("app/base", "v1"), Tag("app/base", "v2"));
}

TEST_F(BuildTest, ProvenanceCarriesTheTimeOfTheBuild) {
  BuildSpec spec = Spec("base", "base:v1");
  spec.provenance = true;
  EXPECT_NE(*rehearsal_.Build(spec).digest, *rehearsal_.Build(spec).digest);
}

TEST_F(BuildTest, AnotherVersionGivesAnotherLayer) {
  const Digest one = *rehearsal_.Build(ToolSpec("1.0.0")).digest;
  const Digest two = *rehearsal_.Build(ToolSpec("1.0.1")).digest;
  EXPECT_NE(Layers(one, "app/tool"), Layers(two, "app/tool"));
  EXPECT_EQ(one, *rehearsal_.Build(ToolSpec("1.0.0")).digest);
}

TEST_F(BuildTest, AnotherBaseGivesAnotherRunLayer) {
  rehearsal_.Build(Spec("one", "base:one"));
  rehearsal_.Build(Spec("base", "base:two"));
  BuildSpec spec = ToolSpec("1.0.0");
  spec.build_args["BASE"] = "registry.test/app/base:one";
  const std::string on_one = Layers(*rehearsal_.Build(spec).digest, "app/tool").back();
  spec.build_args["BASE"] = "registry.test/app/base:two";
  EXPECT_NE(on_one, Layers(*rehearsal_.Build(spec).digest, "app/tool").back());
}

TEST_F(BuildTest, RunLinesTakeTheirTimeOnceUnlessCached) {
  BuildSpec spec = ToolSpec("1.0.0");
  spec.platforms = {"linux/amd64", "linux/arm64"};
  EXPECT_EQ(Timed(spec), std::chrono::minutes(10)) << "both platforms run side by side";
  EXPECT_EQ(Timed(spec), Duration());
  spec.no_cache = true;
  EXPECT_EQ(Timed(spec), std::chrono::minutes(10));
  rehearsal_.NewBuilder();
  spec.no_cache = false;
  EXPECT_EQ(Timed(spec), std::chrono::minutes(10)) << "a fresh builder knows nothing";
}

TEST_F(BuildTest, AnImportedCacheSparesTheRunLine) {
  BuildSpec spec = ToolSpec("1.0.0");
  spec.cache_to = {"type=registry,ref=registry.test/app/tool:cache,mode=max"};
  const Digest first = *rehearsal_.Build(spec).digest;
  rehearsal_.NewBuilder();
  spec.cache_from = {"type=registry,ref=registry.test/app/tool:cache"};
  spec.cache_to.clear();
  EXPECT_EQ(Timed(spec), Duration());
  EXPECT_EQ(first, *rehearsal_.Build(spec).digest);
}

TEST_F(BuildTest, ALayerOfTheBaseIsReadOnce) {
  rehearsal_.Build(Spec("base", "web:base-abc"));
  rehearsal_.NewBuilder();
  BuildSpec spec = Spec("variant", "web:v1");
  spec.build_args["BASE"] = "registry.test/app/web:base-abc";
  rehearsal_.Build(spec);
  rehearsal_.proxy().Clear();
  rehearsal_.WriteFile("ctx/variant/v.txt", "another\n");
  EXPECT_EQ(rehearsal_.Build(spec).exit_code, 0);
  for (const WireExchange& exchange : rehearsal_.proxy().exchanges()) {
    EXPECT_NE(exchange.method, "GET") << exchange.path;
  }
}

TEST_F(BuildTest, APushThatIsKilledUnwinds) {
  BuildSpec spec = Spec("one", "one:v1");
  rehearsal_.proxy().Inject(*json::Parse(R"([{"route": "upload", "method": "PUT", "nth": "all",
                        "action": {"reset_before_response": true}}])",
                                         "rule"));
  Result<CommandResult> result = CommandResult();
  rehearsal_.world().Spawn("killer", [&] {
    // A minute before the build begins, then into the pause after the second attempt.
    EXPECT_TRUE(rehearsal_.world().clock().SleepFor(std::chrono::milliseconds(62'500)));
    rehearsal_.world().Kill("ci");
  });
  rehearsal_.Act([&] { result = rehearsal_.builder().Build(spec); });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::kCancelled);
  EXPECT_FALSE(Tag("app/one", "v1"));
  EXPECT_LT(rehearsal_.world().clock().Elapsed(), std::chrono::seconds(63));
}

TEST_F(BuildTest, ABuildThatIsKilledInARunLinePushesNothing) {
  const BuildSpec spec = ToolSpec("1.0.0");
  Result<CommandResult> result = CommandResult();
  rehearsal_.world().Spawn("killer", [&] {
    EXPECT_TRUE(rehearsal_.world().clock().SleepFor(std::chrono::minutes(2)));
    rehearsal_.world().Kill("ci");
  });
  rehearsal_.Act([&] { result = rehearsal_.builder().Build(spec); });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::kCancelled);
  EXPECT_TRUE(rehearsal_.proxy().exchanges().empty());
}

class ExportOrder : public BuildTest, public ::testing::WithParamInterface<bool> {};

TEST_P(ExportOrder, DecidesWhetherTheTagIsThereAfterARefusedCache) {
  BuildxOptions options;
  options.parallel_export = GetParam();
  rehearsal_.NewBuilder(options);
  RefuseUploads("app/cache/");
  BuildSpec spec = Spec("two", "two:v1");
  spec.platforms = {"linux/amd64", "linux/arm64"};
  spec.cache_to = {"type=registry,ref=registry.test/app/cache:two,mode=max"};
  const CommandResult result = rehearsal_.Build(spec);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(FinalError(result.log),
              HasSubstr("ERROR: failed to solve: error writing layer blob: failed commit on ref "
                        "\"layer-sha256:<hex>\": unexpected status from PUT request to "
                        "http://registry.test/v2/app/cache/blobs/uploads/"));
  EXPECT_EQ(Tag("app/two", "v1").has_value(), !GetParam());
  EXPECT_EQ(result.log.find("CANCELED") != std::string::npos, GetParam()) << result.log;
}

TEST_P(ExportOrder, MakesNoDifferenceToWhatIsThereInTheEnd) {
  BuildxOptions options;
  options.parallel_export = GetParam();
  rehearsal_.NewBuilder(options);
  BuildSpec spec = Spec("two", "two:v1");
  spec.cache_to = {"type=registry,ref=registry.test/app/cache:two,mode=max"};
  const CommandResult result = rehearsal_.Build(spec);
  EXPECT_EQ(result.exit_code, 0) << result.log;
  EXPECT_EQ(Tag("app/two", "v1"), result.digest);
  EXPECT_TRUE(Tag("app/cache", "two"));
}

INSTANTIATE_TEST_SUITE_P(Orders, ExportOrder, ::testing::Bool(),
                         [](const auto& order) { return order.param ? "Parallel" : "ImageFirst"; });

TEST_F(BuildTest, ParallelExportReportsARefusedImage) {
  BuildxOptions options;
  options.parallel_export = true;
  rehearsal_.NewBuilder(options);
  RefuseUploads("app/two/");
  BuildSpec spec = Spec("two", "two:v1");
  spec.cache_to = {"type=registry,ref=registry.test/app/cache:two,mode=max"};
  const CommandResult result = rehearsal_.Build(spec);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(FinalError(result.log), HasSubstr("failed to push registry.test/app/two:v1: "));
  EXPECT_FALSE(Tag("app/two", "v1"));
}

TEST_F(BuildTest, SecondTagIsPushedAfterTheFirst) {
  BuildSpec spec = Spec("one", "one:v1");
  spec.tags.emplace_back("registry.test/app/other:latest");
  const CommandResult result = rehearsal_.Build(spec);
  EXPECT_EQ(Tag("app/one", "v1"), result.digest);
  EXPECT_EQ(Tag("app/other", "latest"), result.digest);
}

// The log of the missing base, whole: numbers of seconds and bytes and the builder's name apart.
TEST_F(BuildTest, AMissingBaseIsReportedAsBuildxDoes) {
  const auto plain = [](const std::string& log) {
    const std::string no_times = std::regex_replace(log, std::regex(R"(\d+\.\ds)"), "<time>");
    const std::string no_sizes = std::regex_replace(no_times, std::regex(R"(\d+B)"), "<size>");
    return std::string(Trim(std::regex_replace(no_sizes, std::regex("#0 .*"), "#0 <builder>")));
  };
  for (const std::string name :
       {"buildx-variant-base-missing-tag", "buildx-variant-base-missing-repo"}) {
    const Capture capture = LoadCapture(name);
    EXPECT_EQ(plain(capture.log), plain(rehearsal_.Run(capture.command).log));
  }
}

struct Mistake {
  const char* name;
  const char* dockerfile;
  const char* error;
};

class Mistakes : public BuildTest, public ::testing::WithParamInterface<Mistake> {};

TEST_P(Mistakes, FailTheBuildBeforeAnythingIsSent) {
  rehearsal_.WriteFile("ctx/wrong/Dockerfile", GetParam().dockerfile);
  const CommandResult result = rehearsal_.Build(Spec("wrong", "wrong:v1"));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(FinalError(result.log), Concat({"ERROR: failed to solve: ", GetParam().error}));
  EXPECT_TRUE(rehearsal_.proxy().exchanges().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Dockerfiles, Mistakes,
    ::testing::Values(
        Mistake{"Empty", "# nothing\n", "file with no instructions"},
        Mistake{"UnknownInstruction", "FROM scratch\nCOPPY a b\n",
                "dockerfile parse error on line 2: unknown instruction: COPPY"},
        Mistake{"BlankBase", "ARG BASE\nFROM ${BASE}\n", "base name (${BASE}) should not be blank"},
        Mistake{"BadBase", "FROM Not:A:Name\n",
                "failed to parse stage name \"Not:A:Name\": invalid reference format"},
        Mistake{"MissingSource", "FROM scratch\nCOPY nowhere /x\n",
                "failed to compute cache key: failed to calculate checksum of ref: \"/nowhere\": "
                "not found"},
        Mistake{"SourceOutside", "FROM scratch\nCOPY ../secret /x\n",
                "failed to compute cache key: failed to calculate checksum of ref: "
                "\"/../secret\": not found"},
        Mistake{"NoStage", "COPY a /a\n",
                "dockerfile parse error on line 1: no build stage in current context"}),
    [](const auto& mistake) { return std::string(mistake.param.name); });

TEST_F(BuildTest, WrongCommandLinesAreRefused) {
  BuildSpec spec = Spec("one", "one:v1");
  spec.tags = {"Registry.test/UPPER:v1"};
  EXPECT_EQ(FinalError(rehearsal_.Build(spec).log),
            "ERROR: invalid tag \"Registry.test/UPPER:v1\": invalid reference format");
  spec = Spec("one", "one:v1");
  spec.cache_to = {"type=s3,bucket=b"};
  EXPECT_EQ(FinalError(rehearsal_.Build(spec).log), "ERROR: unsupported cache type: s3");
  spec = Spec("one", "one:v1");
  spec.dockerfile = "Dockerfile.none";
  EXPECT_EQ(FinalError(rehearsal_.Build(spec).log),
            "ERROR: failed to solve: failed to read dockerfile: open Dockerfile.none: no such file "
            "or directory");
  EXPECT_TRUE(rehearsal_.proxy().exchanges().empty());
}

TEST_F(BuildTest, VersionIsTheConfiguredOne) {
  EXPECT_THAT(rehearsal_.builder().Version(), HasSubstr("github.com/docker/buildx v0.13.1"));
  BuildxOptions options;
  options.version = "github.com/docker/buildx v0.28.0 abc";
  rehearsal_.NewBuilder(options);
  EXPECT_EQ(rehearsal_.builder().Version(), options.version);
}

// The lines of the export's vertex, with digests and times apart: none names a tag.
TEST_F(BuildTest, APushByDigestSaysSoAsBuildxDoes) {
  const auto exported = [](const std::string& log) {
    std::string lines;
    for (const std::string& line : Split(log, '\n')) {
      const std::size_t words = line.find(' ');
      if (Contains(line, "naming to") ||
          (Contains(line, "pushing manifest") && line.ends_with("done"))) {
        lines += Concat({line.substr(words), "\n"});
      }
    }
    return std::regex_replace(lines, std::regex(R"( \d+\.\ds)"), "");
  };
  const Capture capture = LoadCapture("buildx-push-by-digest");
  EXPECT_EQ(exported(capture.log), exported(rehearsal_.Run(capture.command).log));
}

struct DigestPush {
  const char* name;
  bool provenance;
  std::vector<std::string> platforms;
  std::size_t manifests;  // that it puts, the last of them the one it tells
};

class DigestPushes : public BuildTest, public ::testing::WithParamInterface<DigestPush> {};

TEST_P(DigestPushes, PutManifestsUnderTheirDigestsAndNoTag) {
  BuildSpec spec = Spec("base", "base");
  spec.push_by_digest = true;
  spec.provenance = GetParam().provenance;
  spec.platforms = GetParam().platforms;
  const CommandResult result = rehearsal_.Build(spec);
  ASSERT_TRUE(result.digest) << result.log;
  std::vector<std::string> put;
  for (const WireExchange& exchange : rehearsal_.proxy().exchanges()) {
    if (exchange.method == "PUT" && Contains(exchange.path, "/manifests/")) {
      put.push_back(exchange.path);
    }
  }
  EXPECT_EQ(put.size(), GetParam().manifests);
  EXPECT_EQ(put.back(), Concat({"/v2/app/base/manifests/", result.digest->ToString()}));
  EXPECT_TRUE(rehearsal_.registry().store().Tags("app/base").empty());
  EXPECT_EQ(rehearsal_.registry().store().Manifests("app/base").size(), GetParam().manifests);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, DigestPushes,
    ::testing::Values(DigestPush{"AManifest", false, {"linux/arm64"}, 1},
                      DigestPush{"AnAttestedManifest", true, {"linux/arm64"}, 3},
                      DigestPush{"TwoPlatforms", false, {"linux/amd64", "linux/arm64"}, 3}),
    [](const auto& push) { return std::string(push.param.name); });

TEST_F(BuildTest, ATaggedNameCannotBePushedByDigest) {
  BuildSpec spec = Spec("one", "one:v1");
  spec.push_by_digest = true;
  EXPECT_EQ(FinalError(rehearsal_.Build(spec).log),
            "ERROR: failed to solve: failed to push registry.test/app/one:v1: can't push tagged "
            "ref registry.test/app/one:v1 by digest");
  EXPECT_TRUE(rehearsal_.proxy().exchanges().empty());
}

// What the merge job of a matrix does: each platform was pushed by its digest, attested.
TEST_F(BuildTest, ATagIsMadeOfDigests) {
  std::vector<std::string> sources;
  for (const std::string platform : {"linux/amd64", "linux/arm64"}) {
    BuildSpec spec = Spec("base", "base");
    spec.push_by_digest = true;
    spec.provenance = true;
    spec.platforms = {platform};
    rehearsal_.NewBuilder();
    sources.push_back(
        Concat({"registry.test/app/base@", rehearsal_.Build(spec).digest->ToString()}));
  }
  rehearsal_.proxy().Clear();
  const CommandResult result =
      rehearsal_.Run(Concat({"docker buildx imagetools create -t registry.test/app/base:v1 -t "
                             "registry.test/app/base:latest ",
                             Join(sources, " ")}));
  ASSERT_EQ(result.exit_code, 0) << result.log;
  EXPECT_EQ(Tag("app/base", "v1"), result.digest);
  EXPECT_EQ(Tag("app/base", "latest"), result.digest);
  std::vector<std::string> platforms;
  for (const Descriptor& entry :
       ReadChildren(*rehearsal_.registry().store().FindManifest("app/base", *result.digest)->bytes)
           .entries) {
    platforms.push_back(entry.platform->ToString());
  }
  EXPECT_THAT(platforms,
              ElementsAre("linux/amd64", "unknown/unknown", "linux/arm64", "unknown/unknown"));
  for (const WireExchange& exchange : rehearsal_.proxy().exchanges()) {
    EXPECT_FALSE(Contains(exchange.path, "/blobs/")) << exchange.path << ": nothing is sent again";
  }
}

// Between repositories the children come under the tag that the index gets at last.
TEST_F(BuildTest, ACopyBetweenRepositoriesEndsWithTheIndex) {
  BuildSpec spec = Spec("base", "web:base-abc");
  spec.platforms = {"linux/amd64", "linux/arm64"};
  rehearsal_.Build(spec);
  rehearsal_.proxy().Clear();
  const CommandResult result = rehearsal_.Run(
      "docker buildx imagetools create -t registry.test/app/prod:latest "
      "registry.test/app/web:base-abc");
  std::vector<std::string> types;
  for (const WireExchange& exchange : rehearsal_.proxy().exchanges()) {
    if (exchange.method == "PUT") {
      EXPECT_EQ(exchange.path, "/v2/app/prod/manifests/latest");
      types.push_back(exchange.content_type);
    }
  }
  const std::string manifest = "application/vnd.docker.distribution.manifest.v2+json";
  EXPECT_THAT(types, ElementsAre(manifest, manifest,
                                 "application/vnd.docker.distribution.manifest.list.v2+json"));
  EXPECT_EQ(Tag("app/prod", "latest"), Tag("app/web", "base-abc"));
  EXPECT_EQ(result.digest, Tag("app/web", "base-abc"));
}

}  // namespace
}  // namespace drydock::simulator::buildkit
