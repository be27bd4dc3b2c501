// Fault rules at work: is asked about every exchange at every phase, counts, and says which rule
// fires. Decisions depend on the rules, the seed and the exchanges alone: each draw is a hash of
// seed, rule name, key and ordinal, so that no rule can disturb another one's dice.
// Threads: every method may be called from any thread.
// Source: incidents.md 9.1, 9.4; docs/fault-format.md.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "simulator/exchange.h"
#include "simulator/faults/rule.h"

namespace drydock::simulator {

// What a rule gets to see of an exchange.
struct Sight {
  const RequestHead& head;
  const Route& route;
  TimePoint now{};
  int status = 0;                         // of the answer; 0 before there is one
  const std::string* manifest = nullptr;  // body of a manifest.put; nullptr before it is complete
};

// A rule that acts on an exchange.
struct Firing {
  const FaultRule* rule = nullptr;  // lives as long as the FaultState
  std::string key;                  // "repository=a/b digest=sha256:…"; "" when counted by rule
};

struct RuleCount {
  std::string rule;
  bool armed = true;
  std::uint64_t offered = 0;  // phase points it was asked about
  std::uint64_t matched = 0;  // of these: its `when` held
  std::uint64_t fired = 0;    // of these: its `times` held, so it acted
  std::uint64_t seen = 0;     // of these: a client noticed
};

class FaultState {
 public:
  // How many rules one state can see come and go: exchanges may hold on to one that was removed.
  static constexpr std::size_t kRulesEverMax = 20'000;

  FaultState() = default;  // no rules
  FaultState(std::vector<FaultRule> rules, std::uint64_t seed);

  // Copies, in the order in which they are asked.
  std::vector<FaultRule> rules() const;
  // Adds rules behind those that are there: all of them or, with an error, none. kConflict when a
  // name is taken, or when there were too many rules already.
  Status Add(std::vector<FaultRule> rules);
  // False when no rule has that name. An exchange it acts on goes on with it.
  bool Remove(std::string_view rule);

  // Asks the armed rules of this phase in file order; the first whose `when` and `times` both hold
  // fires, later ones are not asked. A rule whose `times` does not hold counts the match and gives
  // way. `at_bytes` picks the rules of one byte position: nullopt those without any.
  std::optional<Firing> Offer(Phase phase, const Sight& sight,
                              std::optional<std::uint64_t> at_bytes = std::nullopt);
  // The least byte position >= `from` at which some rule binds; nullopt when there is none.
  std::optional<std::uint64_t> NextPosition(Phase phase, std::uint64_t from) const;
  // An exchange was answered with sight.status: opens the windows that waited for it.
  void Observe(const Sight& sight);
  // A firing of this rule reached a client.
  void MarkSeen(const FaultRule& rule);

  // Arms or disarms a rule at run time. False when no rule has that name. Counts go on where they
  // stood.
  bool Switch(std::string_view rule, bool armed);
  void SwitchAll(bool armed);
  // In file order.
  std::vector<RuleCount> Counts() const;

 private:
  // When the event of a `since` happened, for one value of its `same`.
  struct Opening {
    TimePoint first{};
    TimePoint latest{};
  };
  struct Live {
    FaultRule rule;
    RuleCount count;
    std::map<std::string, std::uint64_t, std::less<>> ordinals;  // by key
    std::map<std::string, Opening, std::less<>> openings;        // by `same`
  };

  static void Append(std::list<Live>& live, FaultRule rule);
  bool Matches(const Live& live, const Sight& sight) const;
  bool Due(const Times& times, const FaultRule& rule, std::string_view key,
           std::uint64_t ordinal) const;

  std::uint64_t seed_ = 0;
  mutable std::mutex mutex_;
  std::list<Live> live_;     // a list, since exchanges hold on to rules
  std::list<Live> removed_;  // never asked again
};

}  // namespace drydock::simulator
