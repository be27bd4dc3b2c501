// The network of a simulated world: which host is which Site, and the one place where an exchange
// is driven through its phases, faults are applied and the journal is written. The in-process
// transport and the real server (simulator/server) both come through Serve: two transports, one
// truth. Threads: Serve locks one mutex for the whole exchange except while the request's body
// arrives. Source: incidents.md section 9; docs/adr/0006-exchange-phases.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/journal.h"
#include "core/transport.h"
#include "simulator/exchange.h"
#include "simulator/faults/fault_state.h"
#include "simulator/world/bodies.h"
#include "simulator/world/peer.h"

namespace drydock::simulator {

class World;

// What the client gets to see. `response` is meaningless when the cut comes before any answer. When
// it comes within the body, reading the body gives kAmbiguous there.
struct Answer {
  Response response;
  std::optional<Cut> cut;
  // Set when the answer came before the end of the request's body: what becomes of the rest, which
  // was not read.
  std::optional<EarlyReply::Then> rest = {};
  std::optional<std::string> raw = {};  // the bytes to send in place of `response`, and then FIN
  bool paced = false;  // reading the body takes its time: hand each piece on as it comes
};

class Internet {
 public:
  // All three must outlive the Internet.
  Internet(Clock& clock, Journal& journal, FaultState& faults);

  // `host` as it stands in URLs ("registry-1.docker.io", "127.0.0.1:5000"). One without a port is
  // found whatever port is asked; "*" takes every host that has no site of its own.
  void Attach(std::string host, Site& site);

  // Drives one exchange: route, faults, decide, body, apply, answer; appends it to the journal.
  // The answer is complete: Content-Length is set when the length is known, a HEAD has no body.
  // kUnavailable when the host is unknown (nothing is listening); the body's own error when it
  // could not be read to its end (the client vanished).
  // `peer` is waited with where a fault takes time; null: one that waits as long as it takes.
  Result<Answer> Serve(RequestHead head, Body& body, std::shared_ptr<Peer> peer = nullptr);

  // Whether a rule ends the connection that `caller` opens over a real socket; `host` is what it
  // named in the TLS handshake, "" before. Such a firing is in the journal, as of no exchange.
  std::optional<ConnectFault> Opened(Phase phase, const Caller& caller, const std::string& host);

  // Does the work that a "commit later" fault put off and that is due by now. Serve does so before
  // each exchange; call it before reading a site's state by another way.
  void Settle();
  // Runs `look` between two exchanges, with all due work done: no site changes meanwhile, except by
  // `look`. Bodies may be on their way; `look` must not call this Internet.
  void Look(const std::function<void()>& look);

  // A transport for code running inside `world` as the actor that calls it. Every Send yields to
  // the world once and checks for Kill, before and after. Requests carry `client`, or the name of
  // the actor that calls when it is empty. Both `world` and this must outlive the transport.
  std::unique_ptr<Transport> Connect(World& world, std::string address, std::string client = "");

 private:
  class Drive;
  // Work put off: the exchange is kept alive until `due`, and the pieces it may still work on.
  struct Pending {
    TimePoint due{};
    Pieces pieces;
    std::unique_ptr<Exchange> exchange;
    std::function<void()> deeds = {};  // of another party; then there is no exchange
  };

  void SettleLocked();
  Site* FindSite(const std::string& host) const;  // null: nothing listens there
  const std::string& DateLocked();                // of an answer that leaves now

  Clock& clock_;
  Journal& journal_;
  FaultState& faults_;
  std::map<std::string, Site*, std::less<>> sites_;
  std::mutex mutex_;
  std::uint64_t next_ordinal_ = 1;
  std::uint64_t next_connection_ = 1;
  std::string date_;  // as written last, and of which second
  std::chrono::sys_seconds date_of_{};
  std::vector<Pending> pending_;
  std::map<std::string, std::uint64_t, std::less<>> in_flight_;  // exchanges, by operation
};

}  // namespace drydock::simulator
