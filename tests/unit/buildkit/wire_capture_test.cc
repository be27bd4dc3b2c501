// The model against captures of runs without faults: each case brings the registry and the builder
// to the state the capture began in, runs the captured command line, and compares the wire form
// (wire_form.h states the normalisation), the exit code and the error text.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "core/text.h"
#include "tests/unit/buildkit/capture.h"
#include "tests/unit/buildkit/rehearsal.h"
#include "tests/unit/buildkit/wire_form.h"

namespace drydock::simulator::buildkit {
namespace {

constexpr const char* kPlatforms = "--platform linux/amd64,linux/arm64 ";

std::string BuildCommand(const std::string& rest) { return "docker buildx build " + rest; }

struct Case {
  const char* capture;
  // Earlier commands in the same builder; "fresh" stands for a new builder.
  std::vector<std::string> before;
  std::vector<Deviation> deviations;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.capture; }

const std::string kMultiBase =
    BuildCommand(std::string(kPlatforms) +
                 "--provenance=false --push -t registry.test/app/base:v1 "
                 "ctx/base");
const std::string kWebBase =
    BuildCommand(std::string(kPlatforms) + "--push -t registry.test/app/web:base-abc ctx/base");
const std::string kCiFirst =
    BuildCommand(std::string(kPlatforms) +
                 "--push -t registry.test/app/two:v1 --cache-from "
                 "type=registry,ref=registry.test/app/two:buildcache --cache-to "
                 "type=registry,ref=registry.test/app/two:buildcache,mode=max ctx/two");

constexpr const char* kCacheConfigPut =
    "PUT /v2/app/two/blobs/uploads/<id>?<state>&digest=<application/vnd.buildkit.cacheconfig.v0>";

// A cache config lists equal layers on different chains in the order in which they were solved,
// which varies in BuildKit. The model's order is fixed: an unchanged config is found.
const Deviation kConfigFound = {
    "the order of equal layers in the cache config is fixed",
    {"HEAD /v2/app/two/blobs/<application/vnd.buildkit.cacheconfig.v0> 404",
     "POST /v2/app/two/blobs/uploads/ 202", kCacheConfigPut},
    {"HEAD /v2/app/two/blobs/<application/vnd.buildkit.cacheconfig.v0> 200"}};

const Deviation kAllImported = {
    "a warm builder marks some of the layers it has as imported, in no order that could be told; "
    "the model marks all of them",
    {"PUT /v2/app/two/manifests/buildcache 201"},
    {"PUT /v2/app/two/manifests/buildcache 201"}};

constexpr const char* kImageConfigPut =
    "PUT /v2/app/two/blobs/uploads/<id>?<state>&digest=<application/vnd.oci.image.config.v1+json> "
    "201 accept= type=application/octet-stream agent=buildkit/v0.0-dev "
    "headers=User-Agent,Content-Type,Traceparent,Accept-Encoding\n    {architecture: \"amd64\"";
constexpr const char* kImageManifestPut =
    "PUT /v2/app/two/manifests/<application/vnd.oci.image.manifest.v1+json> 201 accept= "
    "type=application/vnd.oci.image.manifest.v1+json agent=buildkit/v0.0-dev "
    "headers=User-Agent,Content-Type,Traceparent,Accept-Encoding\n    {schemaVersion: <number>, "
    "mediaType: \"application/vnd.oci.image.manifest.v1+json\", config: {mediaType: "
    "\"application/vnd.oci.image.config.v1+json\", digest: \"<digest>\", size: <number>}, "
    "layers: [{mediaType: \"application/vnd.oci.image.layer";

// The imported layers of one platform carried other dates than those of the first push, hence a
// new config and manifest. The model's images carry no dates.
const Deviation kNoDates = {
    "images carry no dates",
    {"HEAD /v2/app/two/blobs/<application/vnd.oci.image.config.v1+json> 404",
     "POST /v2/app/two/blobs/uploads/ 202", kImageConfigPut,
     "HEAD /v2/app/two/manifests/<application/vnd.oci.image.manifest.v1+json> 404",
     kImageManifestPut},
    {"HEAD /v2/app/two/blobs/<application/vnd.oci.image.config.v1+json> 200",
     "HEAD /v2/app/two/manifests/<application/vnd.oci.image.manifest.v1+json> 200"}};

const Deviation kHeadOfOtherType = {
    "docker-registry answers 404 to a HEAD for an index while the tag is a manifest; the fake "
    "gives "
    "what the tag is",
    {"HEAD /v2/app/prod/manifests/base-latest 404 accept=application/vnd.oci.image.index"},
    {"HEAD /v2/app/prod/manifests/base-latest 200 accept=application/vnd.oci.image.index"}};

std::vector<Case> Cases() {
  return {
      {"buildx-push-single", {}, {}},
      {"buildx-push-single-noprov", {}, {}},
      {"buildx-push-single-two-tags", {}, {}},
      {"buildx-push-multi", {}, {}},
      {"buildx-push-multi-noprov", {}, {}},
      {"buildx-push-twostage", {}, {}},
      {"buildx-push-by-digest", {}, {}},
      {"buildx-repush-noprov", {kMultiBase}, {}},
      {"buildx-push-same-layers-other-repo", {kMultiBase}, {}},
      {"buildx-cache-default", {}, {}},
      {"buildx-cache-index", {}, {}},
      {"buildx-cache-imagemanifest", {}, {}},
      {"buildx-cache-imagemanifest-oci", {}, {}},
      {"buildx-cache-imagemanifest-dockertypes", {}, {}},
      {"buildx-cache-dockertypes", {}, {}},
      {"buildx-cache-min", {}, {}},
      {"buildx-cache-separate-repo", {}, {}},
      {"buildx-ci-first", {}, {}},
      {"buildx-ci-rebuild-warm", {kCiFirst}, {kConfigFound, kAllImported}},
      {"buildx-ci-rebuild-cold", {kCiFirst, "fresh"}, {kConfigFound, kNoDates}},
      {"buildx-ci-rebuild-cold-other-repo", {kCiFirst, "fresh"}, {}},
      {"buildx-variant-base-exists", {kWebBase, "fresh"}, {}},
      {"buildx-variant-base-exists-other-repo", {kWebBase, "fresh"}, {}},
      {"buildx-variant-base-missing-tag", {kWebBase, "fresh"}, {}},
      {"buildx-variant-base-missing-repo", {}, {}},
      {"buildx-variant-base-missing-platform-index", {kWebBase, "fresh"}, {}},
      {"buildx-variant-base-missing-platform",
       {BuildCommand("--provenance=false --push -t registry.test/app/web:amd ctx/base"), "fresh",
        BuildCommand("--provenance=false --push --build-arg BASE=registry.test/app/web:amd -t "
                     "registry.test/app/web:v2 ctx/variant"),
        "fresh"},
       {}},
      {"imagetools-create-promote", {kWebBase}, {}},
      {"imagetools-create-promote-again",
       {kWebBase,
        "docker buildx imagetools create -t registry.test/app/web:base-latest "
        "registry.test/app/web:base-abc"},
       {}},
      {"imagetools-create-missing", {kWebBase}, {}},
      {"imagetools-create-merge",
       {BuildCommand("--provenance=false --push -t registry.test/app/web:amd ctx/base"),
        BuildCommand("--platform linux/arm64 --provenance=false --push -t "
                     "registry.test/app/web:arm ctx/base")},
       {}},
      {"imagetools-inspect", {kWebBase}, {}},
      {"imagetools-inspect-missing", {kWebBase}, {}},
      {"imagetools-inspect-missing-repo", {kWebBase}, {}},
      {"imagetools-create-other-repo", {kWebBase}, {kHeadOfOtherType}},
  };
}

class WireCapture : public ::testing::TestWithParam<Case> {};

TEST_P(WireCapture, IsWhatTheModelSends) {
  const Capture capture = LoadCapture(GetParam().capture);
  Rehearsal rehearsal;
  for (const std::string& command : GetParam().before) {
    if (command == "fresh") {
      rehearsal.NewBuilder();
      continue;
    }
    const CommandResult result = rehearsal.Run(command);
    ASSERT_EQ(result.exit_code, 0) << command << "\n" << result.log;
  }
  rehearsal.proxy().Clear();
  const CommandResult result = rehearsal.Run(capture.command);
  const bool copies = capture.name == "imagetools-create-other-repo";
  const Comparison comparison =
      Compare(capture.exchanges, rehearsal.proxy().exchanges(), GetParam().deviations, copies);
  EXPECT_EQ(comparison.captured, comparison.modelled);
  EXPECT_EQ(capture.exit_code, result.exit_code) << result.log;
  EXPECT_EQ(FinalError(capture.log), FinalError(result.log));
  EXPECT_EQ(PlainErrorText(capture.output), PlainErrorText(result.output));
}

std::string CaseName(const ::testing::TestParamInfo<Case>& info) {
  return ReplaceAll(info.param.capture, "-", "_");
}

INSTANTIATE_TEST_SUITE_P(Captures, WireCapture, ::testing::ValuesIn(Cases()), CaseName);

}  // namespace
}  // namespace drydock::simulator::buildkit
