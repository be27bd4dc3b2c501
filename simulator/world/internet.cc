#include "simulator/world/internet.h"

#include <algorithm>
#include <utility>

#include "simulator/world/drive.h"

namespace drydock::simulator {
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

const std::string& Internet::DateLocked() {
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.Now());
  if (date_.empty() || now != date_of_) {
    date_ = FormatHttpDate(now);
    date_of_ = now;
  }
  return date_;
}

Result<Answer> Internet::Serve(RequestHead head, Body& body, std::shared_ptr<Peer> peer) {
  if (peer == nullptr) {
    peer = std::make_shared<PatientPeer>();
  }
  return Drive(*this, std::move(head), body, std::move(peer)).Run();
}

std::optional<ConnectFault> Internet::Opened(Phase phase, const Caller& caller,
                                             const std::string& host) {
  if (!faults_.ActsOnConnections()) {
    return std::nullopt;
  }
  RequestHead head;
  head.caller = caller;
  head.url.host = host;
  const Route none;
  const std::optional<Firing> firing = faults_.Offer(phase, Sight{head, none, clock_.Now()});
  if (!firing) {
    return std::nullopt;
  }
  journal_.Append(caller.client, FaultEvent{firing->rule->name, std::string(Name(phase)),
                                            Describe(*firing->rule), 0, firing->key});
  faults_.MarkSeen(*firing->rule);
  return std::get<ConnectFault>(firing->rule->answer);
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
    if (work.exchange != nullptr) {
      (void)work.exchange->Apply();
    } else {
      work.deeds();
    }
  }
}

}  // namespace drydock::simulator
