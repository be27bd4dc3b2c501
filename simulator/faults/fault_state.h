// Fault rules at work: is asked about every exchange at every phase, counts, and says which rule
// fires. Decisions depend on the rules, the seed and the exchanges alone: each draw is a hash of
// seed, rule name, key and ordinal, so that no rule can disturb another one's dice. Rules that are
// about something else cost an exchange next to nothing, however many there are.
// Threads: every method may be called from any thread.
// Source: incidents.md 9.1, 9.4; docs/fault-format.md.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
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
#include "simulator/faults/rule_index.h"

namespace drydock::simulator {

class Shortlist;

// What a rule gets to see of an exchange.
struct Sight {
  const RequestHead& head;
  const Route& route;
  TimePoint now{};
  int status = 0;                         // of the answer; 0 before there is one
  const std::string* manifest = nullptr;  // body of a manifest.put; nullptr before it is complete
  // Where the rules that may be about this exchange are kept from one question to the next.
  Shortlist* shortlist = nullptr;
  const Site* site = nullptr;  // that was asked; nullptr: nobody knows what it has
  // Exchanges under way with any site, by operation, this one among them.
  const std::map<std::string, std::uint64_t, std::less<>>* in_flight = nullptr;
  const Measured* measured = nullptr;  // nullptr: nobody measured, since no rule asks
};

// A rule that acts on an exchange.
struct Firing {
  const FaultRule* rule = nullptr;  // lives as long as the FaultState
  std::string key;                  // "repository=a/b digest=sha256:…"; "" when counted by rule
  std::uint64_t position = 0;       // of its byte, for a rule that has one
  BucketLevel level = {};           // for a Limiter: it fires only when it refuses
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

  // Asks the armed rules of this phase, those without a byte position, in file order; the first
  // whose `when` and `times` both hold fires, later ones are not asked. A rule whose `times` does
  // not hold counts the match and gives way.
  std::optional<Firing> Offer(Phase phase, const Sight& sight);
  // Asks the rules of this phase that answer nothing (FaultRule::beside): all that hold fire.
  std::vector<Firing> OfferBeside(Phase phase, const Sight& sight);
  // How far back some rule wants to look; zero: none does. Costs next to nothing.
  Duration remember() const { return Duration(remember_.load(std::memory_order_relaxed)); }
  // The same for the rules of each byte position from `from` to `to`, one position after the other.
  std::optional<Firing> OfferBytes(Phase phase, const Sight& sight, std::uint64_t from,
                                   std::uint64_t to);
  // The least byte position >= `from` at which some rule binds that may be about the exchange;
  // nullopt when there is none.
  std::optional<std::uint64_t> NextPosition(Phase phase, const Sight& sight,
                                            std::uint64_t from) const;
  // An exchange was answered with sight.status: opens the windows that waited for it.
  void Observe(const Sight& sight);
  // Whether some rule asks for sizes or ages.
  bool AsksForMeasures() const { return measures_; }
  // Whether some rule acts before a request is sent.
  bool ActsOnConnections() const { return connections_; }
  // How many exchanges were answered that end the holds of this rule.
  std::uint64_t Releases(const FaultRule& rule) const;
  // A firing of this rule reached a client.
  void MarkSeen(const FaultRule& rule);

  // Arms or disarms a rule at run time. False when no rule has that name. Counts go on where they
  // stood.
  bool Switch(std::string_view rule, bool armed);
  void SwitchAll(bool armed);
  // In file order.
  std::vector<RuleCount> Counts() const;

 private:
  friend class Shortlist;

  // When the event of a `since` happened, for one value of its `same`.
  struct Opening {
    TimePoint first{};
    TimePoint latest{};
  };
  struct Live {
    FaultRule rule;
    std::optional<std::uint64_t> position;
    RuleCount count;                  // `offered` as of the time it was armed
    std::uint64_t asked_already = 0;  // what Asked gave then, and each time it was not its turn
    std::map<std::string, std::uint64_t, std::less<>> ordinals;  // by key
    std::map<std::string, Opening, std::less<>> openings;        // by `same`
    std::uint64_t releases = 0;
    BucketLevels levels = {};  // of a Limiter
  };
  // How often the rules of a phase were asked: all of them at once, since most exchanges pass most
  // rules by.
  struct Asked {
    std::uint64_t whole = 0;  // those without a position
    // By position, for all positions that rules have: how many more of the stretches that were
    // asked begin here than ended before.
    std::map<std::uint64_t, std::int64_t> stretches;
  };
  static constexpr std::size_t kPhases = 10;

  void Append(FaultRule rule);
  void Reindex();
  Asked& Of(Phase phase) { return asked_[static_cast<std::size_t>(phase)]; }
  std::uint64_t TimesAsked(const Live& live) const;
  std::uint64_t Offered(const Live& live) const;
  void Arm(Live& live, bool armed);
  const Shortlist& Listed(const Sight& sight, Shortlist& own) const;
  // The first of the listed rules at this position that fires; those behind it were not asked.
  std::optional<Firing> Ask(const Shortlist& list, Phase phase, const Sight& sight,
                            std::optional<std::uint64_t> position);
  // Counts a match; the firing when it is one.
  std::optional<Firing> Match(Live& live, const Sight& sight);
  void NotAskedBehind(const Live& fired);
  bool Matches(const Live& live, const Sight& sight) const;
  bool Due(const Times& times, const FaultRule& rule, std::string_view key,
           std::uint64_t ordinal) const;

  std::uint64_t seed_ = 0;
  mutable std::mutex mutex_;
  std::list<Live> live_;          // a list, since exchanges hold on to rules
  std::list<Live> removed_;       // never asked again
  std::uint64_t generation_ = 0;  // of live_
  std::atomic<bool> measures_ = false;
  std::atomic<bool> connections_ = false;
  std::vector<Live*> in_order_;  // live_, by the numbers of the indexes
  RuleIndex rules_;
  RuleIndex events_;    // of those with a `since`
  RuleIndex releases_;  // of those whose `hold` an exchange ends
  std::array<Asked, kPhases> asked_;
  std::array<std::uint64_t, kPhases> asked_beside_{};  // likewise, of the rules that answer nothing
  std::atomic<std::uint64_t> beside_phases_ = 0;       // a bit for each phase that has such rules
  std::atomic<Duration::rep> remember_ = 0;
};

// The rules that may be about one exchange. Found when a FaultState is first asked with it, and
// anew when rules came or went. Threads: those of the exchange.
class Shortlist {
 private:
  friend class FaultState;

  std::optional<std::uint64_t> generation_;
  std::vector<FaultState::Live*> rules_;
  std::vector<FaultState::Live*> awaiting_;  // whose `since` this exchange may open
  std::vector<FaultState::Live*> held_;      // whose `hold` it may end
};

}  // namespace drydock::simulator
