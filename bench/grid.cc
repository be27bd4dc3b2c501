#include "bench/grid.h"

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/clock.h"
#include "core/text.h"
#include "publisher/hash/floor.h"

namespace drydock::bench {
namespace {

using publisher::TreeShape;

constexpr std::size_t kRounds = 5;
// Who takes longer than this runs once only.
constexpr double kOnceSeconds = 60;

constexpr std::uint64_t kKibi = 1024;
constexpr std::uint64_t kMega = 1'000'000;

double MedianOf(const std::vector<Trial>& trials, double (*quantity)(const Trial&)) {
  std::vector<double> values;
  values.reserve(trials.size());
  for (const Trial& trial : trials) {
    values.push_back(quantity(trial));
  }
  return publisher::Median(std::move(values));
}

Trial Median(const std::vector<Trial>& trials) {
  Trial median;
  median.seconds = MedianOf(trials, [](const Trial& trial) { return trial.seconds; });
  median.cpu_seconds = MedianOf(trials, [](const Trial& trial) { return trial.cpu_seconds; });
  median.peak_bytes = static_cast<std::uint64_t>(
      MedianOf(trials, [](const Trial& trial) { return static_cast<double>(trial.peak_bytes); }));
  return median;
}

void Say(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

// Adds one run of each; "" or what failed.
std::string Round(const std::vector<Contestant>& all,
                  std::map<std::string, std::vector<Trial>>& trials) {
  std::string line = "  ";
  for (const Contestant& contestant : all) {
    std::vector<Trial>& own = trials[contestant.name];
    if (!own.empty() && own.front().seconds > kOnceSeconds) {
      continue;
    }
    if (contestant.prepare) {
      if (Status ready = contestant.prepare(); !ready) {
        return Concat({contestant.name, ": ", ready.error().message()});
      }
    }
    const auto trial = contestant.run();
    if (!trial) {
      return Concat({contestant.name, ": ", trial.error().message()});
    }
    own.push_back(*trial);
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, " %.3f", trial->seconds);
    line += seconds;
  }
  Say(line);
  return "";
}

Case At(std::uint64_t files, std::uint64_t bytes, Entries entries,
        TreeShape shape = TreeShape::kRootfs) {
  Case made;
  made.spec.files = files;
  made.spec.bytes = bytes;
  made.spec.shape = shape;
  made.entries = entries;
  made.scaling = shape == TreeShape::kRootfs && bytes / files == 25'000;
  made.title = Concat({std::to_string(files), files == 1 ? " file, " : " files, ",
                       HumanBytes(bytes), ", ", Name(shape)});
  return made;
}

}  // namespace

std::vector<Case> Grid(bool full) {
  const Entries plain;
  const Entries peers{.peers = true};
  const Entries all{.peers = true, .dropped = true};
  const Entries git{.git = true};
  const Entries marks{.recipe = false};
  std::vector<Case> cases = {
      At(1'000, kMega, peers),
      At(1'000, 25 * kMega, peers),
      At(10'000, 250 * kMega, {.peers = true, .git = true}),
      At(60'000, 1'500 * kMega, all),
  };
  if (!full) {
    cases.push_back(At(1, std::uint64_t{1} << 30, marks, TreeShape::kBig));
    cases.push_back(At(100'000, 100'000 * kKibi, marks));
    return cases;
  }
  for (const TreeShape shape : {TreeShape::kNodeModules, TreeShape::kFlat, TreeShape::kDeep}) {
    cases.push_back(At(10'000, 100 * kMega, plain, shape));
  }
  cases.push_back(At(60'000, 1'500 * kMega, git, TreeShape::kNodeModules));
  cases.push_back(At(1, std::uint64_t{4} << 30, peers, TreeShape::kBig));
  cases.push_back(At(1'000'000, 1'000'000 * kKibi, plain));
  cases.push_back(At(400'000, 10'000 * kMega, peers));
  return cases;
}

const Trial* Measured::Find(std::string_view name) const {
  const auto found = medians.find(std::string(name));
  return found == medians.end() ? nullptr : &found->second;
}

Measured MeasureCase(const Case& made, const std::string& folder) {
  Measured measured;
  measured.made = made;
  Say(Concat({"\n", made.title, ": making the tree"}));
  const Place place{folder, made.spec};
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  const Status prepared = Prepare(place, made.entries);
  auto all = prepared ? Contestants(place, made.entries)
                      : Result<std::vector<Contestant>>(prepared.error());
  std::map<std::string, std::vector<Trial>> trials;
  if (all) {
    for (const Contestant& contestant : *all) {
      measured.order.push_back(contestant.name);
    }
    Say(Concat({"  seconds of: ", Join(measured.order, "; ")}));
    for (std::size_t round = 0; round < kRounds && measured.failure.empty(); ++round) {
      measured.failure = Round(*all, trials);
    }
  } else {
    measured.failure = all.error().message();
  }
  for (const auto& [name, own] : trials) {
    if (!own.empty()) {
      measured.medians[name] = Median(own);
      measured.rounds[name] = own.size();
    }
  }
  std::filesystem::remove_all(folder, failure);
  if (!measured.failure.empty()) {
    Say(Concat({"  failed: ", measured.failure}));
  }
  return measured;
}

}  // namespace drydock::bench
