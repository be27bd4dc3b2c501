#include "simulator/storage/preload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "core/media_type.h"
#include "core/text.h"
#include "simulator/storage/seed.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/registry/bench.h"
#include "tests/unit/storage/everything.h"

namespace drydock::simulator {
namespace {

using drydock::testing::TempFolder;
using ::testing::HasSubstr;

// A layout of one image whose index.json gives it `ref_name`, as skopeo makes it. `without` is a
// blob that is left out.
void WriteLayout(const TempFolder& folder, const std::string& name, const std::string& ref_name,
                 std::string_view without = "") {
  folder.Write(name + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  const std::string image = ImageJson("config", "layer");
  for (const std::string_view bytes :
       {std::string_view("config"), std::string_view("layer"), std::string_view(image)}) {
    if (bytes != without) {
      folder.Write(Concat({name, "/blobs/sha256/", Digest::Of(bytes).hex()}), bytes);
    }
  }
  folder.Write(
      name + "/index.json",
      Concat({R"({"schemaVersion":2,"manifests":[{"mediaType":")", media_type::kOciManifest,
              R"(","digest":")", Sha256(image), R"(","size":)", std::to_string(image.size()),
              R"(,"annotations":{"org.opencontainers.image.ref.name":")", ref_name, R"("}}]})"}));
}

TEST(Preload, PutsALayoutWhereItSays) {
  const struct {
    const char* ref_name;
    const char* repository;  // before "="
    const char* where;
    const char* tag;
  } rows[] = {
      {"v1", "", "one", "v1"},
      {"v1", "team/app", "team/app", "v1"},
      {"team/other:v2", "", "team/other", "v2"},
      {"team/other:v2", "team/app", "team/app", "v2"},
  };
  for (const auto& row : rows) {
    const TempFolder folder;
    WriteLayout(folder, "one", row.ref_name);
    OpenedStore opened;
    Store& store = opened.content;
    const std::string before = Concat({row.repository, *row.repository == 0 ? "" : "="});
    const Status done = Preload(before + folder.At("one"), false, opened);
    ASSERT_TRUE(done.ok()) << done.error().message();
    EXPECT_EQ(store.Repositories(), std::vector<std::string>{row.where});
    EXPECT_EQ(store.FindTag(row.where, row.tag), Digest::Of(ImageJson("config", "layer")));
    EXPECT_EQ(TextOf(store.FindBlob(row.where, Digest::Of("layer"))), "layer");
  }
}

TEST(Preload, TakesAFolderOfLayouts) {
  const TempFolder folder;
  WriteLayout(folder, "hub/team/app", "v1");
  WriteLayout(folder, "hub/library/debian", "12");
  OpenedStore opened;
  Store& store = opened.content;
  ASSERT_TRUE(Preload(folder.At("hub"), false, opened).ok());
  EXPECT_EQ(store.Repositories(), (std::vector<std::string>{"library/debian", "team/app"}));
  EXPECT_EQ(store.blob_count(), 2U);
}

TEST(Preload, CopiesIntoAStoreOnDisk) {
  const TempFolder folder;
  WriteLayout(folder, "one", "v1");
  const std::string seed =
      folder.Write("seed.json", R"({"repositories":{"b":{"tags":{"v1":{}}}}})");
  std::string held;
  {
    const auto opened = OpenContent(folder.At("store"), {folder.At("one"), seed});
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    held = WhatIn(opened->content);
  }
  std::filesystem::remove_all(folder.At("one"));
  const auto again = OpenContent(folder.At("store"), {});
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(WhatIn(again->content), held);
  EXPECT_THAT(held, HasSubstr("tag v1"));
}

TEST(Preload, TakesNeighboursOfSeedsOnce) {
  const TempFolder folder;
  const std::string npm = folder.Write("npm.json", R"({"npm": {"host": "n", "packages": {}}})");
  const std::string forge = folder.Write("forge.json", R"({"forge": {"host": "g"}})");
  const auto opened = OpenContent("", {npm, forge});
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_TRUE(opened->neighbours.npm && opened->neighbours.forge);
  const auto twice = OpenContent("", {npm, npm});
  ASSERT_FALSE(twice.ok());
  EXPECT_THAT(twice.error().message(), HasSubstr("npm.json: a second npm"));
}

TEST(Preload, SaysWhatCannotBeTaken) {
  const TempFolder folder;
  WriteLayout(folder, "UPPER", "v1");
  WriteLayout(folder, "partial", "v1", "layer");
  folder.Write("notes.txt", "x");
  folder.Write("bad.json", "{}");
  const struct {
    std::string argument;
    const char* complaint;
  } rows[] = {
      {folder.At("UPPER"), "say where it belongs: --preload REPOSITORY="},
      {folder.At("partial"), "which is not there; copy the image there once more"},
      {folder.At("notes.txt"), "no tar archive"},
      {folder.At("nowhere"), "neither a folder"},
      {folder.At("bad.json"), "repositories"},
  };
  for (const auto& row : rows) {
    OpenedStore opened;
    const Status done = Preload(row.argument, false, opened);
    ASSERT_FALSE(done.ok()) << row.argument;
    EXPECT_THAT(done.error().message(), HasSubstr(row.complaint));
    EXPECT_THAT(done.error().message(), HasSubstr(folder.path().string()));
  }
}

}  // namespace
}  // namespace drydock::simulator
