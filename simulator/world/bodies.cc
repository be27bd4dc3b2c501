#include "simulator/world/bodies.h"

#include <algorithm>
#include <utility>

namespace drydock::simulator {
namespace {

constexpr std::size_t kPieceBytes = 262'144;
constexpr std::size_t kExcerptBytesMax = 2048;

// A body of which `prefix` was read already.
class PrefixedReader : public BodyReader {
 public:
  PrefixedReader(std::string prefix, Body rest)
      : prefix_(std::move(prefix)), rest_(std::move(rest)) {}

  Result<std::size_t> Read(std::span<char> into) override {
    if (given_ == prefix_.size()) {
      return rest_.Read(into);
    }
    const std::size_t size = prefix_.copy(into.data(), into.size(), given_);
    given_ += size;
    return size;
  }

 private:
  std::string prefix_;
  std::size_t given_ = 0;
  Body rest_;
};

// Ends in kAmbiguous after `left` bytes, and tells the fault state when a client got that far.
class CutReader : public BodyReader {
 public:
  CutReader(Body body, std::uint64_t left, FaultState& faults, const FaultRule& rule,
            std::string message)
      : body_(std::move(body)),
        left_(left),
        faults_(faults),
        rule_(rule),
        message_(std::move(message)) {}

  Result<std::size_t> Read(std::span<char> into) override {
    if (left_ == 0) {
      if (!std::exchange(seen_, true)) {
        faults_.MarkSeen(rule_);
      }
      return Error(ErrorCode::kAmbiguous, message_);
    }
    auto size = body_.Read(into.first(std::min<std::uint64_t>(into.size(), left_)));
    if (size && *size == 0 && to_end_) {
      left_ = 0;
      return Read(into);
    }
    left_ -= size && !to_end_ ? *size : 0;
    return size;
  }

 private:
  Body body_;
  std::uint64_t left_;
  bool to_end_ = left_ == kEndOfBody;
  FaultState& faults_;
  const FaultRule& rule_;
  std::string message_;
  bool seen_ = false;
};

class DamagedReader : public BodyReader {
 public:
  DamagedReader(Body body, const Damage& damage) : body_(std::move(body)), damage_(damage) {}

  Result<std::size_t> Read(std::span<char> into) override {
    auto size = body_.Read(into);
    if (!size) {
      return size;
    }
    const std::string_view left = Damaged(into.first(*size), position_, damage_);
    position_ += *size;
    return left.size();
  }

 private:
  Body body_;
  Damage damage_;
  std::uint64_t position_ = 0;
};

class HoldReader : public BodyReader {
 public:
  HoldReader(Body body, std::uint64_t left, const FaultRule& rule, Waiting waiting)
      : body_(std::move(body)), left_(left), rule_(rule), waiting_(std::move(waiting)) {}

  Result<std::size_t> Read(std::span<char> into) override {
    if (left_ == 0 && !std::exchange(held_, true)) {
      if (std::holds_alternative<std::monostate>(rule_.answer)) {
        waiting_.faults.MarkSeen(rule_);
      }
      if (const Status waited = SitOut(rule_, waiting_); !waited) {
        return waited.error();
      }
    }
    if (held_) {
      return body_.Read(into);
    }
    auto size = body_.Read(into.first(std::min<std::uint64_t>(into.size(), left_)));
    left_ -= size ? *size : 0;
    return size;
  }

 private:
  Body body_;
  std::uint64_t left_;
  const FaultRule& rule_;
  Waiting waiting_;
  bool held_ = false;
};

class PacedReader : public BodyReader {
 public:
  PacedReader(Body body, Pace pace, Waiting waiting)
      : body_(std::move(body)), pace_(pace), waiting_(std::move(waiting)) {}

  Result<std::size_t> Read(std::span<char> into) override {
    auto size = body_.Read(into.first(pace_.Portion(into.size())));
    if (!size || *size == 0) {
      return size;
    }
    passed_ += *size;
    const Status waited = waiting_.peer->WaitUntil(waiting_.clock, pace_.TimeOf(passed_));
    return waited ? size : waited.error();
  }

 private:
  Body body_;
  Pace pace_;
  Waiting waiting_;
  std::uint64_t passed_ = 0;
};

}  // namespace

Pieces::Pieces(std::optional<std::uint64_t> length)
    : size_(std::min<std::uint64_t>(length.value_or(kPieceBytes), kPieceBytes)) {}

std::span<char> Pieces::Next() {
  std::unique_ptr<char[]>& place = places_[turn_ ^= 1U];
  if (place == nullptr && size_ > 0) {
    place = std::make_unique_for_overwrite<char[]>(size_);
  }
  return {place.get(), size_};
}

std::string PeekExcerpt(Body& body) {
  std::string prefix(kExcerptBytesMax, '\0');
  std::size_t size = 0;
  while (size < prefix.size()) {
    const auto got = body.Read(std::span(prefix).subspan(size));
    if (!got || *got == 0) {
      break;
    }
    size += *got;
  }
  prefix.resize(size);
  const auto length = body.length();
  body = Body::FromReader(std::make_unique<PrefixedReader>(prefix, std::move(body)), length);
  return prefix;
}

Body CutAfter(Body body, std::uint64_t bytes, FaultState& faults, const FaultRule& rule,
              std::string message) {
  const auto length = body.length();
  return Body::FromReader(
      std::make_unique<CutReader>(std::move(body), bytes, faults, rule, std::move(message)),
      length);
}

Body Damaged(Body body, const Damage& damage) {
  auto length = body.length();
  if (length && damage.truncate) {
    length = std::min(*length, *damage.truncate);
  }
  return Body::FromReader(std::make_unique<DamagedReader>(std::move(body), damage), length);
}

Status SitOut(const FaultRule& rule, const Waiting& waiting) {
  Clock& clock = waiting.clock;
  const Hold& hold = *rule.hold;
  const Deadline end = hold.span ? clock.Elapsed() + *hold.span : kNoDeadline;
  if (!hold.until) {
    return waiting.peer->WaitUntil(clock, end);
  }
  // Nobody calls when the event comes: look now and then.
  const Duration pause =
      std::clamp<Duration>(hold.span.value_or(kNoDeadline) / 2000, std::chrono::milliseconds(1),
                           std::chrono::seconds(1));
  const std::uint64_t before = waiting.faults.Releases(rule);
  while (clock.Elapsed() < end && waiting.faults.Releases(rule) == before) {
    Status waited = waiting.peer->WaitUntil(clock, std::min(end, clock.Elapsed() + pause));
    if (!waited) {
      return waited;
    }
  }
  return Ok{};
}

Body HoldAfter(Body body, std::uint64_t bytes, const FaultRule& rule, Waiting waiting) {
  const auto length = body.length();
  return Body::FromReader(
      std::make_unique<HoldReader>(std::move(body), bytes, rule, std::move(waiting)), length);
}

Body PacedBy(Body body, Pace pace, Waiting waiting) {
  const auto length = body.length();
  return Body::FromReader(std::make_unique<PacedReader>(std::move(body), pace, std::move(waiting)),
                          length);
}

}  // namespace drydock::simulator
