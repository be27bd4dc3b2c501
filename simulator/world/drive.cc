#include "simulator/world/drive.h"

#include <algorithm>
#include <utility>

#include "core/gzip.h"
#include "core/text.h"
#include "simulator/faults/effects.h"

namespace drydock::simulator {
namespace {

// What a client gives a connection to come about; as much as drydock's own.
constexpr Duration kConnectTimeout = std::chrono::seconds(10);

}  // namespace

Internet::Drive::Drive(Internet& net, RequestHead head, Body& body, std::shared_ptr<Peer> peer)
    : net_(net),
      head_(std::move(head)),
      body_(body),
      peer_(std::move(peer)),
      pieces_(body.length()),
      lock_(net.mutex_) {
  response_.status = 0;
}

// What the site has is not looked at while others may change it.
Sight Internet::Drive::View() const {
  return {head_,
          route_,
          net_.clock_.Now(),
          response_.status,
          manifest_complete_ ? &manifest_ : nullptr,
          &shortlist_,
          lock_.owns_lock() ? site_ : nullptr,
          &net_.in_flight_,
          measured_ ? &*measured_ : nullptr};
}

const FaultRule* Internet::Drive::Offer(Phase phase) {
  return Noted(phase, net_.faults_.Offer(phase, View()));
}

const FaultRule* Internet::Drive::Noted(Phase phase, const std::optional<Firing>& firing) {
  if (!firing) {
    return nullptr;
  }
  net_.journal_.Append(head_.caller.client,
                       FaultEvent{firing->rule->name, std::string(Name(phase)),
                                  Describe(*firing->rule), event_.ordinal, firing->key});
  return firing->rule;
}

Result<Answer> Internet::Drive::Run() {
  event_.ordinal = net_.next_ordinal_++;
  event_.method = head_.method;
  event_.url = head_.url.ToString();
  event_.request_headers = head_.headers;
  site_ = net_.FindSite(head_.url.host);
  if (site_ == nullptr) {
    event_.lost = "nothing listens there";
    Record();
    return Error(ErrorCode::kUnavailable, Concat({head_.url.host, ": nothing listens there"}));
  }
  net_.SettleLocked();
  exchange_ = site_->Begin(head_);
  route_ = exchange_->route();
  ++net_.in_flight_[route_.operation];
  if (net_.faults_.AsksForMeasures()) {
    measured_ = Measured{exchange_->Measure(), net_.clock_.Now()};
  }
  event_.operation = route_.operation;
  event_.repository = route_.repository;
  event_.reference = route_.reference;
  const Outcome connected = net_.faults_.ActsOnConnections() ? Connected() : Outcome::kGoOn;
  return Finish(connected == Outcome::kGoOn ? Answered() : connected);
}

Internet::Drive::Outcome Internet::Drive::Connected() {
  if (!head_.caller.endpoint.empty()) {
    return Outcome::kGoOn;  // over a real socket, which asked when it was opened
  }
  for (const Phase phase : {Phase::kLookup, Phase::kTcp, Phase::kTls}) {
    if (phase == Phase::kTls && head_.url.scheme != "https") {
      break;
    }
    if (const FaultRule* rule = Offer(phase)) {
      if (const Outcome outcome = Act(*rule); outcome != Outcome::kGoOn) {
        return outcome;
      }
    }
  }
  return Outcome::kGoOn;
}

Internet::Drive::Outcome Internet::Drive::Fail(const ConnectFault& fault, bool done) {
  const bool tls = head_.url.scheme == "https";
  failed_ = ErrorFor(fault, done, tls);
  if (IsSilent(fault)) {
    // Whoever has less patience than this is told the same. A plain connection is there, so that
    // nothing but the deadline of the request ends the wait.
    const bool there = fault.kind == ConnectFault::Kind::kSilent && !tls;
    const Deadline until = there ? kNoDeadline : net_.clock_.Elapsed() + kConnectTimeout;
    if (!Unlocked([&] { return peer_->WaitUntil(net_.clock_, until); }) &&
        (there || vanished_->code() == ErrorCode::kCancelled)) {
      return Outcome::kVanished;
    }
  }
  return Outcome::kFailed;
}

Internet::Drive::Outcome Internet::Drive::Answered() {
  const Outcome outcome = Undertaken();
  if (outcome != Outcome::kAnswered) {
    return outcome;
  }
  for (const auto& [name, value] : limits_) {
    response_.headers.Set(name, value);
  }
  if (!response_.headers.Has("Date")) {
    response_.headers.Add("Date", net_.DateLocked());
  }
  PlayBeside(Phase::kResponseHead);
  const FaultRule* rule = Offer(Phase::kResponseHead);
  const Outcome told = rule == nullptr ? Outcome::kGoOn : Act(*rule);
  return told == Outcome::kGoOn ? Outcome::kAnswered : told;
}

Internet::Drive::Outcome Internet::Drive::Undertaken() {
  if (const FaultRule* rule = Offer(Phase::kRequestHead)) {
    const Outcome told = Act(*rule);
    if (told == Outcome::kAnswered && !rest_) {
      return WithBody(&Drive::DrainBody);
    }
    if (told != Outcome::kGoOn) {
      return told;
    }
  }
  if (!Treat()) {
    return WithBody(&Drive::DrainBody);
  }
  if (auto refused = exchange_->Decide()) {
    response_ = std::move(*refused);
    return WithBody(&Drive::DrainBody);
  }
  const Outcome received = WithBody(&Drive::ReceiveBody);
  return received == Outcome::kGoOn ? DoWork() : received;
}

Internet::Drive::Outcome Internet::Drive::WithBody(Outcome (Drive::*work)()) {
  if (pieces_.size() == 0) {
    return (this->*work)();
  }
  lock_.unlock();
  const Outcome outcome = (this->*work)();
  lock_.lock();
  return outcome;
}

bool Internet::Drive::HeldBy(const FaultRule& rule) {
  if (!rule.hold) {
    return true;
  }
  const bool waited = Unlocked([&] { return SitOut(rule, Waits()); });
  if (waited) {
    if (std::holds_alternative<std::monostate>(rule.answer)) {
      MarkSeen(rule);  // or what comes after it says whether it was seen
    }
  } else if (vanished_->code() != ErrorCode::kCancelled) {
    net_.faults_.MarkSeen(rule);  // the client has seen it, and left for it
  }
  return waited;
}

Internet::Drive::Outcome Internet::Drive::DoWork() {
  PlayBeside(Phase::kDecide);
  const FaultRule* rule = partly_ == nullptr ? Offer(Phase::kDecide) : nullptr;
  if (rule != nullptr && !HeldBy(*rule)) {
    return Outcome::kVanished;
  }
  const bool instead = rule != nullptr && !std::holds_alternative<std::monostate>(rule->answer);
  if (!instead) {
    response_ = exchange_->Apply();
    exchange_.reset();
  } else if (rule->commit.mode == Commit::Mode::kLater) {
    net_.pending_.push_back(
        {net_.clock_.Now() + rule->commit.delay, std::move(pieces_), std::move(exchange_)});
  } else {
    exchange_.reset();
  }
  if (partly_ != nullptr) {
    const bool silent = std::holds_alternative<std::monostate>(partly_->answer);
    if (silent && received_ > partly_->commit.bytes) {
      MarkSeen(*partly_);
    }
    return silent ? Outcome::kAnswered : Tell(*partly_);
  }
  return instead ? Tell(*rule) : Outcome::kAnswered;
}

Internet::Drive::Outcome Internet::Drive::Act(const FaultRule& rule) {
  return HeldBy(rule) ? Tell(rule) : Outcome::kVanished;
}

Internet::Drive::Outcome Internet::Drive::Tell(const FaultRule& rule) {
  if (const auto* cut = std::get_if<CutConnection>(&rule.answer)) {
    cut_ = Cut{cut->manner, std::nullopt};
    MarkSeen(rule);
    return Outcome::kCut;
  }
  if (const auto* reply = std::get_if<Reply>(&rule.answer)) {
    response_ = Render(*reply, View());
    MarkSeen(rule);
    return Outcome::kAnswered;
  }
  if (const auto* fault = std::get_if<ConnectFault>(&rule.answer)) {
    MarkSeen(rule);
    return Fail(*fault, rule.phase == Phase::kResponseHead);
  }
  if (const auto* raw = std::get_if<RawReply>(&rule.answer)) {
    auto read = ReadAsClient(head_.method, raw->bytes);
    response_ =
        read ? std::move(*read) : Response{.status = 0, .reason = {}, .headers = {}, .body = {}};
    raw_ = raw;
    MarkSeen(rule);
    return Outcome::kAnswered;
  }
  if (const auto* redirect = std::get_if<Redirect>(&rule.answer)) {
    response_ = Render(*redirect, head_.url);
    MarkSeen(rule);
    return Outcome::kAnswered;
  }
  if (const auto* early = std::get_if<EarlyReply>(&rule.answer)) {
    response_ = Render(early->reply, View());
    rest_ = early->then;
    MarkSeen(rule);
    return Outcome::kAnswered;
  }
  if (const auto* edit = std::get_if<EditReply>(&rule.answer)) {
    if (simulator::Apply(*edit, View(), response_)) {
      MarkSeen(rule);
    }
  } else if (const auto* change = std::get_if<ChangeBytes>(&rule.answer)) {
    change->stored ? Spoil(*change, rule) : Serve(*change, rule);
  } else if (const auto* throttle = std::get_if<Throttle>(&rule.answer)) {
    Slow(*throttle, rule);
  }
  return Outcome::kGoOn;
}

void Internet::Drive::Spoil(const ChangeBytes& change, const FaultRule& rule) {
  if (response_.status != 201) {
    return;
  }
  Deed deed;
  deed.kind = Deed::Kind::kSpoil;
  deed.repository = route_.repository;
  deed.reference = Filled("{digest}", View());
  deed.damage = change.damage;
  deed.actor = rule.name;
  site_->Act(deed);
  MarkSeen(rule);
}

bool Internet::Drive::Code() {
  constexpr std::size_t kCodedBytesMax = std::size_t{64} << 20U;
  if (response_.body.length().value_or(0) > kCodedBytesMax) {
    return false;
  }
  auto bytes = ReadAll(response_.body, kCodedBytesMax);
  if (!bytes || bytes->empty()) {
    response_.body = Body();
    return false;
  }
  std::string packed = Gzip(*bytes);
  response_.headers.Set("Content-Length", std::to_string(packed.size()));
  response_.body = Body::FromString(std::move(packed));
  return true;
}

void Internet::Drive::Serve(const ChangeBytes& change, const FaultRule& rule) {
  const bool coded = change.gzip && Code();
  const Damage& damage = change.damage;
  const auto length = response_.body.length();
  const auto inside = [&](const std::optional<std::uint64_t>& at) {
    return at && *at < length.value_or(kEndOfBody);
  };
  if (!change.encoding.empty()) {
    response_.headers.Set("Content-Encoding", change.encoding);
  }
  if (inside(damage.truncate) && response_.headers.Has("Content-Length")) {
    response_.headers.Set("Content-Length", std::to_string(*damage.truncate));
  }
  const bool damaged = inside(damage.flip) || inside(damage.truncate) ||
                       (damage.flip_all && length != std::uint64_t{0});
  if (coded || !change.encoding.empty() || damaged) {
    MarkSeen(rule);
  }
  response_.body = Damaged(std::move(response_.body), damage);
}

void Internet::Drive::Slow(const Throttle& throttle, const FaultRule& rule) {
  if (throttle.up && body_.length() != std::uint64_t{0}) {
    up_.emplace(*throttle.up, throttle.burst, net_.clock_.Elapsed());
    MarkSeen(rule);
  }
  down_ = throttle.down ? &throttle : nullptr;
  if (down_ != nullptr && !throttle.up) {
    MarkSeen(rule);
  }
}

void Internet::Drive::Record() {
  event_.request_bytes = received_;
  net_.journal_.Append(head_.caller.client, std::move(event_));
}

Result<Answer> Internet::Drive::Finish(Outcome outcome) {
  if (outcome != Outcome::kFailed || response_.status != 0) {
    net_.faults_.Observe(View());
  }
  --net_.in_flight_[route_.operation];
  if (outcome == Outcome::kVanished) {
    event_.lost = Concat({"the client went away: ", vanished_->message()});
    Record();
    return *vanished_;
  }
  if (outcome == Outcome::kFailed) {
    event_.lost = failed_->message();
  } else if (outcome == Outcome::kCut) {
    event_.lost =
        Concat({cut_->manner == Cut::Manner::kRst ? "connection reset" : "connection closed",
                " before an answer"});
  } else {
    if (raw_ == nullptr) {
      Complete();
      BindBody();
    } else if (response_.status == 0) {
      event_.lost = "what came is no HTTP";
    }
    event_.status = response_.status;
    event_.reason = response_.reason;
    event_.response_headers = response_.headers;
    event_.response_bytes = response_.body.length().value_or(0);
    if (response_.status >= 400) {
      event_.response_excerpt = PeekExcerpt(response_.body);
    }
    WrapBody();
  }
  if (outcome == Outcome::kAnswered && treatment_ != nullptr) {
    seen_.insert(seen_.end(), treated_by_.begin(), treated_by_.end());
    if (treatment_->view_differed) {
      seen_.push_back(view_by_);
    }
  }
  for (const FaultRule* rule : seen_) {
    net_.faults_.MarkSeen(*rule);
  }
  Record();
  if (failed_) {
    return *failed_;
  }
  return Answer{std::move(response_), cut_, rest_,
                raw_ == nullptr ? std::nullopt : std::optional(raw_->bytes),
                down_ != nullptr || !body_holds_.empty()};
}

}  // namespace drydock::simulator
