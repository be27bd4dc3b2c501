// What it costs to start from a full registry.
#include <benchmark/benchmark.h>

#include <string>

#include "simulator/storage/seed.h"

namespace drydock::simulator {
namespace {

// A thousand repositories with ten tags each.
const Store& Full() {
  static const Store kFull = [] {
    Store store;
    for (int i = 0; i < 1000; ++i) {
      const std::string name = "team-" + std::to_string(i) + "/app";
      for (int tag = 0; tag < 10; ++tag) {
        const std::string text = name + ":" + std::to_string(tag);
        store.SetTag(name, "v" + std::to_string(tag),
                     PutGeneratedImage(store, name, text, {.layers = {16}}, false));
      }
    }
    return store;
  }();
  return kFull;
}

// A copy that shares nothing but the blobs' bytes.
Store DeepCopy(const Store& store) {
  Store copy;
  for (const std::string& name : store.Repositories()) {
    for (const Digest& digest : store.Blobs(name)) {
      copy.PutBlob(name, digest, store.FindBlob(name, digest));
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

void StoreFork(benchmark::State& state) {
  const Store& full = Full();
  for (auto _ : state) {
    Store fork = full;
    benchmark::DoNotOptimize(fork);
  }
}
BENCHMARK(StoreFork);

void StoreForkAndPush(benchmark::State& state) {
  const Store& full = Full();
  const Digest digest = full.FindTag("team-500/app", "v1").value();
  for (auto _ : state) {
    Store fork = full;
    fork.SetTag("team-500/app", "latest", digest);
    benchmark::DoNotOptimize(fork);
  }
}
BENCHMARK(StoreForkAndPush);

void StoreDeepCopy(benchmark::State& state) {
  const Store& full = Full();
  for (auto _ : state) {
    benchmark::DoNotOptimize(DeepCopy(full));
  }
}
BENCHMARK(StoreDeepCopy)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace drydock::simulator

BENCHMARK_MAIN();
