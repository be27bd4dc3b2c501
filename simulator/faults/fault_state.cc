#include "simulator/faults/fault_state.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "core/text.h"
#include "simulator/faults/dice.h"
#include "simulator/faults/match.h"

namespace drydock::simulator {
namespace {

// Counters and windows are kept by what peers send (digests, sessions), so their number needs a
// bound: later keys share one counter and open no window.
constexpr std::size_t kKeysMax = 100'000;
constexpr std::string_view kOtherKeys = "(other keys)";

// How far back a view looks: what a reference named before may be as old as can be.
Duration Remembered(const ReadView& view) {
  constexpr Duration kLongest = std::chrono::hours(24 * 366);
  return view.previous
             ? kLongest
             : std::max(view.lag.value_or(Duration()), view.replication.value_or(Duration()));
}

}  // namespace

FaultState::FaultState(std::vector<FaultRule> rules, std::uint64_t seed) : seed_(seed) {
  for (FaultRule& rule : rules) {
    Append(std::move(rule));
  }
  Reindex();
}

void FaultState::Append(FaultRule rule) {
  RuleCount count;
  count.rule = rule.name;
  const bool armed = rule.armed;
  const auto position = rule.after_bytes;
  if (position) {
    Of(rule.phase).stretches.try_emplace(*position, 0);
  }
  live_.push_back({std::move(rule), position, std::move(count), 0, {}, {}, {}});
  live_.back().count.armed = false;
  Arm(live_.back(), armed);
}

void FaultState::Reindex() {
  ++generation_;
  in_order_.clear();
  std::uint64_t beside = 0;
  Duration remember{};
  rules_ = RuleIndex();
  events_ = RuleIndex();
  releases_ = RuleIndex();
  for (Live& live : live_) {
    const When& when = live.rule.when;
    rules_.Add(when.exchange, in_order_.size());
    connections_ = connections_ || live.rule.phase < Phase::kRequestHead;
    measures_ = measures_ || !when.bounds.empty() || live.rule.phase == Phase::kSessionBody;
    if (when.since) {
      events_.Add(when.since->event, in_order_.size());
    }
    if (live.rule.hold && live.rule.hold->until) {
      releases_.Add(*live.rule.hold->until, in_order_.size());
    }
    in_order_.push_back(&live);
    beside |= live.rule.beside ? std::uint64_t{1} << static_cast<unsigned>(live.rule.phase) : 0U;
    if (const auto* view = std::get_if<ReadView>(&live.rule.answer)) {
      remember = std::max(remember, Remembered(*view));
    }
  }
  beside_phases_ = beside;
  remember_ = remember.count();
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
    Append(std::move(rule));
  }
  Reindex();
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
  Reindex();
  return true;
}

std::uint64_t FaultState::TimesAsked(const Live& live) const {
  const Asked& asked = asked_[static_cast<std::size_t>(live.rule.phase)];
  if (live.rule.beside) {
    return asked_beside_[static_cast<std::size_t>(live.rule.phase)];
  }
  if (!live.position) {
    return asked.whole;
  }
  std::int64_t times = 0;
  for (const auto& [position, begun] : asked.stretches) {
    times += position <= *live.position ? begun : 0;
  }
  return static_cast<std::uint64_t>(times);
}

std::uint64_t FaultState::Offered(const Live& live) const {
  return live.count.offered + (live.count.armed ? TimesAsked(live) - live.asked_already : 0);
}

void FaultState::Arm(Live& live, bool armed) {
  live.count.offered = Offered(live);
  live.count.armed = armed;
  live.asked_already = TimesAsked(live);
}

const Shortlist& FaultState::Listed(const Sight& sight, Shortlist& own) const {
  Shortlist& list = sight.shortlist == nullptr ? own : *sight.shortlist;
  if (list.generation_ == generation_) {
    return list;
  }
  list.generation_ = generation_;
  list.rules_.clear();
  list.awaiting_.clear();
  list.held_.clear();
  for (const std::size_t number : rules_.Find(sight.route)) {
    list.rules_.push_back(in_order_[number]);
  }
  for (const std::size_t number : events_.Find(sight.route)) {
    list.awaiting_.push_back(in_order_[number]);
  }
  for (const std::size_t number : releases_.Find(sight.route)) {
    list.held_.push_back(in_order_[number]);
  }
  return list;
}

std::optional<Firing> FaultState::Offer(Phase phase, const Sight& sight) {
  const std::lock_guard lock(mutex_);
  Shortlist own;
  ++Of(phase).whole;
  return Ask(Listed(sight, own), phase, sight, std::nullopt);
}

std::optional<Firing> FaultState::OfferBytes(Phase phase, const Sight& sight, std::uint64_t from,
                                             std::uint64_t to) {
  const std::lock_guard lock(mutex_);
  auto& stretches = Of(phase).stretches;
  const auto begin = stretches.lower_bound(from);
  if (begin == stretches.end() || begin->first > to) {
    return std::nullopt;
  }
  Shortlist own;
  const Shortlist& list = Listed(sight, own);
  std::set<std::uint64_t> positions;
  for (const Live* live : list.rules_) {
    if (live->rule.phase == phase && live->position && *live->position >= from &&
        *live->position <= to) {
      positions.insert(*live->position);
    }
  }
  std::optional<Firing> firing;
  for (auto at = positions.begin(); at != positions.end() && !firing; ++at) {
    firing = Ask(list, phase, sight, *at);
  }
  ++begin->second;
  if (const auto end = stretches.upper_bound(firing ? firing->position : to);
      end != stretches.end()) {
    --end->second;
  }
  return firing;
}

std::optional<Firing> FaultState::Ask(const Shortlist& list, Phase phase, const Sight& sight,
                                      std::optional<std::uint64_t> position) {
  for (Live* live : list.rules_) {
    const FaultRule& rule = live->rule;
    if (rule.phase != phase || rule.beside || !live->count.armed || live->position != position ||
        !Matches(*live, sight)) {
      continue;
    }
    if (auto firing = Match(*live, sight)) {
      NotAskedBehind(*live);
      return firing;
    }
  }
  return std::nullopt;
}

std::optional<Firing> FaultState::Match(Live& live, const Sight& sight) {
  const FaultRule& rule = live.rule;
  ++live.count.matched;
  const std::string key = KeyOf(rule.times.per, sight);
  const bool countable = live.ordinals.size() < kKeysMax || live.ordinals.count(key) > 0;
  const std::uint64_t ordinal = ++live.ordinals[countable ? key : std::string(kOtherKeys)];
  if (!Due(rule.times, rule, key, ordinal)) {
    return std::nullopt;
  }
  Firing firing{&rule, key, live.position.value_or(0), {}};
  if (const auto* limiter = std::get_if<Limiter>(&rule.answer)) {
    const Bucket& bucket = limiter->bucket;
    firing.level = live.levels.Take(bucket, SourceOf(bucket.by, sight.head),
                                    bucket.CostOf(sight.route.operation), sight.now);
    if (!firing.level.refused) {
      return firing;
    }
  }
  ++live.count.fired;
  return firing;
}

std::vector<Firing> FaultState::OfferBeside(Phase phase, const Sight& sight) {
  std::vector<Firing> firings;
  const auto bit = std::uint64_t{1} << static_cast<unsigned>(phase);
  if ((beside_phases_.load(std::memory_order_relaxed) & bit) == 0) {
    return firings;
  }
  const std::lock_guard lock(mutex_);
  Shortlist own;
  ++asked_beside_[static_cast<std::size_t>(phase)];
  for (Live* live : Listed(sight, own).rules_) {
    const FaultRule& rule = live->rule;
    if (rule.phase == phase && rule.beside && live->count.armed && Matches(*live, sight)) {
      if (auto firing = Match(*live, sight)) {
        firings.push_back(std::move(*firing));
      }
    }
  }
  return firings;
}

void FaultState::NotAskedBehind(const Live& fired) {
  for (auto behind = in_order_.rbegin(); *behind != &fired; ++behind) {
    Live& live = **behind;
    if (live.rule.phase == fired.rule.phase && live.position == fired.position &&
        !live.rule.beside) {
      ++live.asked_already;
    }
  }
}

std::optional<std::uint64_t> FaultState::NextPosition(Phase phase, const Sight& sight,
                                                      std::uint64_t from) const {
  const std::lock_guard lock(mutex_);
  if (asked_[static_cast<std::size_t>(phase)].stretches.empty()) {
    return std::nullopt;
  }
  Shortlist own;
  std::optional<std::uint64_t> next;
  for (const Live* live : Listed(sight, own).rules_) {
    if (live->rule.phase == phase && live->position && *live->position >= from) {
      next = std::min(next.value_or(*live->position), *live->position);
    }
  }
  return next;
}

bool FaultState::Matches(const Live& live, const Sight& sight) const {
  const FaultRule& rule = live.rule;
  if (!FitsAlone(rule.when, sight)) {
    return false;
  }
  const auto* redirect = std::get_if<Redirect>(&rule.answer);
  if (redirect != nullptr && HasArrived(*redirect, sight.head.url)) {
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
  return Falls(seed_, rule.name, key, ordinal, times.chance, times.chance_of);
}

void FaultState::Observe(const Sight& sight) {
  const std::lock_guard lock(mutex_);
  Shortlist own;
  const Shortlist& list = Listed(sight, own);
  for (Live* live : list.held_) {
    live->releases += Fits(*live->rule.hold->until, sight) ? 1U : 0U;
  }
  for (Live* live : list.awaiting_) {
    const Since& since = *live->rule.when.since;
    if (!Fits(since.event, sight)) {
      continue;
    }
    auto& openings = live->openings;
    const std::string key = KeyOf(since.same, sight);
    const auto found = openings.find(key);
    if (found != openings.end()) {
      found->second.latest = sight.now;
    } else if (openings.size() < kKeysMax) {
      openings[key] = {sight.now, sight.now};
    }
  }
}

std::uint64_t FaultState::Releases(const FaultRule& rule) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(live_.begin(), live_.end(),
                                  [&](const Live& live) { return &live.rule == &rule; });
  // A rule that was taken away holds nobody.
  return found == live_.end() ? std::numeric_limits<std::uint64_t>::max() : found->releases;
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
  Arm(*found, armed);
  return true;
}

void FaultState::SwitchAll(bool armed) {
  const std::lock_guard lock(mutex_);
  for (Live& live : live_) {
    Arm(live, armed);
  }
}

std::vector<RuleCount> FaultState::Counts() const {
  const std::lock_guard lock(mutex_);
  std::vector<RuleCount> counts;
  for (const Live& live : live_) {
    counts.push_back(live.count);
    counts.back().offered = Offered(live);
  }
  return counts;
}

}  // namespace drydock::simulator
