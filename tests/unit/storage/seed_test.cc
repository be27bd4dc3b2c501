#include "simulator/storage/seed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/json.h"
#include "core/media_type.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/registry/bench.h"
#include "tests/unit/runner/json_schema.h"
#include "tests/unit/storage/everything.h"

namespace drydock::simulator {
namespace {

using ::testing::HasSubstr;

constexpr char kSeed[] = R"({
  "$schema": "seed.schema.json",  // editors complete it
  "repositories": {
    "library/debian": {"tags": {
      "12": {"platforms": ["linux/amd64", "linux/arm64/v8"], "layers": [2000, 0]},
      "latest": "12"}},
    "team/app": {"tags": {"v1": {}}},
    "team/empty": {"tags": {}}}})";

TEST(Seed, PlantsImagesThatAreWhole) {
  Store store;
  const Result<Seed> seed = ParseSeed(kSeed, "seed.json");
  ASSERT_TRUE(seed.ok()) << seed.error().message();
  Plant(*seed, store);
  EXPECT_EQ(store.Repositories(),
            (std::vector<std::string>{"library/debian", "team/app", "team/empty"}));
  const auto index = store.FindTag("library/debian", "12");
  ASSERT_TRUE(index);
  EXPECT_EQ(store.FindTag("library/debian", "latest"), index);
  const StoredManifest* top = store.FindManifest("library/debian", *index);
  ASSERT_NE(top, nullptr);
  EXPECT_EQ(top->media_type, media_type::kOciIndex);
  ASSERT_EQ(top->manifests.size(), 2U);
  EXPECT_THAT(*top->bytes, HasSubstr(R"("variant":"v8")"));
  const auto image =
      json::Parse(*store.FindManifest("library/debian", top->manifests[0])->bytes, "");
  for (const char* pointer : {"/config", "/layers/0", "/layers/1"}) {
    const auto digest = Digest::Parse(image->At(pointer)->Text("digest"));
    const Blob blob = store.FindBlob("library/debian", digest.value());
    ASSERT_TRUE(blob) << pointer;
    EXPECT_EQ(image->At(pointer)->Find("size")->as_integer(),
              static_cast<std::int64_t>(blob.size()));
  }
  const auto plain = store.FindTag("team/app", "v1");
  EXPECT_EQ(store.FindManifest("team/app", *plain)->media_type, media_type::kOciManifest);
}

TEST(Seed, GivesTheSameBytesAgain) {
  Store one;
  Store two;
  Plant(ParseSeed(kSeed, "a").value(), one);
  Plant(ParseSeed(kSeed, "b").value(), two);
  EXPECT_EQ(WhatIn(one), WhatIn(two));
}

TEST(Seed, MakesLayersThatAreTarArchives) {
  Store store;
  const Digest digest =
      PutGeneratedImage(store, "a", "a:1", {.platforms = {"linux/amd64"}, .layers = {700}}, false);
  const auto image = json::Parse(*store.FindManifest("a", digest)->bytes, "");
  const auto layer = Digest::Parse(image->At("/layers/0")->Text("digest"));
  const std::string tar = TextOf(store.FindBlob("a", layer.value()));
  EXPECT_EQ(tar.size(), 512U + 1024U + 1024U);
  EXPECT_EQ(tar.substr(0, 8), std::string("layer-1\0", 8));
  EXPECT_EQ(tar.substr(124, 12), std::string("00000001274\0", 12));
  EXPECT_EQ(tar.substr(257, 8), std::string("ustar\0"
                                            "00",
                                            8));
  unsigned sum = 8 * ' ';
  for (std::size_t i = 0; i < 512; ++i) {
    sum += i >= 148 && i < 156 ? 0U : static_cast<unsigned char>(tar[i]);
  }
  EXPECT_EQ(std::stoul(tar.substr(148, 6), nullptr, 8), sum);
}

TEST(Seed, SaysWhatIsWrongAndWhere) {
  const struct {
    const char* text;
    const char* complaint;
  } rows[] = {
      {"[]", "s.json:1: seed: expected an object"},
      {"{}", "repositories"},
      {R"({"repositories": []})", "expected an object of repositories"},
      {R"({"repositories": {"A": {"tags": {}}}})", "no repository name: \"A\""},
      {R"({"repositories": {"a": {}}})", "tags"},
      {R"({"repositories": {"a": {"tags": {"/": {}}}}})", "no tag: \"/\""},
      {R"({"repositories": {"a": {"tags": {"v1": {"layer": [1]}}}}})", "layers"},
      {R"({"repositories": {"a": {"tags": {"v1": {"layers": 1}}}}})", "expected an array of sizes"},
      {R"({"repositories": {"a": {"tags": {"v1": {"layers": [-1]}}}}})", "found: -1"},
      {R"({"repositories": {"a": {"tags": {"v1": {"layers": [2000000000]}}}}})", "1073741824"},
      {R"({"repositories": {"a": {"tags": {"v1": {"platforms": []}}}}})", "expected one at least"},
      {R"({"repositories": {"a": {"tags": {"v1": {"platforms": ["linux"]}}}}})",
       "found: \"linux\""},
      {R"({"repositories": {"a": {"tags": {"v1": "v2"}}}})", "found: \"v2\""},
      {R"({"repositories": {"a": {"tags": {"v1": "v1"}}}})", "found: \"v1\""},
      {R"({"npm": {"host": "N"}})", "s.json:1: npm: \"host\": expected a lower-case host"},
      {R"({"forge": {"host": "g", "token": ["12345"]}})", "\"token\": expected a string"},
      {"{\"repositories\": {\"a\": {\"tags\": {}},\n\"a\": {\"tags\": {}}}}", "s.json:2:"},
  };
  for (const auto& row : rows) {
    const Result<Seed> seed = ParseSeed(row.text, "s.json");
    ASSERT_FALSE(seed.ok()) << row.text;
    EXPECT_THAT(seed.error().message(), HasSubstr(row.complaint));
  }
}

constexpr char kNeighbours[] = R"({
  "npm": { "host": "npm.test", "packages": {
    "left-pad": { "latest": "1.3.0", "versions": { "1.3.0": {} } } } },
  "forge": { "host": "git.test", "repositories": { "me/app": {
    "branches": { "main": [{ "sha": "3e32724db0313e32724db0313e32724db0313e32" }] },
    "tags": { "v1": "3e32724db0313e32724db0313e32724db0313e32" },
    "runs": [{ "id": 1, "workflow": "w.yml", "ref": "v1",
               "jobs": [{ "id": 2, "name": "build", "log": "x" }] }] } } }
})";

TEST(Seed, TellsOfNeighboursAlone) {
  const Result<Seed> seed = ParseSeed(kNeighbours, "s.json");
  ASSERT_TRUE(seed.ok()) << seed.error().message();
  EXPECT_TRUE(seed->repositories.empty());
  ASSERT_TRUE(seed->neighbours.npm && seed->neighbours.forge);
  EXPECT_EQ("left-pad", seed->neighbours.npm->releases.at(0).package);
  EXPECT_EQ(1U, seed->neighbours.forge->repositories.at("me/app").runs.size());
}

TEST(Seed, FitsItsSchema) {
  const auto schema = json::ParseFile(DRYDOCK_SOURCE_DIR "/docs/seed.schema.json");
  ASSERT_TRUE(schema.ok()) << schema.error().message();
  const auto seed = json::Parse(kSeed, "seed", {.comments = true});
  EXPECT_EQ(drydock::testing::SchemaComplaint(*schema, *schema, *seed), "");
  const auto neighbours = json::Parse(kNeighbours, "seed");
  EXPECT_EQ(drydock::testing::SchemaComplaint(*schema, *schema, *neighbours), "");
  const auto wrong = json::Parse(R"({"repositories": {"a": {"tag": {}}}})", "seed");
  EXPECT_NE(drydock::testing::SchemaComplaint(*schema, *schema, *wrong), "");
}

}  // namespace
}  // namespace drydock::simulator
