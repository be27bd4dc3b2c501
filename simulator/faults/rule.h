// Fault rules as data: which exchanges a rule is about, at which phase it acts, what it does and
// how often. Plain values; faults/read_rules.h makes them from JSON, faults/fault_state.h counts
// and decides, world/internet.h carries the effects out.
// Threads: plain values. Source: incidents.md section 9 (matchers M1 to M14;
// effects P1 to P17); docs/fault-format.md.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "simulator/faults/beside.h"
#include "simulator/faults/bound.h"
#include "simulator/faults/bytes.h"
#include "simulator/faults/connect_fault.h"
#include "simulator/faults/early_reply.h"
#include "simulator/faults/exchange_pattern.h"
#include "simulator/faults/hold.h"
#include "simulator/faults/raw_reply.h"
#include "simulator/faults/redirect.h"
#include "simulator/faults/reply.h"
#include "simulator/faults/state_test.h"
#include "simulator/faults/throttle.h"

namespace drydock::simulator {

// Where an effect can bind, in the order an exchange comes through.
enum class Phase {
  kLookup,        // of the host's name; in process only
  kTcp,           // the connection is being opened
  kTls,           // its handshake
  kRequestHead,   // before the server read anything but the head
  kAdmit,         // the server is about to decide about the head: how it treats this exchange
  kRequestBody,   // let in by the server; the body is arriving
  kSessionBody,   // the same, at bytes of the upload session that the request goes on with
  kDecide,        // the body is complete, nothing is done yet
  kResponseHead,  // the work is done (or refused); no byte of the answer has left
  kResponseBody,  // the answer's body is leaving
};
std::string_view Name(Phase phase);  // "request-head", …

// How a connection ends early.
struct Cut {
  enum class Manner { kFin, kRst };
  Manner manner = Manner::kRst;
  // Cut after this many bytes of the response's body; nullopt: before any byte of the answer.
  std::optional<std::uint64_t> after_response_bytes;
};

// What two exchanges can have in common, and what a counter can be kept by.
enum class Key {
  kClient,
  kAddress,
  kConnection,
  kHost,
  kReplica,
  kRepository,
  kSession,
  kDigest,
  kTag,
};
std::string_view Name(Key key);  // "client", …

// A window that an earlier exchange opens.
struct Since {
  ExchangePattern event;
  std::vector<Key> same;         // the event must agree with the exchange in these
  bool first = false;            // the first such event counts, not the latest
  Duration after{};              // from this long after the event
  std::optional<Duration> span;  // for this long; nullopt: for ever
};

struct When {
  enum class Role { kTop, kChild, kAttestation };
  ExchangePattern exchange;
  std::optional<Role> role;         // of the manifest that is put
  std::vector<Bound> bounds;        // sizes and ages
  std::vector<ValueTest> manifest;  // pointers into the manifest that is put
  std::optional<TimePoint> from;
  std::optional<TimePoint> until;  // exclusive
  std::optional<Since> since;
  std::optional<StateTest> state;
};

// Stands for the end of an answer's body as a byte position: all has left, but not the end of it.
inline constexpr std::uint64_t kEndOfBody = std::numeric_limits<std::uint64_t>::max();

// The connection ends (P6).
struct CutConnection {
  Cut::Manner manner = Cut::Manner::kRst;
};

// What becomes of the work, apart from what the client is told (P10).
struct Commit {
  enum class Mode {
    kAsPhase,  // whatever the phase implies
    kApply,    // done at once
    kNone,     // not done
    kLater,    // done when `delay` has passed, whatever the client did meanwhile
    kPartly,   // done with the first `bytes` of the body alone
  };
  Mode mode = Mode::kAsPhase;
  Duration delay{};
  std::uint64_t bytes = 0;
};

// Which of the matches fire. The ordinal of a match is counted for each value of `per` by itself.
struct Times {
  std::uint64_t from = 1;
  std::uint64_t to = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t every = 1;   // of those from `from` on, the first and then each `every`-th
  std::uint64_t chance = 1;  // of `chance_of`, drawn for each ordinal
  std::uint64_t chance_of = 1;
  std::vector<Key> per;  // empty: one count for the rule
};

struct FaultRule {
  std::string name;
  std::size_t line = 0;
  bool armed = true;  // as the file says; FaultState::Switch changes it for one state
  When when;
  Phase phase = Phase::kDecide;
  std::optional<std::uint64_t> after_bytes;  // within a body: acts when so many have passed
  // What the client is told, one alternative an effect (effect_kind.h); none: what is genuine.
  std::variant<std::monostate, Reply, EditReply, CutConnection, EarlyReply, Throttle, RawReply,
               ChangeBytes, ConnectFault, Redirect, Policy, ReadView, Limiter, Script>
      answer;
  std::optional<Hold> hold;  // before anything else of it happens
  // It answers nothing: any number of such rules act on one exchange, beside those that do.
  bool beside = false;
  Commit commit;
  Times times;
};

// "reply 400", "cut rst", "commit later, reply 500": for journals and reports.
std::string Describe(const FaultRule& rule);

}  // namespace drydock::simulator
