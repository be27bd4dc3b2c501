// The pieces a build is made of: Dockerfile reading, file trees, layers, configs, cache records.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

#include <array>
#include <string>
#include <vector>

#include "core/text.h"
#include "simulator/buildkit/builder_store.h"
#include "simulator/buildkit/cache_graph.h"
#include "simulator/buildkit/cache_option.h"
#include "simulator/buildkit/dockerfile.h"
#include "simulator/buildkit/file_tree.h"
#include "simulator/buildkit/image.h"
#include "simulator/buildkit/layer.h"
#include "tests/support/temp_folder.h"

namespace drydock::simulator::buildkit {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Keys(const FileTree& tree) {
  std::vector<std::string> keys;
  for (const auto& [path, node] : tree) {
    keys.push_back(path);
  }
  return keys;
}

std::string Unzip(const std::string& packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string input = packed;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  std::string plain;
  std::array<char, 4096> piece;
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    state = inflate(&stream, Z_NO_FLUSH);
    plain.append(piece.data(), piece.size() - stream.avail_out);
  }
  EXPECT_EQ(state, Z_STREAM_END);
  inflateEnd(&stream);
  return plain;
}

FileNode File(const std::string& content, bool executable = false) {
  return {FileNode::Kind::kFile, executable, std::make_shared<const std::string>(content)};
}

TEST(Dockerfile, JoinsLinesAndLeavesCommentsOut) {
  const auto file = ParseDockerfile(
      "# first\nARG BASE=debian\nfrom ${BASE} as Tools\nRUN a && \\\n    # between\n  b\n"
      "FROM scratch\nCOPY --from=tools /x /y\n");
  ASSERT_TRUE(file) << file.error().message();
  ASSERT_EQ(file->stages.size(), 2u);
  EXPECT_EQ(file->arguments.at(0).arguments, "BASE=debian");
  EXPECT_EQ(file->stages[0].name, "tools");
  EXPECT_EQ(file->stages[0].base, "${BASE}");
  EXPECT_EQ(file->stages[0].line, 3u);
  EXPECT_EQ(file->stages[0].instructions.at(0).arguments, "a && b");
  EXPECT_EQ(file->stages[1].instructions.at(0).line, 8u);
}

TEST(Dockerfile, ExpandsVariables) {
  const Variables variables = {{"A", "1"}, {"EMPTY", ""}};
  EXPECT_EQ(Expand("$A ${A} ${A:-x} ${NONE:-x} ${EMPTY:-x} [$NONE] $ ${A", variables),
            "1 1 1 x x [] $ ${A");
}

TEST(Dockerfile, ReadsAssignments) {
  const auto read = ParseAssignments("A=1 B=\"two words\" C");
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[1].value, "two words");
  EXPECT_FALSE(read[2].has_value);
  const auto old_form = ParseAssignments("NAME some words");
  ASSERT_EQ(old_form.size(), 1u);
  EXPECT_EQ(old_form[0].value, "some words");
}

TEST(FileTree, CopyTakesFoldersByContentAndFilesByName) {
  const testing::TempFolder folder;
  folder.Write("rootfs/etc/motd", "hello");
  folder.Write("run.sh", "#!/bin/sh\n");
  const auto rootfs = ReadContext(folder.path().string(), "rootfs/");
  ASSERT_TRUE(rootfs);
  EXPECT_THAT(Keys(Relocate(*rootfs, "rootfs/", "/")), ElementsAre("etc", "etc/motd"));
  EXPECT_THAT(Keys(Relocate(*rootfs, "rootfs/", "/opt/")),
              ElementsAre("opt", "opt/etc", "opt/etc/motd"));
  const auto script = ReadContext(folder.path().string(), "run.sh");
  ASSERT_TRUE(script);
  EXPECT_THAT(Keys(Relocate(*script, "run.sh", "/usr/bin/")), ElementsAre("usr/bin/run.sh"));
  EXPECT_THAT(Keys(Relocate(*script, "run.sh", "/start")), ElementsAre("start"));
  EXPECT_FALSE(ReadContext(folder.path().string(), "absent"));
}

TEST(FileTree, ContentDigestSeesNamesModesAndBytes) {
  const FileTree tree = {{"a", File("x")}};
  EXPECT_EQ(ContentDigest(tree), ContentDigest({{"a", File("x")}}));
  EXPECT_NE(ContentDigest(tree), ContentDigest({{"b", File("x")}}));
  EXPECT_NE(ContentDigest(tree), ContentDigest({{"a", File("y")}}));
  EXPECT_NE(ContentDigest(tree), ContentDigest({{"a", File("x", true)}}));
}

TEST(Layer, IsATarArchiveThatCarriesNoDate) {
  const std::string long_name = "deep/" + std::string(150, 'n');
  const FileTree tree = {
      {"bin/tool", File("code", true)},
      {long_name, File("x")},
      {"link", {FileNode::Kind::kSymlink, false, std::make_shared<const std::string>("bin/tool")}}};
  const PackedLayer packed = PackLayer(tree, TimePoint(std::chrono::hours(1)));
  EXPECT_EQ(packed.layer.digest, Digest::Of(*packed.bytes));
  EXPECT_EQ(packed.layer.digest, PackLayer(tree, TimePoint()).layer.digest);
  const std::string tar = Unzip(*packed.bytes);
  EXPECT_EQ(packed.layer.diff_id, Digest::Of(tar));
  ASSERT_EQ(tar.size() % 512, 0u);
  EXPECT_EQ(tar.substr(0, 5), std::string("bin/\0", 5));
  EXPECT_EQ(tar.substr(257, 5), "ustar");
  EXPECT_EQ(tar.substr(136, 11), "00000000000") << "modification time";
  EXPECT_NE(tar.find("././@LongLink"), std::string::npos);
  EXPECT_NE(tar.find(long_name), std::string::npos);
  EXPECT_EQ(tar.substr(tar.size() - 1024), std::string(1024, '\0'));
  for (std::size_t block = 0; block < 2; ++block) {  // checksums of the first two headers
    std::string header = tar.substr(block * 512, 512);
    const auto written = static_cast<unsigned>(std::stoul(header.substr(148, 6), nullptr, 8));
    header.replace(148, 8, "        ");
    unsigned sum = 0;
    for (const char c : header) {
      sum += static_cast<unsigned char>(c);
    }
    EXPECT_EQ(sum, written);
  }
}

TEST(Image, AttestationConfigHasTheCapturedSize) {
  EXPECT_EQ(WriteAttestationConfig(Digest::Of("statement")).size(), 167u);
}

TEST(Image, Arm64FitsItsUsualVariant) {
  EXPECT_TRUE(Platform::Parse("linux/arm64").Fits(Platform::Parse("linux/arm64/v8")));
  EXPECT_FALSE(Platform::Parse("linux/arm/v7").Fits(Platform::Parse("linux/arm/v6")));
  EXPECT_FALSE(Platform::Parse("linux/arm64").Fits(Platform::Parse("linux/amd64")));
}

TEST(Image, ConfigOfABaseIsCarriedOn) {
  ImageConfig base;
  base.Apply({1, "ENV", "A=1"});
  base.Apply({2, "CMD", "[\"/bin/app\"]"});
  const Layer layer = PackLayer({{"a", File("x")}}, TimePoint()).layer;
  const auto parsed = ImageConfig::Parse(base.Write(Platform::Parse("linux/amd64"), {layer}));
  ASSERT_TRUE(parsed);
  EXPECT_THAT(parsed->DiffIds(), ElementsAre(layer.diff_id));
  EXPECT_EQ(parsed->Environment().at("A"), "1");
}

// What a registry sends may be anything.
TEST(Image, HostileConfigsDoNoHarm) {
  for (const std::string text :
       {"", "[]", "{}", R"({"config": 1, "history": 2})",
        R"({"config": {"Env": "x", "Labels": "y", "ExposedPorts": 3}, "rootfs": {"diff_ids": 4}})",
        R"({"config": {"Env": [1, null, {"a": 2}]}})"}) {
    auto config = ImageConfig::Parse(text);
    if (!config) {
      continue;
    }
    for (const char* keyword : {"ENV", "LABEL", "EXPOSE", "VOLUME", "USER", "CMD"}) {
      config->Apply({1, keyword, "A=1"});
    }
    EXPECT_EQ(config->Environment().at("A"), "1") << text;
    EXPECT_FALSE(config->Write(Platform::Parse("linux/amd64"), {}).empty());
  }
  EXPECT_FALSE(ImageConfig::Parse(R"({"rootfs": {"diff_ids": ["sha256:short"]}})"));
}

TEST(CacheOption, IsReadAsBuildxReadsIt) {
  const auto option = ParseCacheOption(
      "type=registry,ref=registry.test/app/two:buildcache,mode=max,image-manifest=true");
  ASSERT_TRUE(option);
  EXPECT_TRUE(option->all_layers && option->image_manifest && option->oci_types);
  EXPECT_EQ(option->reference.tag, "buildcache");
  EXPECT_TRUE(ParseCacheOption("registry.test/app/two:buildcache"));
  EXPECT_FALSE(ParseCacheOption("type=gha"));
  EXPECT_FALSE(ParseCacheOption("type=registry,ref"));
  EXPECT_FALSE(ParseCacheOption("type=registry,ref=UPPER"));
}

TEST(BuilderStore, MountsFromTheNearestRepository) {
  BuilderStore store;
  const Digest layer = Digest::Of("layer");
  EXPECT_EQ(store.MountSource(layer, "registry.test", "app/one"), "");
  store.NotePushed(layer, "registry.test", "app/one");
  EXPECT_EQ(store.MountSource(layer, "registry.test", "app/one"), "") << "not from itself";
  EXPECT_EQ(store.MountSource(layer, "registry.test", "app/two"), "app/one");
  EXPECT_EQ(store.MountSource(layer, "elsewhere.test", "app/two"), "") << "other registry";
  store.NotePushed(layer, "registry.test", "other/one");
  EXPECT_EQ(store.MountSource(layer, "registry.test", "app/two"), "app/one");
  EXPECT_EQ(store.MountSource(layer, "registry.test", "other/two"), "other/one");
}

Layer LayerOf(const std::string& name) {
  Layer layer = PackLayer({{name, File(name)}}, TimePoint()).layer;
  return layer;
}

// Whatever was exported can be found again by the identity of its step.
RC_GTEST_PROP(CacheGraph, ReadsBackWhatItWrote, ()) {
  CacheGraph graph;
  std::vector<std::size_t> records;
  const auto steps = *rc::gen::inRange(1, 12);
  for (int i = 0; i < steps; ++i) {
    CacheRecord record{
        Digest::Of("operation " + std::to_string(*rc::gen::inRange(0, 6))), {}, {}, false};
    if (!records.empty() && *rc::gen::arbitrary<bool>()) {
      const std::size_t below = records[*rc::gen::inRange<std::size_t>(0, records.size())];
      record.inputs.push_back({{below, ""}});
      record.chain = graph.At(below).chain;
    }
    record.chain.push_back(LayerOf(std::to_string(*rc::gen::inRange(0, 4))));
    records.push_back(graph.Add(std::move(record)));
  }
  const CacheGraph::Export written = graph.Write(true, OciTypes().layer);
  const auto read = ReadCache(written.config, written.layers, "r/a:cache", "r/a");
  for (const std::size_t record : records) {
    const auto found = read.find(graph.Identity(record));
    RC_ASSERT(found != read.end());
    RC_ASSERT(found->second.digest == graph.At(record).chain.back().digest);
    RC_ASSERT(found->second.imported_from == "r/a:cache");
  }
}

// A registry may send any bytes as a cache config.
RC_GTEST_PROP(CacheGraph, DamagedConfigsDoNoHarm, ()) {
  CacheGraph graph;
  const std::size_t first = graph.Add({Digest::Of("a"), {}, {LayerOf("a")}, false});
  graph.Add({Digest::Of("b"), {{{first, ""}}}, {LayerOf("a"), LayerOf("b")}, false});
  const CacheGraph::Export written = graph.Write(true, OciTypes().layer);
  std::string config = written.config;
  const auto changes = *rc::gen::inRange(1, 8);
  for (int i = 0; i < changes; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, config.size());
    config[at] = *rc::gen::elementOf(std::string("0123456789[]{},:\"-ax"));
  }
  const auto read = ReadCache(config, written.layers, "r/a:cache", "r/a");
  RC_ASSERT(read.size() <= 2u);
  ReadChildren(config);
}

TEST(CacheGraph, RecordsThatFeedThemselvesAreLeftOut) {
  const Layer layer = LayerOf("a");
  CacheGraph graph;
  graph.Add({Digest::Of("a"), {}, {layer}, false});
  const auto layers = graph.Write(true, OciTypes().layer).layers;
  const std::string digest = Digest::Of("a").ToString();
  const std::string loop =
      Concat({R"({"layers": [{"blob": ")", layer.digest.ToString(),
              R"(", "parent": -1}], "records": [{"digest": ")", digest,
              R"(", "layers": [{"layer": 0}], "inputs": [[{"link": 1}]]}, {"digest": ")", digest,
              R"(", "inputs": [[{"link": 0}]]}]})"});
  EXPECT_TRUE(ReadCache(loop, layers, "r/a:cache", "r/a").empty());
}

}  // namespace
}  // namespace drydock::simulator::buildkit
