#include "simulator/world/internet.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "core/text.h"
#include "simulator/faults/effects.h"
#include "simulator/world/world.h"

namespace drydock::simulator {
namespace {

constexpr std::size_t kManifestBytesMax = std::size_t{4} << 20U;  // what rules get to look into

std::string_view Manner(Cut::Manner manner) {
  return manner == Cut::Manner::kRst ? "connection reset" : "connection closed";
}

}  // namespace

// One exchange on its way through the phases. Holds the Internet's lock except while the request's
// body arrives.
class Internet::Drive {
 public:
  Drive(Internet& net, RequestHead head, Body& body)
      : net_(net), head_(std::move(head)), body_(body), pieces_(body.length()), lock_(net.mutex_) {
    response_.status = 0;
  }

  Result<Answer> Run();

 private:
  // What the phases up to the answer's head came to.
  enum class Outcome { kAnswered, kCut, kVanished };

  Outcome Answered();
  // As Answered, up to the first byte of an answer.
  Outcome Undertaken();
  // Does `work`, which may wait for the client, without the lock.
  Outcome WithBody(Outcome (Drive::*work)());
  // Pulls the request's body and hands it to the site.
  Outcome ReceiveBody();
  void TakePiece(std::string_view piece);
  // Asks the rules of every byte position up to what was received.
  bool CutAtPosition();
  Outcome DrainBody();
  Result<std::size_t> Pull(std::span<char> into);

  Outcome DoWork();
  // Tells the client what the firing rule says. kAnswered leaves it in response_.
  Outcome Tell(const FaultRule& rule);
  // Asks the rules of the byte positions of the answer's body.
  void CutBody();
  void WrapCutBody();

  Sight View() const {
    return {head_,
            route_,
            net_.clock_.Now(),
            response_.status,
            manifest_complete_ ? &manifest_ : nullptr,
            &shortlist_};
  }
  const FaultRule* Offer(Phase phase);
  // Writes a firing into the journal; null for none.
  const FaultRule* Noted(Phase phase, const std::optional<Firing>& firing);
  void MarkSeen(const FaultRule& rule) { seen_.push_back(&rule); }

  Result<Answer> Finish(Outcome outcome);
  void Complete();
  void Record();

  Internet& net_;
  RequestHead head_;
  Body& body_;
  Pieces pieces_;
  std::unique_lock<std::mutex> lock_;
  std::unique_ptr<Exchange> exchange_;
  Route route_;
  mutable Shortlist shortlist_;
  std::string manifest_;
  bool manifest_complete_ = false;
  std::uint64_t received_ = 0;
  std::uint64_t next_position_from_ = 0;
  const FaultRule* partly_ = nullptr;  // gives the site the front of the body alone
  Response response_;
  std::optional<Cut> cut_;
  const FaultRule* body_cut_ = nullptr;
  std::optional<Error> vanished_;
  std::vector<const FaultRule*> seen_;
  ExchangeEvent event_;
};

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
  Site* const site = net_.FindSite(head_.url.host);
  if (site == nullptr) {
    event_.lost = "nothing listens there";
    Record();
    return Error(ErrorCode::kUnavailable, Concat({head_.url.host, ": nothing listens there"}));
  }
  net_.SettleLocked();
  exchange_ = site->Begin(head_);
  route_ = exchange_->route();
  event_.operation = route_.operation;
  event_.repository = route_.repository;
  event_.reference = route_.reference;
  return Finish(Answered());
}

Internet::Drive::Outcome Internet::Drive::Answered() {
  const Outcome outcome = Undertaken();
  if (outcome != Outcome::kAnswered) {
    return outcome;
  }
  const FaultRule* rule = Offer(Phase::kResponseHead);
  return rule == nullptr ? Outcome::kAnswered : Tell(*rule);
}

Internet::Drive::Outcome Internet::Drive::Undertaken() {
  if (const FaultRule* rule = Offer(Phase::kRequestHead)) {
    const Outcome told = Tell(*rule);
    return told == Outcome::kAnswered ? WithBody(&Drive::DrainBody) : told;
  }
  if (auto refused = exchange_->Decide()) {
    response_ = std::move(*refused);
    return WithBody(&Drive::DrainBody);
  }
  const Outcome received = WithBody(&Drive::ReceiveBody);
  return received == Outcome::kAnswered ? DoWork() : received;
}

Result<std::size_t> Internet::Drive::Pull(std::span<char> into) {
  auto size = body_.Read(into);
  if (!size) {
    vanished_ = size.error();
  }
  return size;
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

Internet::Drive::Outcome Internet::Drive::DrainBody() {
  for (;;) {
    const auto size = Pull(pieces_.Next());
    if (!size) {
      return Outcome::kVanished;
    }
    if (*size == 0) {
      return Outcome::kAnswered;
    }
    received_ += *size;
  }
}

Internet::Drive::Outcome Internet::Drive::ReceiveBody() {
  partly_ = Offer(Phase::kRequestBody);
  for (;;) {
    if (CutAtPosition()) {
      return Outcome::kCut;
    }
    // A piece ends where the next rule binds.
    const auto position = net_.faults_.NextPosition(Phase::kRequestBody, View(), received_ + 1);
    const std::uint64_t room = std::min<std::uint64_t>(
        pieces_.size(), position.value_or(received_ + pieces_.size()) - received_);
    const std::span<char> piece = pieces_.Next().first(room);
    const auto size = Pull(piece);
    if (!size) {
      return Outcome::kVanished;
    }
    if (*size == 0) {
      manifest_complete_ = route_.operation == "manifest.put" && received_ == manifest_.size();
      return Outcome::kAnswered;
    }
    TakePiece({piece.data(), *size});
  }
}

void Internet::Drive::TakePiece(std::string_view piece) {
  if (route_.operation == "manifest.put" && received_ + piece.size() <= kManifestBytesMax) {
    manifest_.append(piece);
  }
  const std::uint64_t before = received_;
  received_ += piece.size();
  if (partly_ != nullptr) {
    const std::uint64_t limit = partly_->commit.bytes;
    piece = piece.substr(0, limit > before ? limit - before : 0);
  }
  if (!piece.empty()) {
    exchange_->Receive(piece);
  }
}

bool Internet::Drive::CutAtPosition() {
  const std::uint64_t from = std::exchange(next_position_from_, received_ + 1);
  const FaultRule* rule = Noted(
      Phase::kRequestBody, net_.faults_.OfferBytes(Phase::kRequestBody, View(), from, received_));
  if (rule == nullptr) {
    return false;
  }
  Tell(*rule);
  return true;
}

Internet::Drive::Outcome Internet::Drive::DoWork() {
  const FaultRule* rule = partly_ == nullptr ? Offer(Phase::kDecide) : partly_;
  if (rule == nullptr || rule == partly_) {
    response_ = exchange_->Apply();
    exchange_.reset();
  } else if (rule->commit.mode == Commit::Mode::kLater) {
    net_.pending_.push_back(
        {net_.clock_.Now() + rule->commit.delay, std::move(pieces_), std::move(exchange_)});
  } else {
    exchange_.reset();
  }
  if (rule == nullptr) {
    return Outcome::kAnswered;
  }
  if (std::holds_alternative<std::monostate>(rule->answer)) {
    if (received_ > rule->commit.bytes) {
      MarkSeen(*rule);
    }
    return Outcome::kAnswered;
  }
  return Tell(*rule);
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
  } else if (const auto* edit = std::get_if<EditReply>(&rule.answer)) {
    if (simulator::Apply(*edit, View(), response_)) {
      MarkSeen(rule);
    }
  }
  return Outcome::kAnswered;
}

void Internet::Drive::CutBody() {
  const auto length = response_.body.length();
  if (length == 0) {
    return;
  }
  constexpr std::uint64_t kNoEnd = std::numeric_limits<std::uint64_t>::max();
  const auto firing =
      net_.faults_.OfferBytes(Phase::kResponseBody, View(), 0, length ? *length - 1 : kNoEnd);
  body_cut_ = Noted(Phase::kResponseBody, firing);
  if (body_cut_ != nullptr) {
    cut_ = Cut{std::get<CutConnection>(body_cut_->answer).manner, firing->position};
  }
}

void Internet::Drive::Complete() {
  Headers& headers = response_.headers;
  const auto length = response_.body.length();
  const bool bodiless = response_.status == 204 || response_.status == 304;
  if (length && !bodiless && !headers.Has("Content-Length")) {
    headers.Set("Content-Length", std::to_string(*length));
  }
  if (head_.method == "HEAD" || bodiless) {
    response_.body = Body();
  }
  if (response_.reason.empty()) {
    response_.reason = ReasonPhrase(response_.status);
  }
}

void Internet::Drive::Record() {
  event_.request_bytes = received_;
  net_.journal_.Append(head_.caller.client, std::move(event_));
}

void Internet::Drive::WrapCutBody() {
  const std::uint64_t bytes = *cut_->after_response_bytes;
  event_.lost = Concat({Manner(cut_->manner), " after ", std::to_string(bytes), " of ",
                        std::to_string(event_.response_bytes), " bytes"});
  event_.response_bytes = bytes;
  event_.response_excerpt.resize(std::min<std::uint64_t>(event_.response_excerpt.size(), bytes));
  response_.body = CutAfter(std::move(response_.body), bytes, net_.faults_, *body_cut_,
                            Concat({head_.url.host, ": ", event_.lost}));
}

Result<Answer> Internet::Drive::Finish(Outcome outcome) {
  net_.faults_.Observe(View());
  if (outcome == Outcome::kVanished) {
    event_.lost = Concat({"the client went away: ", vanished_->message()});
    Record();
    return *vanished_;
  }
  if (outcome == Outcome::kCut) {
    event_.lost = Concat({Manner(cut_->manner), " before an answer"});
  } else {
    Complete();
    CutBody();
    event_.status = response_.status;
    event_.reason = response_.reason;
    event_.response_headers = response_.headers;
    event_.response_bytes = response_.body.length().value_or(0);
    if (response_.status >= 400) {
      event_.response_excerpt = PeekExcerpt(response_.body);
    }
    if (body_cut_ != nullptr) {
      WrapCutBody();
    }
  }
  for (const FaultRule* rule : seen_) {
    net_.faults_.MarkSeen(*rule);
  }
  Record();
  return Answer{std::move(response_), cut_};
}

Internet::Internet(Clock& clock, Journal& journal, FaultState& faults)
    : clock_(clock), journal_(journal), faults_(faults) {}

void Internet::Attach(std::string host, Site& site) {
  const std::lock_guard lock(mutex_);
  sites_[std::move(host)] = &site;
}

Site* Internet::FindSite(const std::string& host) const {
  for (const std::string_view name :
       {std::string_view(host), std::string_view(host).substr(0, host.rfind(':')),
        std::string_view("*")}) {
    if (const auto site = sites_.find(name); site != sites_.end()) {
      return site->second;
    }
  }
  return nullptr;
}

Result<Answer> Internet::Serve(RequestHead head, Body& body) {
  return Drive(*this, std::move(head), body).Run();
}

void Internet::Settle() {
  const std::lock_guard lock(mutex_);
  SettleLocked();
}

void Internet::Look(const std::function<void()>& look) {
  const std::lock_guard lock(mutex_);
  SettleLocked();
  look();
}

void Internet::SettleLocked() {
  std::stable_sort(pending_.begin(), pending_.end(),
                   [](const Pending& a, const Pending& b) { return a.due < b.due; });
  const TimePoint now = clock_.Now();
  const auto due = std::find_if(pending_.begin(), pending_.end(),
                                [&](const Pending& work) { return work.due > now; });
  std::vector<Pending> ready(std::make_move_iterator(pending_.begin()),
                             std::make_move_iterator(due));
  pending_.erase(pending_.begin(), due);
  for (const Pending& work : ready) {
    (void)work.exchange->Apply();
  }
}

}  // namespace drydock::simulator
