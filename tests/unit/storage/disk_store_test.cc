// The store on disk: what was committed is there again, whatever happened in between, and what is
// foreign or damaged is named.
#include "simulator/storage/disk_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/media_type.h"
#include "core/text.h"
#include "simulator/storage/stored_file.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/registry/bench.h"
#include "tests/unit/storage/everything.h"

namespace drydock::simulator {
namespace {

namespace fs = std::filesystem;
using drydock::testing::TempFolder;
using ::testing::HasSubstr;

// A store that is open. Null after an error, which is a test failure.
std::unique_ptr<Store> Open(const std::string& folder, FileChanges::Before before = {}) {
  Result<OpenedStore> opened = OpenDiskStore(folder, std::move(before));
  EXPECT_TRUE(opened.ok()) << opened.error().message();
  if (!opened) {
    return nullptr;
  }
  auto store = std::make_unique<Store>(opened->content);
  store->Keep(opened->backing);
  return store;
}

// The bytes as an upload brings them.
Status Upload(Store& store, std::string_view repository, std::string_view bytes) {
  const auto writer = store.NewBlob();
  if (Status written = writer->Append(bytes); !written) {
    return written;
  }
  Result<Blob> blob = writer->Take();
  if (!blob) {
    return blob.error();
  }
  store.PutBlob(repository, Digest::Of(bytes), std::move(*blob));
  return store.Commit();
}

const std::string& Image() {
  static const std::string kImage = ImageJson("config", "layer");
  return kImage;
}

const std::string& Index() {
  static const std::string kIndex =
      Concat({R"({"schemaVersion":2,"manifests":[)",
              DescriptorJson(media_type::kOciManifest, Image()), "]}"});
  return kIndex;
}

const std::string& Signature() {
  static const std::string kSignature =
      ImageJson("config", "layer",
                R"(,"artifactType":"application/sig","subject":)" +
                    DescriptorJson(media_type::kOciManifest, Image()));
  return kSignature;
}

// A life of a store; each step is one request that is acknowledged.
struct Step {
  std::string name;
  std::function<Status(Store&)> run;
};

std::vector<Step> Life() {
  const auto put = [](std::string_view type, const std::string& text, const std::string& tag) {
    return [=](Store& store) {
      const Digest digest = store.PutManifest("team/app", type, text);
      if (!tag.empty()) {
        store.SetTag("team/app", tag, digest);
      }
      return store.Commit();
    };
  };
  const auto mount = [](std::string_view bytes) {
    return [=](Store& store) {
      const Digest digest = Digest::Of(bytes);
      store.PutBlob("team/blobs", digest, store.FindBlob("team/app", digest));
      return store.Commit();
    };
  };
  return {
      {"config", [](Store& store) { return Upload(store, "team/app", "config"); }},
      {"layer", [](Store& store) { return Upload(store, "team/app", "layer"); }},
      {"image", put(media_type::kOciManifest, Image(), "")},
      {"index with a tag", put(media_type::kOciIndex, Index(), "v1")},
      {"mount", mount("layer")},
      {"signature", put(media_type::kOciManifest, Signature(), "")},
      {"tag again", put(media_type::kOciIndex, Index(), "latest")},
      {"tag moves", put(media_type::kOciManifest, Image(), "v1")},
      {"empty blob", [](Store& store) { return Upload(store, "team/app", ""); }},
      {"tag deleted",
       [](Store& store) {
         store.DeleteTag("team/app", "latest");
         return store.Commit();
       }},
      {"manifest deleted",
       [](Store& store) {
         store.DeleteManifest("team/app", Digest::Of(Index()));
         return store.Commit();
       }},
      {"blob deleted",
       [](Store& store) {
         store.DeleteBlob("team/app", Digest::Of("layer"));
         return store.Commit();
       }},
      {"image as a blob too", [](Store& store) { return Upload(store, "team/app", Image()); }},
  };
}

TEST(DiskStore, HoldsAfterwardsWhatItHeldBefore) {
  const TempFolder folder;
  std::string before;
  {
    const auto store = Open(folder.At("store"));
    for (const Step& step : Life()) {
      ASSERT_TRUE(step.run(*store).ok()) << step.name;
    }
    before = WhatIn(*store);
  }
  EXPECT_EQ(WhatIn(*Open(folder.At("store"))), before);
  EXPECT_EQ(WhatIn(*Open(folder.At("store") + "/")), before);
}

TEST(DiskStore, KeepsOneCopyOfABlobForAllRepositories) {
  const TempFolder folder;
  const auto store = Open(folder.At("store"));
  for (const char* repository : {"a", "b", "team/index.json"}) {
    ASSERT_TRUE(Upload(*store, repository, "hello").ok());
  }
  const std::string name = "/blobs/sha256/" + std::string(Digest::Of("hello").hex());
  EXPECT_TRUE(fs::equivalent(folder.At("store/a") + name, folder.At("store/b") + name));
  EXPECT_TRUE(
      fs::equivalent(folder.At("store/a") + name, folder.At("store/team/+index.json") + name));
}

TEST(DiskStore, LeavesNothingOfAnUploadNobodyFinished) {
  const TempFolder folder;
  const auto store = Open(folder.At("store"));
  const auto scratch = [&] {
    return std::distance(fs::directory_iterator(folder.At("store/.drydock")), {});
  };
  const auto before = scratch();
  {
    const auto writer = store->NewBlob();
    ASSERT_TRUE(writer->Append("half a bl").ok());
    EXPECT_EQ(scratch(), before + 1);
  }
  EXPECT_EQ(scratch(), before);
}

TEST(DiskStore, ReadsGoOnAfterADelete) {
  const TempFolder folder;
  const auto store = Open(folder.At("store"));
  ASSERT_TRUE(Upload(*store, "a", "hello world").ok());
  const Digest digest = Digest::Of("hello world");
  const Blob held = store->FindBlob("a", digest);
  Body begun = held.Read(6);
  ASSERT_TRUE(store->DeleteBlob("a", digest));
  ASSERT_TRUE(store->Commit().ok());
  EXPECT_EQ(ReadAll(begun, 100).value(), "world");
  EXPECT_EQ(TextOf(held), "hello world");
}

TEST(DiskStore, ForksWriteToMemoryAlone) {
  const TempFolder folder;
  const auto store = Open(folder.At("store"));
  ASSERT_TRUE(Upload(*store, "a", "hello").ok());
  const std::string before = WhatIn(*store);
  Store fork = *store;
  fork.DeleteBlob("a", Digest::Of("hello"));
  ASSERT_TRUE(Upload(fork, "b", "more").ok());
  EXPECT_EQ(WhatIn(*store), before);
  EXPECT_FALSE(fs::exists(folder.At("store/b")));

  *store = fork;  // and back: the store takes over what the fork became, on disk too
  ASSERT_TRUE(store->Commit().ok());
  const std::string after = WhatIn(*store);
  EXPECT_EQ(after, WhatIn(fork));
  store->Keep(nullptr);
  EXPECT_EQ(WhatIn(*Open(folder.At("store"))), after);
}

TEST(DiskStore, TruncatesAnUpload) {
  const TempFolder folder;
  const auto store = Open(folder.At("store"));
  const auto writer = store->NewBlob();
  ASSERT_TRUE(writer->Append("hello world").ok());
  ASSERT_TRUE(writer->Truncate(5).ok());
  ASSERT_TRUE(writer->Append("!").ok());
  Body body = writer->Read();
  EXPECT_EQ(ReadAll(body, 100).value(), "hello!");
  EXPECT_EQ(TextOf(writer->Take().value()), "hello!");
}

// Runs the life of a store until operation `n` fails and, with `for_good`, all after it: what a
// kill at that instant leaves. Gives how many steps were acknowledged.
struct Interruption {
  std::size_t acknowledged = 0;
  bool reached = false;
};

Interruption Interrupt(const std::string& folder, std::size_t n) {
  Interruption interruption;
  std::size_t operations = 0;
  const auto before = [&](std::string_view operation, const std::string& path) -> Status {
    if (++operations <= n) {
      return Ok{};
    }
    interruption.reached = true;
    return Error(ErrorCode::kUnavailable, Concat({path, ": dead before ", operation}));
  };
  Result<OpenedStore> opened = OpenDiskStore(folder, before);
  if (!opened) {
    return interruption;
  }
  Store store = opened->content;
  store.Keep(opened->backing);
  for (const Step& step : Life()) {
    if (!step.run(store)) {
      break;
    }
    ++interruption.acknowledged;
  }
  return interruption;
}

// What the store says after each number of steps, by repository, without its blobs; and the blobs.
struct Snapshot {
  std::map<std::string, std::string> rest;
  std::map<std::string, std::set<Digest>> blobs;
};

Snapshot SnapshotOf(const Store& store) {
  Snapshot snapshot;
  for (const std::string& name : store.Repositories()) {
    std::string lines;
    for (const std::string& line : Split(WhatIn(store, name), '\n')) {
      lines += line.starts_with("  blob ") ? "" : line + "\n";
    }
    snapshot.rest[name] = lines;
    snapshot.blobs[name] = store.Blobs(name);
  }
  return snapshot;
}

std::vector<Snapshot> LifeInMemory() {
  Store store;
  std::vector<Snapshot> snapshots = {SnapshotOf(store)};
  for (const Step& step : Life()) {
    EXPECT_TRUE(step.run(store).ok());
    snapshots.push_back(SnapshotOf(store));
  }
  return snapshots;
}

// A store that was interrupted says what it said before the step or after it. Bytes may be there
// already that the step was bringing, or still be there that it was taking away, and whole.
void ExpectEither(const Snapshot& found, const Snapshot& before, const Snapshot& after) {
  for (const auto& [name, lines] : found.rest) {
    const auto old = before.rest.find(name);
    const auto now = after.rest.find(name);
    ASSERT_TRUE(now != after.rest.end() || old != before.rest.end()) << name;
    const bool is_old = old != before.rest.end() && lines == old->second;
    const bool is_now = now != after.rest.end() && lines == now->second;
    const bool is_new_and_empty =
        old == before.rest.end() && lines == "repository " + name + "\n\n";
    EXPECT_TRUE(is_old || is_now || is_new_and_empty) << lines;
  }
  for (const auto& [name, lines] : before.rest) {
    EXPECT_EQ(found.rest.count(name), 1U) << name;
  }
  for (const auto& [name, blobs] : before.blobs) {
    const auto now = after.blobs.find(name);
    for (const Digest& digest : blobs) {
      if (now != after.blobs.end() && now->second.count(digest) != 0) {
        const auto held = found.blobs.find(name);
        EXPECT_TRUE(held != found.blobs.end() && held->second.count(digest) != 0)
            << name << " lost " << digest.ToString();
      }
    }
  }
}

TEST(DiskStore, SurvivesAKillBeforeAnyOperation) {
  const std::vector<Snapshot> life = LifeInMemory();
  std::size_t n = 0;
  for (bool reached = true; reached; ++n) {
    SCOPED_TRACE("killed before operation " + std::to_string(n));
    const TempFolder folder;
    const Interruption interruption = Interrupt(folder.At("store"), n);
    reached = interruption.reached;
    const auto store = Open(folder.At("store"));
    ASSERT_NE(store, nullptr);
    const std::size_t acknowledged = interruption.acknowledged;
    ExpectEither(SnapshotOf(*store), life[acknowledged],
                 life[std::min(acknowledged + 1, life.size() - 1)]);
    // And it goes on from there.
    ASSERT_TRUE(Upload(*store, "team/app", "afterwards").ok());
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
  EXPECT_GT(n, 100U);
}

TEST(DiskStore, HasAllOfAStepOnTheDiskBeforeItAcknowledges) {
  const TempFolder folder;
  std::set<std::string> unsynced;          // files with bytes the disk may not have
  std::set<std::string> unsynced_folders;  // folders with names the disk may not have
  const auto before = [&](std::string_view operation, const std::string& path) -> Status {
    const std::string above = path.substr(0, path.rfind('/'));
    if (operation == "write" || operation == "cut") {
      unsynced.insert(path);
    } else if (operation == "sync" || operation == "remove") {
      unsynced.erase(path);
    } else if (operation == "sync-folder") {
      unsynced_folders.erase(path);
    }
    if ((operation == "link" || operation == "rename" || operation == "remove") &&
        above.find("/.drydock") == std::string::npos) {
      unsynced_folders.insert(above);
      EXPECT_TRUE(unsynced.empty())
          << operation << " " << path << " before the sync of " << *unsynced.begin();
    }
    return Ok{};
  };
  const auto store = Open(folder.At("store"), before);
  unsynced.clear();
  for (const Step& step : Life()) {
    ASSERT_TRUE(step.run(*store).ok());
    EXPECT_TRUE(unsynced_folders.empty()) << step.name << ": " << *unsynced_folders.begin();
  }
}

TEST(DiskStore, TriesAgainWhatTheDiskRefused) {
  const std::vector<Step> life = Life();
  for (const std::string_view refused :
       {"create", "write", "sync", "sync-folder", "link", "rename", "make-folder", "remove"}) {
    SCOPED_TRACE(refused);
    const TempFolder folder;
    bool full = false;
    const auto store = Open(
        folder.At("store"), [&](std::string_view operation, const std::string& path) -> Status {
          return full && operation == refused ? Error(ErrorCode::kUnavailable, path + ": no room")
                                              : Status(Ok{});
        });
    for (const Step& step : life) {
      full = true;
      const Status first = step.run(*store);
      full = false;
      if (!first) {
        EXPECT_THAT(first.error().message(), HasSubstr("no room"));
        EXPECT_TRUE(step.run(*store).ok()) << step.name;
      }
    }
    const std::string after = WhatIn(*store);
    store->Keep(nullptr);
    EXPECT_EQ(WhatIn(*Open(folder.At("store"))), after);
  }
}

TEST(DiskStore, AnswersFiveHundredWhenTheDiskRefusesAndGoesOn) {
  const TempFolder folder;
  bool full = false;
  const auto opened = OpenDiskStore(
      folder.At("store"), [&](std::string_view operation, const std::string&) -> Status {
        return full && operation == "link" ? Error(ErrorCode::kUnavailable, "no room")
                                           : Status(Ok{});
      });
  ASSERT_TRUE(opened.ok());
  Bench bench;
  bench.registry.store() = opened->content;
  bench.registry.store().Keep(opened->backing);
  const auto push = [&] {
    return bench.Send("POST", WithDigest("/v2/app/web/blobs/uploads/", Sha256("hello")), {},
                      "hello");
  };
  full = true;
  const auto refused = push();
  EXPECT_EQ(refused.status, 500);
  EXPECT_EQ(refused.Code(), "UNKNOWN");
  EXPECT_THAT(refused.body, HasSubstr("no room"));
  EXPECT_EQ(bench.Send("GET", "/v2/").status, 200);
  full = false;
  EXPECT_EQ(push().status, 201);
  EXPECT_EQ(bench.Send("GET", "/v2/app/web/blobs/" + Sha256("hello")).body, "hello");
}

TEST(DiskStore, IsOpenInOneProcessOnly) {
  const TempFolder folder;
  const auto store = Open(folder.At("store"));
  const auto second = OpenDiskStore(folder.At("store"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kConflict);
  EXPECT_THAT(second.error().message(), HasSubstr("another drydock serve has this store open"));
  store->Keep(nullptr);
  EXPECT_TRUE(OpenDiskStore(folder.At("store")).ok());
}

struct Damage {
  const char* name;
  std::function<void(const TempFolder&)> done;
  const char* message;
};

std::string FileOf(std::string_view bytes) {
  return Concat({"store/team/app/blobs/sha256/", Digest::Of(bytes).hex()});
}

TEST(DiskStore, NamesWhatIsForeignOrDamaged) {
  const Damage damages[] = {
      {"flipped", [](const TempFolder& folder) { folder.Write(FileOf("layer"), "lbyer"); },
       "damaged or cut short"},
      {"cut short", [](const TempFolder& folder) { folder.Write(FileOf("layer"), "lay"); },
       "its 3 bytes are sha256:"},
      {"manifest gone", [](const TempFolder& folder) { fs::remove(folder.At(FileOf(Image()))); },
       "is not there; restore that file, or remove the entry"},
      {"index no json",
       [](const TempFolder& folder) { folder.Write("store/team/app/index.json", "{\"manif"); },
       "index.json:1:"},
      {"index without manifests",
       [](const TempFolder& folder) { folder.Write("store/team/app/index.json", "{}"); },
       "\"manifests\": expected an array"},
      {"index gone",
       [](const TempFolder& folder) { fs::remove(folder.At("store/team/app/index.json")); },
       "index.json: cannot read"},
      {"another layout",
       [](const TempFolder& folder) {
         folder.Write("store/team/app/oci-layout", R"({"imageLayoutVersion":"2.0.0"})");
       },
       "expected 1.0.0"},
      {"foreign file", [](const TempFolder& folder) { folder.Write("store/team/notes.txt", "x"); },
       "notes.txt: a file that belongs to no OCI image layout"},
      {"foreign blob",
       [](const TempFolder& folder) { folder.Write("store/team/app/blobs/sha256/README", "x"); },
       "its name is no digest"},
      {"foreign algorithm",
       [](const TempFolder& folder) { folder.Write("store/team/app/blobs/md5/x", "x"); },
       "not a folder of blobs"},
      {"no name",
       [](const TempFolder& folder) {
         fs::rename(folder.At("store/team/app"), folder.At("store/team/APP"));
       },
       "its path is no repository's name"},
      {"no tag",
       [](const TempFolder& folder) {
         const std::string path = folder.At("store/team/app/index.json");
         folder.Write("store/team/app/index.json",
                      ReplaceAll(drydock::testing::ReadFile(path), "\"v1\"", "\"/\""));
       },
       "no tag: \"/\""},
      {"another version",
       [](const TempFolder& folder) {
         folder.Write("store/.drydock/version", "drydock store 9\n");
       },
       "made by another version"},
      {"somebody's folder",
       [](const TempFolder& folder) { fs::remove_all(folder.At("store/.drydock")); },
       "neither empty nor a store"},
      {"a layout",
       [](const TempFolder& folder) {
         fs::remove_all(folder.At("store"));
         folder.Write("store/oci-layout", "{}");
       },
       "serve its content with --preload"},
  };
  for (const Damage& damage : damages) {
    SCOPED_TRACE(damage.name);
    const TempFolder folder;
    {
      const auto store = Open(folder.At("store"));
      ASSERT_TRUE(Upload(*store, "team/app", "config").ok());
      ASSERT_TRUE(Upload(*store, "team/app", "layer").ok());
      store->SetTag("team/app", "v1",
                    store->PutManifest("team/app", media_type::kOciManifest, Image()));
      ASSERT_TRUE(store->Commit().ok());
    }
    damage.done(folder);
    const auto opened = OpenDiskStore(folder.At("store"));
    ASSERT_FALSE(opened.ok());
    EXPECT_THAT(opened.error().message(), HasSubstr(damage.message));
    EXPECT_THAT(opened.error().message(), ::testing::StartsWith(folder.At("store")));
  }
}

TEST(DiskStore, ReadsWhatAnotherToolPutThere) {
  const TempFolder folder;
  {
    const auto store = Open(folder.At("store"));
    ASSERT_TRUE(Upload(*store, "team/app", "config").ok());
    ASSERT_TRUE(Upload(*store, "team/app", "layer").ok());
    store->PutManifest("team/app", media_type::kOciManifest, Image());
    store->SetTag("team/app", "v1", store->PutManifest("team/app", media_type::kOciIndex, Index()));
    ASSERT_TRUE(store->Commit().ok());
  }
  // Other tools list the top of an image alone.
  folder.Write(
      "store/team/app/index.json",
      Concat({R"({"schemaVersion":2,"manifests":[{"mediaType":")", media_type::kOciIndex,
              R"(","digest":")", Sha256(Index()), R"(","size":)", std::to_string(Index().size()),
              R"(,"annotations":{"org.opencontainers.image.ref.name":"v2"}}]})"}));
  const auto store = Open(folder.At("store"));
  EXPECT_NE(store->FindManifest("team/app", Digest::Of(Image())), nullptr);
  EXPECT_EQ(store->FindTag("team/app", "v2"), Digest::Of(Index()));
  EXPECT_EQ(store->FindTag("team/app", "v1"), std::nullopt);
  EXPECT_EQ(store->Blobs("team/app"), (std::set{Digest::Of("config"), Digest::Of("layer")}));
}

TEST(DiskStore, FoldersAreRepositories) {
  for (const auto& [repository, folder] :
       std::map<std::string, std::string>{{"app", "app"},
                                          {"team/app", "team/app"},
                                          {"blobs", "+blobs"},
                                          {"team/blobs/sha256", "team/+blobs/sha256"},
                                          {"index.json/oci-layout", "+index.json/+oci-layout"}}) {
    EXPECT_EQ(RepositoryFolder(repository), folder);
    EXPECT_EQ(RepositoryOf(folder), repository);
  }
}

}  // namespace
}  // namespace drydock::simulator
