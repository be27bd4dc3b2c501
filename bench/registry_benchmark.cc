// What a request costs in process, the registry alone and with rules and journal around it, and
// what a registry costs.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "bench/handled.h"
#include "core/rng.h"
#include "simulator/registry/personalities.h"

namespace drydock::bench {
namespace {

void MadeAndDestroyed(benchmark::State& state) {
  SystemClock clock;
  Journal journal(clock);
  for (auto _ : state) {
    simulator::Registry hub("registry.test", simulator::AnonymousPersonality(), clock, Rng(1),
                            journal);
    benchmark::DoNotOptimize(hub);
  }
}
BENCHMARK(MadeAndDestroyed);

void Handle(benchmark::State& state, const char* method, std::string_view target) {
  Handled handled;
  const Url url = Handled::Target(target);
  for (auto _ : state) {
    if (!handled.Ask(method, url)) {
      state.SkipWithError("refused");
    }
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(Handle, Ping, "GET", Handled::kPing);
BENCHMARK_CAPTURE(Handle, ManifestGet, "GET", Handled::kManifest);
BENCHMARK_CAPTURE(Handle, ManifestHead, "HEAD", Handled::kManifest);

void Serve(benchmark::State& state, const char* method, std::string_view target) {
  Handled handled(static_cast<std::size_t>(state.range(0)));
  const Url url = Handled::Target(target);
  for (auto _ : state) {
    if (!handled.Serve(method, url)) {
      state.SkipWithError("refused");
    }
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(Serve, Ping, "GET", Handled::kPing)->ArgName("rules")->Arg(0)->Arg(100);
BENCHMARK_CAPTURE(Serve, ManifestGet, "GET", Handled::kManifest)
    ->ArgName("rules")
    ->Arg(0)
    ->Arg(100);

}  // namespace
}  // namespace drydock::bench

BENCHMARK_MAIN();
