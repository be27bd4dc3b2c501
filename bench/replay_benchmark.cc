// How fast scenarios replay: all incidents, the incident of 2026-05-28, six hours at a rate limit.
// Targets of issue 6: 5 s for all of them on two cores, 50 ms for each of the other two.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "core/text.h"
#include "scenarios/runner/batch.h"
#include "scenarios/runner/loader.h"
#include "scenarios/runner/shelf.h"
#include "scenarios/runner/stage.h"
#include "scenarios/runner/upstream.h"
#include "simulator/skopeo/skopeo.h"

namespace drydock::scenarios {
namespace {

constexpr char kIncidents[] = DRYDOCK_SOURCE_DIR "/scenarios/incidents";

void AllIncidents(benchmark::State& state) {
  const auto loaded = LoadScenarios({kIncidents});
  const auto scenarios = loaded ? *loaded : std::vector<Scenario>();
  std::size_t passed = 0;
  for (auto _ : state) {
    passed = 0;
    RunAll(scenarios, {}, static_cast<unsigned>(state.range(0)),
           [&](std::size_t, auto outcome) { passed += outcome && outcome->passed() ? 1 : 0; });
  }
  state.counters["files"] = static_cast<double>(scenarios.size());
  state.counters["passed"] = static_cast<double>(passed);
}
BENCHMARK(AllIncidents)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

// The file's play, and with the plays that come with it (without faults, once more after the last
// step, by the script); the project's clone and the Hub's first content are on the shelf.
void TheIncidentOf20260528(benchmark::State& state) {
  const auto scenario = LoadScenario(Concat({kIncidents, "/2026-05-28-cache-export-400.json"}));
  Shelf shelf;
  RunOptions options;
  options.shelf = &shelf;
  options.twin = options.second_run = options.script = state.range(0) != 0;
  options.journal = false;
  for (auto _ : state) {
    const auto result = RunScenario(*scenario, options);
    if (!result || !result->passed()) {
      state.SkipWithError("it did not pass");
    }
  }
}
BENCHMARK(TheIncidentOf20260528)
    ->ArgName("all_plays")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// Two hundred pulls within the six hours in which the Hub allows an anonymous address a hundred.
void SixHoursAtTheRateLimit(benchmark::State& state) {
  constexpr int kPulls = 200;
  constexpr std::chrono::hours kWindow{6};
  simulator::Store content;
  PutUpstreamImage(content, "debian:12-slim", {"linux/amd64"});
  for (auto _ : state) {
    StageSpec spec;
    spec.start = TimePoint(std::chrono::seconds(1'780'000'000));
    spec.content = &content;
    Stage stage(std::move(spec));
    const auto transport = stage.Connect("198.51.100.7", "host");
    simulator::Skopeo skopeo(stage.world(), *transport, {});
    stage.world().Spawn("host", [&] {
      for (int pull = 0; pull < kPulls; ++pull) {
        benchmark::DoNotOptimize(skopeo.Inspect("docker://docker.io/library/debian:12-slim"));
        static_cast<void>(stage.clock().SleepFor(kWindow / kPulls));
      }
    });
    if (!stage.world().Run()) {
      state.SkipWithError("the world came to no end");
    }
    state.counters["events"] = static_cast<double>(stage.journal().size());
  }
}
BENCHMARK(SixHoursAtTheRateLimit)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace drydock::scenarios

BENCHMARK_MAIN();
