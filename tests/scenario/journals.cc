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

// Every scenario, once for each seed.
std::vector<scenarios::Scenario> PlaysOf(const std::vector<scenarios::Scenario>& scenarios,
                                         std::uint64_t first, std::uint64_t last) {
  std::vector<scenarios::Scenario> plays;
  for (const scenarios::Scenario& scenario : scenarios) {
    for (std::uint64_t seed = first; seed <= last; ++seed) {
      plays.push_back(scenario);
      plays.back().seed = seed;
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
  const auto scenarios =
      scenarios::LoadScenarios({arguments.begin() + kFirstPath, arguments.end()});
  return scenarios ? PrintDigests(PlaysOf(*scenarios, *first, *last), static_cast<unsigned>(*jobs))
                   : Complain(scenarios.error().message());
}

}  // namespace
}  // namespace drydock::testing

int main(int argc, char** argv) { return drydock::testing::Main({argv, argv + argc}); }
