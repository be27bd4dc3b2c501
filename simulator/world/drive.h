// One exchange on its way through the phases. Holds the Internet's lock except while the request's
// body arrives or a fault takes time. Internal to the driver.
// Threads: the one that serves the exchange. Source: incidents.md section 9;
// docs/adr/0006-exchange-phases.md, 0031-waiting-with-a-client.md.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/journal.h"
#include "simulator/faults/fault_state.h"
#include "simulator/world/bodies.h"
#include "simulator/world/internet.h"

namespace drydock::simulator {

class Internet::Drive {
 public:
  Drive(Internet& net, RequestHead head, Body& body, std::shared_ptr<Peer> peer);

  Result<Answer> Run();

 private:
  // What a phase came to.
  enum class Outcome { kGoOn, kAnswered, kCut, kVanished, kFailed };

  // Opens a connection, as far as rules are about that.
  Outcome Connected();
  Outcome Fail(const ConnectFault& fault, bool done);
  // Up to the answer's head; not kGoOn.
  Outcome Answered();
  // As Answered, up to the first byte of an answer.
  Outcome Undertaken();
  // Does `work`, which may wait for the client, without the lock.
  Outcome WithBody(Outcome (Drive::*work)());
  // Pulls the request's body and hands it to the site.
  Outcome ReceiveBody();
  void TakePiece(std::span<char> piece);
  // Asks the rules of every byte position up to what was received.
  Outcome AtPositions();
  // At which byte of a phase's positions the request's body begins; nullopt: it has none of them.
  std::optional<std::uint64_t> BeginOf(Phase phase) const;
  Outcome DrainBody();
  Result<std::size_t> Pull(std::span<char> into);

  // Tells the site how rules have it treat this exchange; false when a limiter refused it.
  bool Treat();
  // Counts the exchange against a limiter; false when that refuses it.
  bool Pass(const Limiter& limiter, const Firing& firing);
  // Other parties act on what happens here.
  void PlayBeside(Phase phase);
  void Play(const FaultRule& rule, const Script& script);

  Outcome DoWork();
  // Holds as the firing rule says and then does its effect. kAnswered leaves an answer in
  // response_; kGoOn: the exchange goes on.
  Outcome Act(const FaultRule& rule);
  Outcome Tell(const FaultRule& rule);
  void Serve(const ChangeBytes& change, const FaultRule& rule);
  // Damages what was stored, if that was.
  void Spoil(const ChangeBytes& change, const FaultRule& rule);
  // False when there is nothing that could be coded.
  bool Code();
  void Slow(const Throttle& throttle, const FaultRule& rule);
  // False when the client did not wait so long: vanished_ says why.
  bool HeldBy(const FaultRule& rule);
  // Runs `wait` without the lock. As HeldBy.
  template <class Wait>
  bool Unlocked(Wait wait);

  // Asks the rules of the byte positions of the answer's body.
  void BindBody();
  // The same for the end of it.
  void BindEnd();
  void WrapBody();
  void WrapCutBody();

  Sight View() const;
  const FaultRule* Offer(Phase phase);
  // Writes a firing into the journal; null for none.
  const FaultRule* Noted(Phase phase, const std::optional<Firing>& firing);
  void MarkSeen(const FaultRule& rule) { seen_.push_back(&rule); }
  Waiting Waits() const { return {net_.clock_, net_.faults_, peer_}; }

  Result<Answer> Finish(Outcome outcome);
  void Complete();
  void Record();

  // A rule that holds the answer's body, and where.
  struct BodyHold {
    const FaultRule* rule;
    std::uint64_t position;
  };

  Internet& net_;
  RequestHead head_;
  Body& body_;
  std::shared_ptr<Peer> peer_;
  Pieces pieces_;
  std::unique_lock<std::mutex> lock_;
  Site* site_ = nullptr;
  std::unique_ptr<Exchange> exchange_;
  std::shared_ptr<Treatment> treatment_;      // null: the site's own
  std::vector<const FaultRule*> treated_by_;  // the rules of its traits
  const FaultRule* view_by_ = nullptr;        // and of its view
  Headers limits_;                            // what limiters show
  Route route_;
  mutable Shortlist shortlist_;
  std::optional<Measured> measured_;
  std::string manifest_;
  bool manifest_complete_ = false;
  std::uint64_t received_ = 0;
  std::uint64_t next_position_from_ = 0;
  const FaultRule* partly_ = nullptr;   // gives the site the front of the body alone
  const FaultRule* changed_ = nullptr;  // gives the site other bytes than came
  const RawReply* raw_ = nullptr;
  std::optional<Pace> up_;
  const Throttle* down_ = nullptr;
  Response response_;
  std::optional<Cut> cut_;
  std::optional<EarlyReply::Then> rest_;
  std::vector<BodyHold> body_holds_;
  const FaultRule* body_cut_ = nullptr;
  std::optional<Error> vanished_;
  std::optional<Error> failed_;
  std::vector<const FaultRule*> seen_;
  ExchangeEvent event_;
};

template <class Wait>
bool Internet::Drive::Unlocked(Wait wait) {
  const bool locked = lock_.owns_lock();
  if (locked) {
    lock_.unlock();
  }
  const Status waited = wait();
  if (locked) {
    lock_.lock();
    net_.SettleLocked();
  }
  if (!waited) {
    vanished_ = waited.error();
  }
  return waited.ok();
}

}  // namespace drydock::simulator
