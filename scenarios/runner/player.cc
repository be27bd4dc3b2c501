#include "scenarios/runner/player.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "scenarios/runner/conduct.h"
#include "scenarios/runner/diagnose_step.h"
#include "scenarios/runner/hash_step.h"

namespace drydock::scenarios {
namespace {

std::string KindOf(const Step& step) { return step.name.substr(0, step.name.find(' ')); }

// What was counted between two looks.
std::vector<FaultReport> Difference(std::vector<FaultReport> after,
                                    const std::vector<FaultReport>& before) {
  for (std::size_t index = 0; index < after.size(); ++index) {
    after[index].offered -= before[index].offered;
    after[index].matched -= before[index].matched;
    after[index].fired -= before[index].fired;
    after[index].seen -= before[index].seen;
  }
  return after;
}

}  // namespace

Player::Player(const Scenario& scenario, const Premises* premises, Stage& stage, bool faults)
    : scenario_(scenario),
      premises_(premises),
      clone_(premises),
      stage_(stage),
      faults_(faults),
      kill_(stage),
      run_(stage.clock()) {
  if (premises_ != nullptr) {
    host_ = std::make_unique<Workbench>(stage_, kill_, clone_->release, scenario_.world.builder,
                                        "host", std::string(kHostAddress), "host");
  }
}

std::string Player::Repository() const {
  return clone_ == nullptr ? "" : clone_->release.image.repository;
}

Player::Before Player::Look() {
  return {stage_.Tags(Repository()), stage_.FaultReports(), stage_.journal().size()};
}

Stretch Player::Since(const Before& before, const StepResult* step) {
  Stretch stretch;
  stretch.file = scenario_.file;
  stretch.step = step;
  stretch.events = stage_.journal().Snapshot(before.sequence);
  stretch.before = before.tags;
  stretch.after = stage_.Tags(Repository());
  stretch.faults = Difference(stage_.FaultReports(), before.faults);
  return stretch;
}

void Player::Finish(const Before& before, Play& play) {
  Stretch whole = Since(before, nullptr);
  if (faults_) {
    CheckInto(scenario_.expect, whole, play);
  }
  play.events = std::move(whole.events);
  play.faults = std::move(whole.faults);
  play.tags = stage_.AllTags();
}

Result<Play> Player::PlaySteps() {
  Play play;
  const Before before = Look();
  for (const Step& step : scenario_.steps) {
    const Status played = PlayStep(step, play);
    if (!played) {
      return played.error();
    }
    if (play.stopped) {
      break;
    }
  }
  Finish(before, play);
  return play;
}

Result<Play> Player::PlaySecond() {
  stage_.faults().SwitchAll(false);
  stage_.npm().ReleaseTarballs();
  faults_ = false;
  Step step;
  step.name = "host-publish (second run)";
  step.line = scenario_.steps.back().line;
  step.action = PublishStep{};
  Play play;
  const Before before = Look();
  const Status played = PlayStep(step, play);
  if (!played) {
    return played.error();
  }
  Finish(before, play);
  return play;
}

Status Player::PlayStep(const Step& step, Play& play) {
  const Before before = Look();
  StepResult result;
  result.name = step.name;
  result.kind = KindOf(step);
  result.line = step.line;
  result.began = stage_.clock().Now();
  result.first_sequence = before.sequence;
  stage_.journal().Append(kScenarioActor, StepEvent{step.name, StepEvent::Edge::kBegin, "", ""});
  const Status acted = Act(step, result, play);
  if (!acted && acted.error().code() == ErrorCode::kTimeout) {
    Stop(step, acted.error(), play);
  } else if (!acted) {
    return acted.error().At(Concat({scenario_.file, ":", std::to_string(step.line)}));
  }
  result.ended = stage_.clock().Now();
  stage_.journal().Append(
      kScenarioActor, StepEvent{step.name, StepEvent::Edge::kEnd, result.verdict, result.reason});
  result.end_sequence = stage_.journal().size();
  const Stretch stretch = Since(before, &result);
  result.blob_bytes = BlobBytes(stretch.events);
  if (faults_) {
    CheckInto(step.expect, stretch, play);
  }
  CheckHost(step, stretch, play);
  played_.push_back(result);
  play.steps.push_back(std::move(result));
  return Ok{};
}

// What is not over is a failure, with where everyone was and what was asked and waited for last.
void Player::Stop(const Step& step, const Error& why, Play& play) {
  std::string request = "nothing";
  std::string pause = "none";
  std::optional<std::uint64_t> sequence;
  for (const Event& event : stage_.journal().Snapshot()) {
    if (const auto* exchange = std::get_if<ExchangeEvent>(&event.payload)) {
      request = Concat({event.actor, " ", exchange->method, " ", exchange->url, " (",
                        std::to_string(exchange->status), ") at ", FormatRfc3339(event.time)});
      sequence = event.sequence;
    }
    if (const auto* wait = std::get_if<WaitEvent>(&event.payload)) {
      pause = Concat({event.actor, " for ", FormatDuration(wait->span), ", ", wait->reason});
    }
  }
  play.stopped = true;
  play.failures.push_back(
      {scenario_.file, step.line, step.name,
       Concat(
           {"over within ", FormatDuration(scenario_.deadline), " of virtual time (\"deadline\")"}),
       Concat({why.message(), "; last request: ", request, "; last pause: ", pause}), sequence});
}

// What every publish of drydock's own must keep, whatever the file expects.
void Player::CheckHost(const Step& step, const Stretch& stretch, Play& play) {
  const auto* publish = std::get_if<PublishStep>(&step.action);
  if (publish == nullptr || publish->publisher != Publisher::kHost) {
    return;
  }
  const bool was_in_place = !played_.empty() && played_.back().kind == "host-publish" &&
                            played_.back().verdict == "published-and-verified";
  for (auto& failures :
       {CheckConduct(stretch, Stage::registry_host(), stage_.other_hosts()),
        CheckAliases(stretch, stage_.store(), Repository()),
        was_in_place ? CheckNothingSent(stretch) : std::vector<ExpectationFailure>()}) {
    play.failures.insert(play.failures.end(), failures.begin(), failures.end());
  }
}

Status Player::Act(const Step& step, StepResult& result, Play& play) {
  if (const auto* publish = std::get_if<PublishStep>(&step.action)) {
    return Publish(step, *publish, result);
  }
  if (const auto* hash = std::get_if<HashStep>(&step.action)) {
    return Hash(step, *hash, result, play);
  }
  if (const auto* wait = std::get_if<WaitStep>(&step.action)) {
    const Duration span = wait->until ? *wait->until - stage_.clock().Now() : wait->span;
    if (span < Duration::zero()) {
      return Error(ErrorCode::kInvalid, "wait: that moment has passed already");
    }
    result.reason = Concat({FormatDuration(span), " later"});
    return stage_.clock().SleepFor(span);
  }
  if (const auto* change = std::get_if<FaultSwitchStep>(&step.action)) {
    result.reason = Concat({Join(change->rules, ", "), change->on ? " on" : " off"});
    for (const std::string& rule : change->rules) {
      stage_.faults().Switch(rule, change->on);  // the twin has no rules to switch
    }
    return Ok{};
  }
  if (std::holds_alternative<ProjectStep>(step.action)) {
    return ChangeProject(result);
  }
  if (const auto* npm = std::get_if<NpmStep>(&step.action)) {
    return simulator::Furnish(npm->packages, stage_.npm());
  }
  if (const auto* page = std::get_if<HubPageStep>(&step.action)) {
    return SetHubPage(*page, result);
  }
  if (const auto* ask = std::get_if<AskStep>(&step.action)) {
    return Ask(*ask, result);
  }
  Diagnose({played_, notes_, cached_, stage_.journal().Snapshot()}, result);
  return Ok{};
}

Status Player::Hash(const Step& step, const HashStep& hash, StepResult& result, Play& play) {
  const auto measured = MeasureHash(hash, scenario_.seed);
  if (!measured) {
    return measured.error();
  }
  result.reason = measured->summary;
  if (hash.ratio_least > 0) {
    rates_.push_back(measured->rate);
  }
  for (const auto& [expected, found] : measured->complaints) {
    play.failures.push_back({scenario_.file, step.line, step.name, expected, found, std::nullopt});
  }
  return Ok{};
}

}  // namespace drydock::scenarios
