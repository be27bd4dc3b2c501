// The bodies of an exchange as its driver handles them. Internal to the driver.
// Threads: as Body says.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/clock.h"
#include "core/http.h"
#include "simulator/damage.h"
#include "simulator/faults/fault_state.h"
#include "simulator/world/pace.h"
#include "simulator/world/peer.h"

namespace drydock::simulator {

// Where the pieces of a request's body are put: two places in turn, so that each stays until the
// next is in.
class Pieces {
 public:
  // `length` of the body, if known: no piece is larger.
  explicit Pieces(std::optional<std::uint64_t> length);

  std::size_t size() const { return size_; }  // of one piece at most
  std::span<char> Next();

 private:
  std::size_t size_;
  std::array<std::unique_ptr<char[]>, 2> places_;
  std::size_t turn_ = 0;
};

// Up to 2 KiB from the front of `body`, which still gives all of them.
std::string PeekExcerpt(Body& body);

// `body` up to `bytes`, and then kAmbiguous with `message`; whoever reads that far has seen `rule`
// of `faults`, which must outlive the body.
Body CutAfter(Body body, std::uint64_t bytes, FaultState& faults, const FaultRule& rule,
              std::string message);

// `body` with these bytes changed, and as much shorter.
Body Damaged(Body body, const Damage& damage);

// Where a body that takes its time does so. All but `peer` must outlive it.
struct Waiting {
  Clock& clock;
  FaultState& faults;
  std::shared_ptr<Peer> peer;
};

// Waits as the hold of `rule` says. An error is the peer's.
Status SitOut(const FaultRule& rule, const Waiting& waiting);

// `body`, which stops after `bytes` of it as the hold of `rule` says and then goes on.
Body HoldAfter(Body body, std::uint64_t bytes, const FaultRule& rule, Waiting waiting);
// `body` at that pace.
Body PacedBy(Body body, Pace pace, Waiting waiting);

}  // namespace drydock::simulator
