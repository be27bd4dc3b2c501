// Hashing one tree three ways in turns: the runbook's shell recipe, drydock, and the floor, which
// is OpenSSL's SHA-256 over as many bytes from the processor's cache. Ends with the ratios, medians
// of the repetitions. The tree is made once and kept in the build folder.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "core/text.h"
#include "publisher/hash/base_hash.h"
#include "publisher/hash/floor.h"
#include "publisher/hash/recipe.h"
#include "publisher/hash/tree_generator.h"

namespace drydock::publisher {
namespace {

constexpr TreeSpec kTree{.files = 60'000, .bytes = 1'500'000'000, .seed = 1};
constexpr int kRepetitions = 5;

std::string TreeFolder() {
  return Concat({DRYDOCK_BINARY_DIR, "/bench/tree-", std::to_string(kTree.files), "-",
                 std::to_string(kTree.bytes), "-", std::to_string(kTree.seed)});
}

// A tree that was not finished has another name.
Status MakeTree() {
  namespace fs = std::filesystem;
  std::error_code failure;
  if (fs::exists(TreeFolder(), failure)) {
    return Ok();
  }
  const std::string unfinished = TreeFolder() + ".unfinished";
  fs::remove_all(unfinished, failure);
  std::cout << "making " << TreeFolder() << '\n';
  if (Status made = GenerateTree(unfinished, kTree); !made) {
    return made;
  }
  fs::rename(unfinished, TreeFolder(), failure);
  return failure ? Status(Error(ErrorCode::kUnavailable, failure.message())) : Status(Ok());
}

void CountBytes(benchmark::State& state, std::uint64_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) *
                          static_cast<std::int64_t>(state.iterations()));
}

void Recipe(benchmark::State& state) {
  const std::string command =
      Concat({"cd '", TreeFolder(), "' && export LC_ALL=C && ", ShellText(RunbookRecipe())});
  for (auto round : state) {
    static_cast<void>(round);
    FILE* shell = ::popen(command.c_str(), "r");
    char digits[64] = {};
    if (shell == nullptr || std::fgets(digits, sizeof digits, shell) == nullptr) {
      state.SkipWithError("the shell recipe does not run");
    }
    if (shell != nullptr) {
      ::pclose(shell);
    }
  }
  CountBytes(state, kTree.bytes);
}

void Drydock(benchmark::State& state) {
  for (auto round : state) {
    static_cast<void>(round);
    if (const auto hash = HashTree(TreeFolder(), RunbookRecipe()); !hash) {
      state.SkipWithError(hash.error().message().c_str());
    }
  }
  CountBytes(state, kTree.bytes);
}

void Floor(benchmark::State& state) {
  SystemClock clock;
  for (auto round : state) {
    static_cast<void>(round);
    MeasureFloor(kTree.bytes, clock);
  }
  CountBytes(state, kTree.bytes);
}

// Prints as usual, and keeps the times.
class KeepingReporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Iteration && !run.error_occurred) {
        seconds_[run.run_name.function_name].push_back(run.real_accumulated_time /
                                                       static_cast<double>(run.iterations));
      }
    }
    ConsoleReporter::ReportRuns(runs);
  }

  void PrintRatios() const {
    const auto median = [&](const char* name) {
      const auto found = seconds_.find(name);
      return found == seconds_.end() ? 0.0 : Median(found->second);
    };
    const double drydock = median("drydock");
    const double floor = median("floor");
    if (drydock > 0 && floor > 0) {
      std::printf("\ndrydock runs at %.3f of the floor", floor / drydock);
      if (const double recipe = median("recipe"); recipe > 0) {
        std::printf(" and %.1f times as fast as the recipe", recipe / drydock);
      }
      std::printf(" (medians)\n");
    }
  }

 private:
  std::map<std::string, std::vector<double>> seconds_;
};

int Main(int argc, char** argv) {
  std::vector<std::string> words(argv, argv + argc);
  words.emplace_back("--benchmark_enable_random_interleaving=true");
  std::vector<char*> arguments;
  arguments.reserve(words.size());
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) {
    return 2;
  }
  Status ready = MakeTree();
  if (ready) {
    auto warmed = HashTree(TreeFolder(), RunbookRecipe());  // the page cache is hot from here on
    ready = warmed ? Status(Ok()) : Status(warmed.error());
  }
  if (!ready) {
    std::cerr << ready.error().message() << '\n';
    return 1;
  }
  for (auto* entry : {benchmark::RegisterBenchmark("recipe", Recipe),
                      benchmark::RegisterBenchmark("drydock", Drydock),
                      benchmark::RegisterBenchmark("floor", Floor)}) {
    entry->Iterations(1)->Repetitions(kRepetitions)->UseRealTime()->Unit(benchmark::kMillisecond);
  }
  KeepingReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.PrintRatios();
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace drydock::publisher

int main(int argc, char** argv) { return drydock::publisher::Main(argc, argv); }
