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
    left_ -= size ? *size : 0;
    return size;
  }

 private:
  Body body_;
  std::uint64_t left_;
  FaultState& faults_;
  const FaultRule& rule_;
  std::string message_;
  bool seen_ = false;
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

}  // namespace drydock::simulator
