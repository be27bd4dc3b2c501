#include "publisher/hash/read_ahead.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

namespace drydock::publisher {
namespace {

// Inputs a reader takes at once when nothing is known of their sizes.
constexpr std::size_t kInputsTaken = 64;
// Slots beyond one for each reader: how far reading may be ahead.
constexpr std::size_t kSlotsAhead = 4;

// Files smaller than this take longer to open than to hash.
constexpr std::uint64_t kSmallFile = 8 << 10;
constexpr std::uint64_t kInputsToJudgeBy = 1024;
// A consumer that reads by itself gets readers when a slot's inputs took more than this from a
// disk.
constexpr std::uint64_t kDiskBytesAlone = 64 << 10;
constexpr std::size_t kHugePage = 2 << 20;
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

// Bytes that were read from a disk for this thread so far.
std::uint64_t ReadFromDisk() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return static_cast<std::uint64_t>(usage.ru_inblock) * 512;
}

}  // namespace

ReadAhead::Memory::Memory(std::size_t buffers) {
  const std::size_t bytes = buffers * kBufferBytes;
  bytes_ = static_cast<char*>(::operator new(bytes, std::align_val_t(kHugePage)));
  ::madvise(bytes_, bytes, MADV_HUGEPAGE);  // good without, too
  free_.reserve(buffers);
  for (std::size_t buffer = buffers; buffer-- > 0;) {
    free_.push_back(bytes_ + buffer * kBufferBytes);
  }
}

ReadAhead::Memory::~Memory() { ::operator delete(bytes_, std::align_val_t(kHugePage)); }

char* ReadAhead::Memory::Take() {
  char* buffer = free_.back();
  free_.pop_back();
  return buffer;
}

void ReadAhead::Memory::GiveBack(char* buffer) { free_.push_back(buffer); }

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
    return std::span<char>(buffer_->bytes + buffer_->size, kBufferBytes - buffer_->size);
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
    std::unique_lock lock(owner_.mutex_);
    ++slot_.filled;
    owner_.Announce(slot_, std::move(lock));
  }

 private:
  bool NextBuffer() {
    std::unique_lock lock(owner_.mutex_);
    if (slot_.filled - slot_.emptied == kBuffers) {
      slot_.half_empty.wait(
          lock, [&] { return owner_.stopped_ || slot_.filled - slot_.emptied <= kBuffers / 2; });
    }
    if (owner_.stopped_) {
      return false;
    }
    buffer_ = &slot_.buffers[slot_.filled % kBuffers];
    buffer_->bytes = owner_.memory_.Take();
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
      slots_(std::size_t{options.readers_io} + kSlotsAhead),
      changed_at_(options.known != nullptr && !options.known->empty() ? kNever : 0),
      memory_(slots_.size() * kBuffers),
      alone_(options.readers == 0),
      disk_before_(ReadFromDisk()) {
  for (unsigned reader = 0; reader < options_.readers; ++reader) {
    Grow(options_.readers);
  }
}

void ReadAhead::Grow(unsigned most) {
  const std::lock_guard lock(mutex_);
  if (!stopped_ && readers_.size() < most) {
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
  for (std::thread& reader : readers_) {  // nobody adds to them any more
    reader.join();
  }
}

void ReadAhead::Run() {
  Slot* slot = nullptr;
  std::uint64_t disk_before = 0;
  while (Take(slot)) {
    std::vector<std::string> skipped;
    const bool unchanged = Follows(*slot);
    Status read = Ok();
    if (!unchanged) {
      // Those before it may still be looked at by other readers, and be as they were.
      for (std::uint64_t at = changed_at_; slot->ordinal < at;) {
        if (changed_at_.compare_exchange_weak(at, slot->ordinal)) {
          break;
        }
      }
      read = Read(*slot, skipped);
    }
    const std::uint64_t from_disk = ReadFromDisk();
    if (from_disk - disk_before > slot->bytes / 2) {
      Grow(options_.readers_io);
    }
    disk_before = from_disk;
    std::unique_lock lock(mutex_);
    slot->unchanged = unchanged;
    std::move(skipped.begin(), skipped.end(), std::back_inserter(slot->skipped));
    if (!read) {
      slot->error = read.error();
    }
    slot->complete = true;
    Announce(*slot, std::move(lock));
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
  slot->ordinal = ordinal;
  Fill(*slot);
  std::unique_lock lock(mutex_);
  slot->taken = true;
  const bool work = !slot->complete;
  if (!work) {
    Announce(*slot, std::move(lock));
  }
  return work;
}

// Until the slot of that ordinal is free; false when stopped.
bool ReadAhead::AwaitFree(std::uint64_t ordinal) {
  std::unique_lock lock(mutex_);
  const std::size_t window = std::min(readers_.size() + kSlotsAhead, slots_.size());
  if (ordinal - next_consumed_ >= window) {
    wake_taker_at_ = ordinal - window / 2;
    freed_.wait(lock, [&] { return stopped_ || next_consumed_ >= wake_taker_at_; });
  }
  return !stopped_;
}

void ReadAhead::Announce(const Slot& slot, std::unique_lock<std::mutex> lock) {
  const bool wanted =
      &slot == &slots_[next_consumed_ % slots_.size()] && Ready(slot, kWakeConsumerAt);
  lock.unlock();  // or else whoever wakes finds it locked and sleeps again
  if (wanted) {
    arrived_.notify_one();
  }
}

// True when the consumer has so many buffers of the slot to go on with, or all there will be.
bool ReadAhead::Ready(const Slot& slot, std::size_t buffers) {
  return slot.taken && (slot.complete || slot.filled - slot.emptied >= buffers);
}

void ReadAhead::Fill(Slot& slot) {
  slot.filled = slot.emptied = slot.input_count = 0;
  slot.bytes = 0;
  slot.complete = slot.unchanged = false;
  slot.known = nullptr;
  std::size_t wanted = kInputsTaken;
  if (changed_at_ == kNever && next_known_ < options_.known->size()) {
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

bool ReadAhead::Follows(const Slot& slot) const {
  return slot.known != nullptr && slot.ordinal < changed_at_ && IsUnchanged(slot);
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
      slot.bytes += (*stamp)->size;
    }
    const bool ends = part.IsFull() || at + 1 == slot.input_count;
    if (ends && !sink.EndPart(part.Seal())) {
      return Error(ErrorCode::kCancelled, "hash: stopped");
    }
  }
  return Ok();
}

void ReadAhead::Recycle(Slot& slot) {
  for (std::size_t at = 0; at < slot.input_count; ++at) {
    slot.inputs[at].file.folder.reset();
  }
  std::move(slot.skipped.begin(), slot.skipped.end(), std::back_inserter(skipped_));
  slot.skipped.clear();
}

void ReadAhead::Release(Slot& slot) {
  Recycle(slot);
  const std::lock_guard lock(mutex_);
  slot.taken = false;
  if (++next_consumed_ == wake_taker_at_) {
    freed_.notify_one();
  }
}

Result<bool> ReadAhead::NextAlone(Delivery& delivery) {
  Slot& slot = slots_.front();
  Recycle(slot);
  if (!ended_) {
    Fill(slot);
  } else {
    slot.input_count = 0;
  }
  if (slot.input_count == 0) {
    return slot.error ? Result<bool>(*slot.error) : Result<bool>(false);
  }
  delivery.inputs = std::span<const Input>(slot.inputs.data(), slot.input_count);
  delivery.unchanged = Follows(slot);
  if (delivery.unchanged) {
    delivery.part_ends = true;
    delivery.part = *slot.known;
  } else {
    changed_at_ = 0;
    delivery.unread = true;
  }
  return true;
}

Result<bool> ReadAhead::Next(Delivery& delivery) {
  delivery = Delivery();
  if (alone_) {
    const std::uint64_t from_disk = ReadFromDisk();
    alone_ = ended_ || from_disk - disk_before_ <= kDiskBytesAlone;
    disk_before_ = from_disk;
    if (alone_) {
      return NextAlone(delivery);
    }
    Recycle(slots_.front());
    Grow(options_.readers_io);
  }
  for (;;) {
    std::unique_lock lock(mutex_);
    Slot& slot = slots_[next_consumed_ % slots_.size()];
    if (std::exchange(holding_, false)) {
      memory_.GiveBack(slot.buffers[slot.emptied % kBuffers].bytes);
      ++slot.emptied;
      if (slot.filled - slot.emptied == kBuffers / 2) {
        slot.half_empty.notify_one();
      }
    }
    if (!Ready(slot, 1)) {
      if (inputs_delivered_ > kInputsToJudgeBy &&
          bytes_delivered_ / inputs_delivered_ < kSmallFile) {
        lock.unlock();
        Grow(options_.readers_cpu);
        lock.lock();
      }
      arrived_.wait(lock, [&] { return Ready(slot, kWakeConsumerAt); });
    }
    if (slot.filled > slot.emptied) {
      const Buffer& buffer = slot.buffers[slot.emptied % kBuffers];
      delivery.bytes = std::string_view(buffer.bytes, buffer.size);
      delivery.part_ends = buffer.part_ends;
      delivery.part = buffer.part;
      bytes_delivered_ += buffer.size;
      inputs_delivered_ += buffer.part_ends ? buffer.part.inputs : 0;
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
