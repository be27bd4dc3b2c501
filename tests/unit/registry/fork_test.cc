// Forks of a store: whatever is done to any of them, each is what a deep copy would be.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/rng.h"
#include "core/text.h"
#include "simulator/registry/persistent_map.h"
#include "simulator/registry/store.h"
#include "tests/unit/registry/bench.h"

namespace drydock::simulator {
namespace {

struct Whole {
  std::string_view operator()(const std::string& key) const { return key; }
};
using Map = PersistentMap<std::string, int, Whole>;

std::map<std::string, int> Flat(const Map& map) {
  std::map<std::string, int> flat;
  std::string before;
  map.ForEach([&](const std::string& key, int value) {
    EXPECT_TRUE(flat.empty() || before < key) << before << " is before " << key;
    before = key;
    flat.emplace(key, value);
  });
  EXPECT_EQ(flat.size(), map.size());
  return flat;
}

TEST(PersistentMap, FindsWhatWasWritten) {
  Map map;
  EXPECT_EQ(map.Find("a"), nullptr);
  map.Write("b") = 2;
  map.Write("a") = 1;
  map.Write("b") += 40;
  EXPECT_EQ(Flat(map), (std::map<std::string, int>{{"a", 1}, {"b", 42}}));
  EXPECT_EQ(*map.Find(std::string_view("b")), 42);
  EXPECT_TRUE(map.Erase("a"));
  EXPECT_FALSE(map.Erase("a"));
  EXPECT_EQ(map.Find("a"), nullptr);
  EXPECT_EQ(map.size(), 1U);
}

TEST(PersistentMap, StaysShallowWhateverTheOrder) {
  Map map;
  for (int i = 0; i < 20'000; ++i) {
    map.Write(std::to_string(100'000 + i)) = i;
  }
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_EQ(*map.Find(std::to_string(100'000 + i)), i);
  }
  EXPECT_EQ(map.size(), 20'000U);
}

RC_GTEST_PROP(PersistentMapProperty, CopiesAreWhatMapsAre, (std::uint64_t seed)) {
  Rng rng(seed);
  std::vector<std::pair<Map, std::map<std::string, int>>> copies(1);
  for (int step = 0; step < 200; ++step) {
    auto& [map, model] = copies[rng.Below(copies.size())];
    const std::string key = std::to_string(rng.Below(40));
    switch (rng.Below(8)) {
      case 0:
        copies.emplace_back(map, model);
        break;
      case 1:
        copies.erase(copies.begin() + static_cast<std::ptrdiff_t>(rng.Below(copies.size())));
        if (copies.empty()) {
          copies.resize(1);
        }
        break;
      case 2:
      case 3:
        RC_ASSERT(map.Erase(key) == (model.erase(key) == 1));
        break;
      default:
        map.Write(key) = step;
        model[key] = step;
    }
  }
  for (const auto& [map, model] : copies) {
    RC_ASSERT(Flat(map) == model);
  }
}

// Everything a store says, as text.
std::string Everything(const Store& store) {
  std::string text;
  for (const std::string& name : store.Repositories()) {
    text += Concat({"repository ", name, "\n"});
    for (const Digest& digest : store.Blobs(name)) {
      text += Concat({"  blob ", digest.Short(), " ", TextOf(store.FindBlob(name, digest)), " of ",
                      store.FindHolder(digest, [](std::string_view) { return true; }).value_or(""),
                      "\n"});
    }
    for (const auto& [digest, manifest] : store.Manifests(name)) {
      text += Concat({"  manifest ", digest.Short(), " ", *manifest.bytes, "\n"});
    }
    for (const auto& [tag, digest] : store.Tags(name)) {
      text += Concat({"  tag ", tag, " ", digest.Short(), "\n"});
    }
  }
  return Concat({text, std::to_string(store.blob_count()), " blobs, ",
                 std::to_string(store.blob_bytes()), " bytes\n"});
}

// A copy that shares nothing.
Store Rebuilt(const Store& store) {
  Store copy;
  for (const std::string& name : store.Repositories()) {
    copy.SetTag(name, "made", Digest::Of(""));
    copy.DeleteTag(name, "made");
    for (const Digest& digest : store.Blobs(name)) {
      copy.PutBlob(name, TextOf(store.FindBlob(name, digest)));
    }
    for (const auto& [digest, manifest] : store.Manifests(name)) {
      copy.PutManifest(name, digest, manifest);
    }
    for (const auto& [tag, digest] : store.Tags(name)) {
      copy.SetTag(name, tag, digest);
    }
  }
  return copy;
}

// Does the same thing, drawn from `rng`, to both.
void Change(Rng& rng, Store& fork, Store& copy) {
  const std::string name = "team/" + std::to_string(rng.Below(4));
  const std::string text = std::to_string(rng.Below(12));
  const Digest digest = Digest::Of(text);
  const std::string manifest = Concat({"{\"schemaVersion\":2,\"n\":", text, "}"});
  const std::string tag = "v" + std::to_string(rng.Below(3));
  switch (rng.Below(6)) {
    case 0:
      RC_ASSERT(fork.DeleteBlob(name, digest) == copy.DeleteBlob(name, digest));
      break;
    case 1:
      RC_ASSERT(fork.DeleteManifest(name, Digest::Of(manifest)) ==
                copy.DeleteManifest(name, Digest::Of(manifest)));
      break;
    case 2:
      RC_ASSERT(fork.DeleteTag(name, tag) == copy.DeleteTag(name, tag));
      break;
    case 3:
      RC_ASSERT(fork.SetTag(name, tag, digest) == copy.SetTag(name, tag, digest));
      break;
    case 4:
      fork.PutManifest(name, "application/x", manifest);
      copy.PutManifest(name, "application/x", manifest);
      break;
    default:
      fork.PutBlob(name, text);
      copy.PutBlob(name, text);
  }
}

RC_GTEST_PROP(StoreForkProperty, ForksAreWhatDeepCopiesAre, (std::uint64_t seed)) {
  Rng rng(seed);
  std::vector<std::pair<Store, Store>> pairs(1);
  for (int step = 0; step < 120; ++step) {
    auto& [fork, copy] = pairs[rng.Below(pairs.size())];
    switch (rng.Below(10)) {
      case 0:
        if (pairs.size() < 6) {
          Store deep = Rebuilt(copy);
          pairs.emplace_back(fork, std::move(deep));
        }
        break;
      case 1: {  // going back to another's state
        const auto& [other, other_copy] = pairs[rng.Below(pairs.size())];
        Store deep = Rebuilt(other_copy);
        fork = other;
        copy = deep;
        break;
      }
      default:
        Change(rng, fork, copy);
    }
  }
  for (const auto& [fork, copy] : pairs) {
    RC_ASSERT(Everything(fork) == Everything(copy));
  }
}

TEST(StoreFork, IsIsolatedBothWays) {
  Store full;
  const Digest old_blob = full.PutBlob("a", "old");
  full.SetTag("a", "v1", old_blob);
  Store fork = full;
  const Digest new_blob = fork.PutBlob("a", "new");
  fork.SetTag("a", "v1", new_blob);
  fork.PutBlob("b", "new");
  fork.DeleteBlob("a", old_blob);
  EXPECT_EQ(full.FindTag("a", "v1"), old_blob);
  EXPECT_EQ(TextOf(full.FindBlob("a", old_blob)), "old");
  EXPECT_FALSE(full.FindBlob("a", new_blob));
  EXPECT_FALSE(full.HasRepository("b"));
  EXPECT_EQ(full.blob_count(), 1U);

  full.DeleteTag("a", "v1");
  full.PutBlob("c", "more");
  EXPECT_EQ(fork.FindTag("a", "v1"), new_blob);
  EXPECT_FALSE(fork.HasRepository("c"));
  EXPECT_EQ(fork.blob_count(), 1U);
}

TEST(StoreFork, SharesTheBytes) {
  Store full;
  const Digest digest = full.PutBlob("a", "hello");
  const Store fork = full;
  EXPECT_EQ(full.FindBlob("a", digest), fork.FindBlob("a", digest));
}

TEST(StoreFork, LivesInAThreadOfItsOwn) {
  Store full;
  for (int i = 0; i < 50; ++i) {
    full.SetTag("a", "v" + std::to_string(i), full.PutBlob("a", std::to_string(i)));
  }
  const std::string before = Everything(full);
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([fork = full, i]() mutable {
      for (int n = 0; n < 50; ++n) {
        fork.DeleteTag("a", "v" + std::to_string(n));
        fork.PutBlob("b" + std::to_string(i), std::to_string(n));
        fork.DeleteBlob("a", Digest::Of(std::to_string(n)));
      }
      EXPECT_TRUE(fork.Tags("a").empty());
    });
  }
  full.PutBlob("z", "meanwhile");
  full.DeleteBlob("z", Digest::Of("meanwhile"));
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(Everything(full), before.substr(0, before.find("50 blobs")) + "repository z\n" +
                                  before.substr(before.find("50 blobs")));
}

}  // namespace
}  // namespace drydock::simulator
