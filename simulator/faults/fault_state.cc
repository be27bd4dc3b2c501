#include "simulator/faults/fault_state.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/rng.h"
#include "core/text.h"
#include "simulator/faults/match.h"

namespace drydock::simulator {
namespace {

// Counters and windows are kept by what peers send (digests, sessions), so their number needs a
// bound: later keys share one counter and open no window.
constexpr std::size_t kKeysMax = 100'000;
constexpr std::string_view kOtherKeys = "(other keys)";

std::optional<std::uint64_t> PositionOf(const FaultRule& rule) {
  const auto* cut = std::get_if<CutConnection>(&rule.answer);
  return cut == nullptr ? std::nullopt : cut->after_bytes;
}

}  // namespace

FaultState::FaultState(std::vector<FaultRule> rules, std::uint64_t seed) : seed_(seed) {
  for (FaultRule& rule : rules) {
    Append(live_, std::move(rule));
  }
}

void FaultState::Append(std::list<Live>& live, FaultRule rule) {
  RuleCount count;
  count.rule = rule.name;
  count.armed = rule.armed;
  live.push_back({std::move(rule), std::move(count), {}, {}});
}

std::vector<FaultRule> FaultState::rules() const {
  const std::lock_guard lock(mutex_);
  std::vector<FaultRule> rules;
  for (const Live& live : live_) {
    rules.push_back(live.rule);
  }
  return rules;
}

Status FaultState::Add(std::vector<FaultRule> rules) {
  const std::lock_guard lock(mutex_);
  if (live_.size() + removed_.size() + rules.size() > kRulesEverMax) {
    return Error(ErrorCode::kConflict, Concat({"faults: more than ", std::to_string(kRulesEverMax),
                                               " rules came and went; reset the world"}));
  }
  std::set<std::string_view> names;
  for (const Live& live : live_) {
    names.insert(live.rule.name);
  }
  for (const FaultRule& rule : rules) {
    if (!names.insert(rule.name).second) {
      return Error(ErrorCode::kConflict,
                   Concat({"faults: there is a rule of that name: \"", rule.name, "\""}));
    }
  }
  for (FaultRule& rule : rules) {
    Append(live_, std::move(rule));
  }
  return Ok{};
}

bool FaultState::Remove(std::string_view rule) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(live_.begin(), live_.end(),
                                  [&](const Live& live) { return live.rule.name == rule; });
  if (found == live_.end()) {
    return false;
  }
  removed_.splice(removed_.end(), live_, found);
  return true;
}

std::optional<Firing> FaultState::Offer(Phase phase, const Sight& sight,
                                        std::optional<std::uint64_t> at_bytes) {
  const std::lock_guard lock(mutex_);
  for (Live& live : live_) {
    const FaultRule& rule = live.rule;
    if (rule.phase != phase || !live.count.armed || PositionOf(rule) != at_bytes) {
      continue;
    }
    ++live.count.offered;
    if (!Matches(live, sight)) {
      continue;
    }
    ++live.count.matched;
    const std::string key = KeyOf(rule.times.per, sight);
    const bool countable = live.ordinals.size() < kKeysMax || live.ordinals.count(key) > 0;
    const std::uint64_t ordinal = ++live.ordinals[countable ? key : std::string(kOtherKeys)];
    if (Due(rule.times, rule, key, ordinal)) {
      ++live.count.fired;
      return Firing{&rule, key};
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> FaultState::NextPosition(Phase phase, std::uint64_t from) const {
  const std::lock_guard lock(mutex_);
  std::optional<std::uint64_t> next;
  for (const Live& live : live_) {
    const FaultRule& rule = live.rule;
    const auto position = PositionOf(rule);
    if (rule.phase == phase && position && *position >= from) {
      next = std::min(next.value_or(*position), *position);
    }
  }
  return next;
}

bool FaultState::Matches(const Live& live, const Sight& sight) const {
  const FaultRule& rule = live.rule;
  if (!FitsAlone(rule.when, sight)) {
    return false;
  }
  if (!rule.when.since) {
    return true;
  }
  const Since& since = *rule.when.since;
  const auto opening = live.openings.find(KeyOf(since.same, sight));
  if (opening == live.openings.end()) {
    return false;
  }
  const TimePoint event = since.first ? opening->second.first : opening->second.latest;
  const Duration age = sight.now - event;
  return age >= since.after && (!since.span || age - since.after < *since.span);
}

bool FaultState::Due(const Times& times, const FaultRule& rule, std::string_view key,
                     std::uint64_t ordinal) const {
  if (ordinal < times.from || ordinal > times.to || (ordinal - times.from) % times.every != 0) {
    return false;
  }
  if (times.chance >= times.chance_of) {
    return true;
  }
  // Newlines cannot occur in a key's values as they come from a request line, so that two different
  // draws never hash the same text.
  Rng draw(StableHash(seed_, Concat({rule.name, "\n", key, "\n", std::to_string(ordinal)})));
  return draw.Below(times.chance_of) < times.chance;
}

void FaultState::Observe(const Sight& sight) {
  const std::lock_guard lock(mutex_);
  for (Live& live : live_) {
    const auto& since = live.rule.when.since;
    if (!since || !Fits(since->event, sight)) {
      continue;
    }
    auto& openings = live.openings;
    const std::string key = KeyOf(since->same, sight);
    const auto found = openings.find(key);
    if (found != openings.end()) {
      found->second.latest = sight.now;
    } else if (openings.size() < kKeysMax) {
      openings[key] = {sight.now, sight.now};
    }
  }
}

void FaultState::MarkSeen(const FaultRule& rule) {
  const std::lock_guard lock(mutex_);
  for (Live& live : live_) {
    live.count.seen += &live.rule == &rule ? 1U : 0U;
  }
}

bool FaultState::Switch(std::string_view rule, bool armed) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(live_.begin(), live_.end(),
                                  [&](const Live& live) { return live.count.rule == rule; });
  if (found == live_.end()) {
    return false;
  }
  found->count.armed = armed;
  return true;
}

void FaultState::SwitchAll(bool armed) {
  const std::lock_guard lock(mutex_);
  for (Live& live : live_) {
    live.count.armed = armed;
  }
}

std::vector<RuleCount> FaultState::Counts() const {
  const std::lock_guard lock(mutex_);
  std::vector<RuleCount> counts;
  for (const Live& live : live_) {
    counts.push_back(live.count);
  }
  return counts;
}

}  // namespace drydock::simulator
