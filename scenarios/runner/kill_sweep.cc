#include "scenarios/runner/kill_sweep.h"

#include <map>
#include <set>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/check.h"
#include "scenarios/runner/player.h"
#include "scenarios/runner/premises.h"
#include "scenarios/runner/runner.h"
#include "scenarios/runner/shelf.h"

namespace drydock::scenarios {
namespace {

constexpr std::string_view kKilled = "host-publish killed";
constexpr std::string_view kResumed = "host-publish resumed";

Scenario Steps(Scenario scenario, int point) {
  const std::size_t line = scenario.steps.front().line;
  scenario.steps.clear();
  scenario.expect.clear();
  PublishStep killed;
  killed.kill = KillSpec{{}, 1, point};
  PublishStep resumed;
  resumed.resume = true;
  scenario.steps.push_back({std::string(kKilled), line, std::move(killed), {}});
  scenario.steps.push_back({std::string(kResumed),
                            line,
                            std::move(resumed),
                            {{line, VerdictIs{"published-and-verified"}}}});
  return scenario;
}

// The blobs that the repository held when `end` began, as the journal shows them.
std::set<Digest> HeldBefore(const Play& play, std::uint64_t end, std::string_view repository,
                            std::set<Digest> held) {
  for (const Event& event : play.events) {
    const auto* exchange = std::get_if<ExchangeEvent>(&event.payload);
    if (event.sequence < end && exchange != nullptr && exchange->repository == repository &&
        exchange->operation == "upload.commit" && exchange->status == 201) {
      if (const auto digest = Digest::Parse(exchange->reference)) {
        held.insert(*digest);
      }
    }
  }
  return held;
}

void CheckMoves(const Play& play, std::vector<std::string>& failures) {
  std::map<std::string, int> moves;
  for (const Event& event : play.events) {
    const auto* moved = std::get_if<TagEvent>(&event.payload);
    if (moved != nullptr && moved->from != moved->to && ++moves[moved->tag] == 2) {
      failures.push_back(Concat({moved->tag, " moved twice"}));
    }
  }
}

}  // namespace

Result<KillSweep> SweepKills(const Scenario& scenario, int first, int stride) {
  Shelf shelf;
  const auto premises = MakePremises(scenario, shelf);
  if (!premises) {
    return premises.error();
  }
  const std::string& repository = premises->release.image.repository;
  KillSweep sweep;
  for (int point = first;; point += stride) {
    const Scenario steps = Steps(scenario, point);
    Stage stage(StageOf(steps, &*premises, scenario.seed, true));
    if (const Status furnished = stage.Furnish(); !furnished) {
      return furnished.error();
    }
    Player player(steps, &*premises, stage, true);
    auto play = player.PlaySteps();
    if (!play) {
      return play.error();
    }
    if (play->steps.front().verdict == "published-and-verified") {
      return sweep;  // there is no such point: it ran to its end
    }
    ++sweep.plays;
    std::vector<std::string> failures;
    for (const ExpectationFailure& failure : play->failures) {
      failures.push_back(
          Concat({failure.step, ": expected ", failure.expected, ", found ", failure.found}));
    }
    CheckMoves(*play, failures);
    const StepResult& resumed = play->steps.back();
    const auto held =
        HeldBefore(*play, resumed.first_sequence, repository, premises->content.Blobs(repository));
    if (!SentTwice(EventsOf(*play, resumed), repository, held).empty()) {
      failures.emplace_back("a blob was sent again that the registry held");
    }
    for (const std::string& failure : failures) {
      sweep.failures.push_back(Concat({"killed at point ", std::to_string(point), ": ", failure}));
    }
  }
}

}  // namespace drydock::scenarios
