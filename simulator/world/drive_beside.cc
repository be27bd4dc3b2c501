// What rules that answer nothing do to an exchange and beside it.
#include <algorithm>
#include <functional>
#include <utility>

#include "simulator/faults/effects.h"
#include "simulator/world/drive.h"

namespace drydock::simulator {

bool Internet::Drive::Treat() {
  const std::vector<Firing> firings = net_.faults_.OfferBeside(Phase::kAdmit, View());
  const Duration remember = net_.faults_.remember();
  if (firings.empty() && remember == Duration::zero()) {
    return true;
  }
  treatment_ = std::make_shared<Treatment>();
  treatment_->remember = remember;
  for (const Firing& firing : firings) {
    if (const auto* limiter = std::get_if<Limiter>(&firing.rule->answer)) {
      if (!Pass(*limiter, firing)) {
        return false;
      }
      continue;
    }
    const FaultRule& rule = *Noted(Phase::kAdmit, firing);
    if (const auto* script = std::get_if<Script>(&rule.answer)) {
      Play(rule, *script);
    } else if (const auto* policy = std::get_if<Policy>(&rule.answer)) {
      treatment_->traits.insert(treatment_->traits.end(), policy->traits.begin(),
                                policy->traits.end());
      treated_by_.push_back(&rule);
    } else if (const auto* view = std::get_if<ReadView>(&rule.answer);
               view != nullptr && view_by_ == nullptr) {
      treatment_->view = *view;
      treatment_->view_name = rule.name;
      view_by_ = &rule;
    }
  }
  exchange_->Treat(treatment_);
  return true;
}

bool Internet::Drive::Pass(const Limiter& limiter, const Firing& firing) {
  Show(limiter.bucket, firing.level, net_.clock_.Now(), limits_);
  if (!firing.level.refused) {
    return true;
  }
  response_ = Render(limiter.refusal, View());
  MarkSeen(*Noted(Phase::kAdmit, firing));
  return false;
}

void Internet::Drive::PlayBeside(Phase phase) {
  for (const Firing& firing : net_.faults_.OfferBeside(phase, View())) {
    const FaultRule& rule = *Noted(phase, firing);
    if (const auto* script = std::get_if<Script>(&rule.answer)) {
      Play(rule, *script);
    }
  }
}

void Internet::Drive::Play(const FaultRule& rule, const Script& script) {
  MarkSeen(rule);
  std::vector<Deed> deeds = script.deeds;
  for (Deed& deed : deeds) {
    deed.reference = Filled(deed.reference, View());
    deed.what = Filled(deed.what, View());
    deed.repository = deed.repository.empty() ? route_.repository : Filled(deed.repository, View());
    deed.session = route_.session;
    if (deed.kind == Deed::Kind::kRevokeTokens) {
      constexpr std::string_view kScheme = "Bearer ";
      const std::string_view header = head_.headers.Get("Authorization");
      deed.what = header.substr(std::min(header.size(), kScheme.size()));
    }
  }
  std::function<void()> act = [&net = net_, site = site_, deeds = std::move(deeds),
                               arm = script.arm, disarm = script.disarm] {
    for (const Deed& deed : deeds) {
      site->Act(deed);
    }
    for (const std::string& name : arm) {
      net.faults_.Switch(name, true);
    }
    for (const std::string& name : disarm) {
      net.faults_.Switch(name, false);
    }
  };
  if (script.after == Duration::zero()) {
    act();
  } else {
    net_.pending_.push_back(
        {net_.clock_.Now() + script.after, Pieces(std::nullopt), nullptr, std::move(act)});
  }
}

}  // namespace drydock::simulator
