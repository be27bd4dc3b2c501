// The two bodies of an exchange: how the request's comes in and the answer's goes out.
#include <algorithm>
#include <span>
#include <utility>

#include "core/text.h"
#include "simulator/world/drive.h"

namespace drydock::simulator {
namespace {

constexpr std::size_t kManifestBytesMax = std::size_t{4} << 20U;  // what rules get to look into

}  // namespace

Result<std::size_t> Internet::Drive::Pull(std::span<char> into) {
  auto size = body_.Read(up_ ? into.first(up_->Portion(into.size())) : into);
  if (!size) {
    vanished_ = size.error();
  } else if (up_ && *size > 0) {
    const Deadline until = up_->TimeOf(received_ + *size);
    if (!Unlocked([&] { return peer_->WaitUntil(net_.clock_, until); })) {
      return *vanished_;
    }
  }
  return size;
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
  if (const FaultRule* rule = Offer(Phase::kRequestBody)) {
    if (!HeldBy(*rule)) {
      return Outcome::kVanished;
    }
    (std::holds_alternative<ChangeBytes>(rule->answer) ? changed_ : partly_) = rule;
  }
  for (;;) {
    if (const Outcome outcome = AtPositions(); outcome != Outcome::kGoOn) {
      return outcome;
    }
    // A piece ends where the next rule binds.
    std::uint64_t room = pieces_.size();
    for (const Phase phase : {Phase::kRequestBody, Phase::kSessionBody}) {
      const auto begin = BeginOf(phase);
      const auto next =
          begin ? net_.faults_.NextPosition(phase, View(), *begin + received_ + 1) : std::nullopt;
      room = next ? std::min(room, *next - *begin - received_) : room;
    }
    const std::span<char> piece = pieces_.Next().first(room);
    const auto size = Pull(piece);
    if (!size) {
      return Outcome::kVanished;
    }
    if (*size == 0) {
      manifest_complete_ = route_.operation == "manifest.put" && received_ <= kManifestBytesMax;
      return Outcome::kGoOn;
    }
    TakePiece(piece.first(*size));
  }
}

void Internet::Drive::TakePiece(std::span<char> bytes) {
  const std::uint64_t before = received_;
  received_ += bytes.size();
  std::string_view piece(bytes.data(), bytes.size());
  if (changed_ != nullptr) {
    const Damage& damage = std::get<ChangeBytes>(changed_->answer).damage;
    const auto inside = [&](const std::optional<std::uint64_t>& at) {
      return at && *at < received_ && *at >= before;
    };
    if (inside(damage.flip) || inside(damage.truncate) || (damage.flip_all && before == 0)) {
      MarkSeen(*changed_);
    }
    piece = Damaged(bytes, before, damage);
  }
  if (route_.operation == "manifest.put" && received_ <= kManifestBytesMax) {
    manifest_.append(piece);
  }
  if (partly_ != nullptr) {
    const std::uint64_t limit = partly_->commit.bytes;
    piece = piece.substr(0, limit > before ? limit - before : 0);
  }
  if (!piece.empty()) {
    exchange_->Receive(piece);
  }
}

Internet::Drive::Outcome Internet::Drive::AtPositions() {
  const std::uint64_t first = std::exchange(next_position_from_, received_ + 1);
  for (const Phase phase : {Phase::kRequestBody, Phase::kSessionBody}) {
    const auto begin = BeginOf(phase);
    if (!begin) {
      continue;
    }
    // Where an earlier request of the session ended, that one has been asked.
    std::uint64_t from = *begin + first + (first == 0 && *begin > 0 ? 1 : 0);
    while (from <= *begin + received_) {
      const auto firing = net_.faults_.OfferBytes(phase, View(), from, *begin + received_);
      const FaultRule* rule = Noted(phase, firing);
      if (rule == nullptr) {
        break;
      }
      if (const Outcome outcome = Act(*rule); outcome != Outcome::kGoOn) {
        return outcome;
      }
      from = firing->position + 1;
    }
  }
  return Outcome::kGoOn;
}

std::optional<std::uint64_t> Internet::Drive::BeginOf(Phase phase) const {
  return phase == Phase::kRequestBody ? std::optional<std::uint64_t>(0)
         : measured_                  ? measured_->site.session_bytes
                                      : std::nullopt;
}

void Internet::Drive::BindBody() {
  const auto length = response_.body.length();
  if (length == 0) {
    return;
  }
  const std::uint64_t last = length ? *length - 1 : kEndOfBody - 1;
  for (std::uint64_t from = 0; from <= last && body_cut_ == nullptr;) {
    const auto firing = net_.faults_.OfferBytes(Phase::kResponseBody, View(), from, last);
    const FaultRule* rule = Noted(Phase::kResponseBody, firing);
    if (rule == nullptr) {
      break;
    }
    if (rule->hold) {
      body_holds_.push_back({rule, firing->position});
    }
    if (const auto* cut = std::get_if<CutConnection>(&rule->answer)) {
      body_cut_ = rule;
      cut_ = Cut{cut->manner, firing->position};
    }
    from = firing->position + 1;
  }
  BindEnd();
}

void Internet::Drive::BindEnd() {
  if (body_cut_ != nullptr) {
    return;
  }
  const auto firing = net_.faults_.OfferBytes(Phase::kResponseBody, View(), kEndOfBody, kEndOfBody);
  body_cut_ = Noted(Phase::kResponseBody, firing);
  if (body_cut_ != nullptr) {
    cut_ = Cut{std::get<CutConnection>(body_cut_->answer).manner, kEndOfBody};
    response_.headers.Remove("Content-Length");  // or nothing would be missing
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

void Internet::Drive::WrapBody() {
  if (down_ != nullptr) {
    response_.body = PacedBy(std::move(response_.body),
                             Pace(*down_->down, down_->burst, net_.clock_.Elapsed()), Waits());
  }
  for (const BodyHold& hold : body_holds_) {
    response_.body = HoldAfter(std::move(response_.body), hold.position, *hold.rule, Waits());
  }
  if (body_cut_ != nullptr) {
    WrapCutBody();
  }
}

void Internet::Drive::WrapCutBody() {
  if (*cut_->after_response_bytes == kEndOfBody) {
    event_.lost = "connection ended before the end of the body was told";
    Body all = std::move(response_.body);
    response_.body = CutAfter(std::move(all), kEndOfBody, net_.faults_, *body_cut_,
                              Concat({head_.url.host, ": ", event_.lost}));
    return;
  }
  const std::uint64_t bytes = *cut_->after_response_bytes;
  event_.lost = Concat(
      {cut_->manner == Cut::Manner::kRst ? "connection reset" : "connection closed", " after ",
       std::to_string(bytes), " of ", std::to_string(event_.response_bytes), " bytes"});
  event_.response_bytes = bytes;
  event_.response_excerpt.resize(std::min<std::uint64_t>(event_.response_excerpt.size(), bytes));
  response_.body = CutAfter(std::move(response_.body), bytes, net_.faults_, *body_cut_,
                            Concat({head_.url.host, ": ", event_.lost}));
}

}  // namespace drydock::simulator
