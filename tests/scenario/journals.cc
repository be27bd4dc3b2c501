// Prints the digest of every journal: a line for each file and seed. What `./dev determinism` holds
// against the same lines of another build, of another run, of another number of jobs.
//
//   scenario_journals FIRST-SEED LAST-SEED JOBS PATH…
//
// Exit codes: 0; 1 something expected did not hold; 2 bad input.
#include <iostream>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/text.h"
#include "scenarios/runner/batch.h"
#include "scenarios/runner/loader.h"

namespace drydock::testing {
namespace {

constexpr int kFirstPath = 4;

int Complain(std::string_view what) {
  std::cerr << "scenario_journals: " << what << '\n';
  return 2;
}

// Every file below the paths, once for each seed.
Result<std::vector<scenarios::Scenario>> PlaysOf(const std::vector<std::string>& paths,
                                                 std::uint64_t first, std::uint64_t last) {
  std::vector<scenarios::Scenario> plays;
  for (const std::string& path : paths) {
    const auto files = scenarios::FindScenarios(path);
    if (!files) {
      return files.error();
    }
    for (const std::string& file : *files) {
      auto scenario = scenarios::LoadScenario(file);
      if (!scenario) {
        return scenario.error();
      }
      for (std::uint64_t seed = first; seed <= last; ++seed) {
        plays.push_back(*scenario);
        plays.back().seed = seed;
      }
    }
  }
  return plays;
}

int PrintDigests(const std::vector<scenarios::Scenario>& plays, unsigned jobs) {
  scenarios::RunOptions options;
  options.twin = false;  // they have no journal of their own
  options.script = false;
  int status = 0;
  scenarios::RunAll(plays, options, jobs, [&](std::size_t index, auto outcome) {
    const scenarios::Scenario& play = plays[index];
    const std::string name = Concat({play.file, " seed ", std::to_string(play.seed)});
    if (!outcome || !outcome->passed()) {
      std::cerr << name << ": "
                << (outcome ? "something expected did not hold" : outcome.error().message())
                << '\n';
      status = 1;
    } else {
      std::cout << Digest::Of(outcome->journal).hex() << "  " << name << '\n';
    }
  });
  return status;
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.size() <= kFirstPath) {
    return Complain("expected FIRST-SEED LAST-SEED JOBS PATH…");
  }
  const auto first = ParseUnsigned(arguments[1]);
  const auto last = ParseUnsigned(arguments[2]);
  const auto jobs = ParseUnsigned(arguments[3]);
  if (!first || !last || !jobs) {
    return Complain("FIRST-SEED, LAST-SEED and JOBS are numbers");
  }
  const auto plays = PlaysOf({arguments.begin() + kFirstPath, arguments.end()}, *first, *last);
  return plays ? PrintDigests(*plays, static_cast<unsigned>(*jobs))
               : Complain(plays.error().message());
}

}  // namespace
}  // namespace drydock::testing

int main(int argc, char** argv) { return drydock::testing::Main({argv, argv + argc}); }
