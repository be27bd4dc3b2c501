#include "publisher/hash/read_ahead.h"

#include <algorithm>
#include <utility>

namespace drydock::publisher {
namespace {

// Inputs a reader takes at once when nothing is known of their sizes.
constexpr std::size_t kInputsTaken = 32;
constexpr std::size_t kBufferBytes = 128 << 10;
// Slots beyond one for each reader: how far reading may be ahead.
constexpr std::size_t kSlotsAhead = 3;
// A part ends after this many bytes, or where its slot ends.
constexpr std::uint64_t kPartBytes = 1 << 20;

}  // namespace

// Fills the slot's buffers one after the other, waiting for the consumer when all are full.
class ReadAhead::SlotSink : public ByteSink {
 public:
  SlotSink(ReadAhead& owner, Slot& slot) : owner_(owner), slot_(slot) {}

  Result<std::span<char>> Room() override {
    if (buffer_ != nullptr && buffer_->size == kBufferBytes) {
      Publish();
    }
    if (buffer_ == nullptr && !NextBuffer()) {
      return Error(ErrorCode::kCancelled, "hash: stopped");
    }
    return std::span<char>(buffer_->bytes.get() + buffer_->size, kBufferBytes - buffer_->size);
  }

  void Filled(std::size_t count) override { buffer_->size += count; }

  // The bytes so far end a part. False when nobody wants them any more.
  bool EndPart(const Part& part) {
    if (buffer_ == nullptr && !NextBuffer()) {
      return false;
    }
    buffer_->part_ends = true;
    buffer_->part = part;
    Publish();
    return true;
  }

  // Hands over what is in the buffer, if anything.
  void Publish() {
    if (buffer_ == nullptr) {
      return;
    }
    buffer_ = nullptr;
    const std::lock_guard lock(owner_.mutex_);
    ++slot_.filled;
    owner_.Announce(slot_);
  }

 private:
  bool NextBuffer() {
    std::unique_lock lock(owner_.mutex_);
    if (slot_.filled - slot_.emptied == kBuffers) {
      // Waking a thread costs as much as reading some files: sleep until there is room for more.
      slot_.half_empty.wait(
          lock, [&] { return owner_.stopped_ || slot_.filled - slot_.emptied <= kBuffers / 2; });
    }
    if (owner_.stopped_) {
      return false;
    }
    buffer_ = &slot_.buffers[slot_.filled % kBuffers];
    if (!buffer_->bytes) {
      buffer_->bytes.reset(new char[kBufferBytes]);  // make_unique would write it all first
    }
    buffer_->size = 0;
    buffer_->part_ends = false;
    return true;
  }

  ReadAhead& owner_;
  Slot& slot_;
  Buffer* buffer_ = nullptr;
};

ReadAhead::ReadAhead(InputSource& source, const Options& options)
    : source_(source),
      options_(options),
      slots_(std::size_t{options.readers} + kSlotsAhead),
      following_(options.known != nullptr && !options.known->empty()) {
  readers_.reserve(options_.readers);
  for (unsigned reader = 0; reader < options_.readers; ++reader) {
    readers_.emplace_back([this] { Run(); });
  }
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    freed_.notify_all();
    for (Slot& slot : slots_) {
      slot.half_empty.notify_all();
    }
  }
  for (std::thread& reader : readers_) {
    reader.join();
  }
}

void ReadAhead::Run() {
  Slot* slot = nullptr;
  while (Take(slot)) {
    std::vector<std::string> skipped;
    const bool unchanged = slot->known != nullptr && following_.load() && IsUnchanged(*slot);
    Status read = Ok();
    if (!unchanged) {
      if (slot->known != nullptr) {
        following_ = false;
      }
      read = Read(*slot, skipped);
    }
    const std::lock_guard lock(mutex_);
    slot->unchanged = unchanged;
    std::move(skipped.begin(), skipped.end(), std::back_inserter(slot->skipped));
    if (!read) {
      slot->error = read.error();
    }
    slot->complete = true;
    Announce(*slot);
  }
}

// The next slot in order with the next inputs in it; false when there are none for this reader.
bool ReadAhead::Take(Slot*& slot) {
  const std::lock_guard taking(take_mutex_);
  if (ended_) {
    return false;
  }
  const std::uint64_t ordinal = next_taken_++;
  slot = &slots_[ordinal % slots_.size()];
  if (!AwaitFree(ordinal)) {
    return false;
  }
  // Nobody else looks at a slot that is not taken.
  Fill(*slot);
  const std::lock_guard lock(mutex_);
  slot->taken = true;
  if (slot->complete) {
    Announce(*slot);
  }
  return !slot->complete;
}

// Until the slot of that ordinal is free; false when stopped.
bool ReadAhead::AwaitFree(std::uint64_t ordinal) {
  std::unique_lock lock(mutex_);
  if (ordinal - next_consumed_ >= slots_.size()) {
    wake_taker_at_ = ordinal - slots_.size() / 2;
    freed_.wait(lock, [&] { return stopped_ || next_consumed_ >= wake_taker_at_; });
  }
  return !stopped_;
}

void ReadAhead::Announce(const Slot& slot) {
  if (&slot == &slots_[next_consumed_ % slots_.size()]) {
    arrived_.notify_one();
  }
}

void ReadAhead::Fill(Slot& slot) {
  slot.filled = slot.emptied = slot.input_count = 0;
  slot.complete = slot.unchanged = false;
  slot.known = nullptr;
  std::size_t wanted = kInputsTaken;
  if (following_.load() && next_known_ < options_.known->size()) {
    slot.known = &(*options_.known)[next_known_++];
    wanted = slot.known->inputs;
  }
  while (slot.input_count < wanted) {
    if (slot.input_count == slot.inputs.size()) {
      slot.inputs.emplace_back();
    }
    auto more = source_.Next(slot.inputs[slot.input_count]);
    if (!more) {
      // What came before the error in order is still delivered.
      slot.error = more.error();
      ended_ = true;
      break;
    }
    if (!*more) {
      ended_ = true;
      break;
    }
    ++slot.input_count;
  }
  slot.skipped = source_.TakeSkipped();
  slot.last = ended_;
  slot.complete = slot.input_count == 0;
}

bool ReadAhead::IsUnchanged(const Slot& slot) const {
  if (slot.input_count != slot.known->inputs || slot.error) {
    return false;
  }
  PartBuilder part;
  for (std::size_t at = 0; at < slot.input_count; ++at) {
    const auto stamp = source_.LookAt(slot.inputs[at]);
    if (!stamp) {
      return false;
    }
    part.Add(slot.inputs[at], *stamp);
  }
  return part.Seal() == *slot.known;
}

Status ReadAhead::Read(Slot& slot, std::vector<std::string>& skipped) {
  SlotSink sink(*this, slot);
  PartBuilder part;
  for (std::size_t at = 0; at < slot.input_count; ++at) {
    const Input& input = slot.inputs[at];
    auto stamp = source_.Read(input, sink, skipped);
    if (!stamp) {
      sink.Publish();
      return std::move(stamp).error();
    }
    if (*stamp) {
      part.Add(input, **stamp);
    }
    const bool ends = part.bytes() >= kPartBytes || at + 1 == slot.input_count;
    if (ends && !sink.EndPart(part.Seal())) {
      return Error(ErrorCode::kCancelled, "hash: stopped");
    }
  }
  return Ok();
}

void ReadAhead::Release(Slot& slot) {
  for (std::size_t at = 0; at < slot.input_count; ++at) {
    slot.inputs[at].file.folder.reset();
  }
  std::move(slot.skipped.begin(), slot.skipped.end(), std::back_inserter(skipped_));
  slot.skipped.clear();
  const std::lock_guard lock(mutex_);
  slot.taken = false;
  if (++next_consumed_ == wake_taker_at_) {
    freed_.notify_one();
  }
}

Result<bool> ReadAhead::Next(Delivery& delivery) {
  delivery = Delivery();
  for (;;) {
    std::unique_lock lock(mutex_);
    Slot& slot = slots_[next_consumed_ % slots_.size()];
    if (std::exchange(holding_, false)) {
      ++slot.emptied;
      if (slot.filled - slot.emptied == kBuffers / 2) {
        slot.half_empty.notify_one();
      }
    }
    arrived_.wait(lock,
                  [&] { return slot.taken && (slot.filled > slot.emptied || slot.complete); });
    if (slot.filled > slot.emptied) {
      const Buffer& buffer = slot.buffers[slot.emptied % kBuffers];
      delivery.bytes = std::string_view(buffer.bytes.get(), buffer.size);
      delivery.part_ends = buffer.part_ends;
      delivery.part = buffer.part;
      holding_ = true;
      return true;
    }
    if (slot.unchanged) {
      slot.unchanged = false;
      delivery.unchanged = delivery.part_ends = true;
      delivery.part = *slot.known;
      delivery.inputs = std::span<const Input>(slot.inputs.data(), slot.input_count);
      return true;
    }
    if (slot.error) {
      return *slot.error;
    }
    const bool last = slot.last;
    lock.unlock();
    Release(slot);
    if (last) {
      return false;
    }
  }
}

}  // namespace drydock::publisher
