#include "publisher/hash/read_ahead.h"

#include <algorithm>
#include <utility>

namespace drydock::publisher {
namespace {

// Inputs a reader takes at once when nothing is known of their sizes.
constexpr std::size_t kInputsTaken = 32;
constexpr std::size_t kBufferBytes = 128 << 10;
// A part ends after this many bytes, or where its slot ends.
constexpr std::uint64_t kPartBytes = 1 << 20;

void Add(const Input& input, const FileStamp& stamp, Part& part, std::string& identity) {
  ++part.inputs;
  part.bytes += stamp.size;
  part.newest_ns = std::max({part.newest_ns, stamp.modified_ns, stamp.changed_ns});
  AppendIdentity(input, stamp, identity);
}

void Seal(Part& part, std::string& identity) {
  Sha256 hash;
  hash.Update(identity);
  part.identity = hash.Raw();
  identity.clear();
}

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
    const std::lock_guard lock(slot_.mutex);
    ++slot_.filled;
    slot_.moved.notify_all();
  }

 private:
  bool NextBuffer() {
    std::unique_lock lock(slot_.mutex);
    slot_.moved.wait(
        lock, [&] { return owner_.stopped_.load() || slot_.filled - slot_.emptied < kBuffers; });
    if (owner_.stopped_.load()) {
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

ReadAhead::ReadAhead(InputStream& stream, const Options& options)
    : stream_(stream),
      options_(options),
      slots_(2 * std::size_t{options.readers} + 1),
      following_(options.known != nullptr && !options.known->empty()) {
  readers_.reserve(options_.readers);
  for (unsigned reader = 0; reader < options_.readers; ++reader) {
    readers_.emplace_back([this] { Run(); });
  }
}

ReadAhead::~ReadAhead() {
  stopped_ = true;
  for (Slot& slot : slots_) {
    const std::lock_guard lock(slot.mutex);
    slot.moved.notify_all();
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
    const std::lock_guard lock(slot->mutex);
    slot->unchanged = unchanged;
    std::move(skipped.begin(), skipped.end(), std::back_inserter(slot->skipped));
    if (!read) {
      slot->error = read.error();
    }
    slot->complete = true;
    slot->moved.notify_all();
  }
}

// The next slot in order with the next inputs in it; false when there are none for this reader.
bool ReadAhead::Take(Slot*& slot) {
  const std::lock_guard taking(take_mutex_);
  if (ended_ || stopped_.load()) {
    return false;
  }
  const std::uint64_t ordinal = next_taken_++;
  slot = &slots_[ordinal % slots_.size()];
  {
    std::unique_lock lock(slot->mutex);
    slot->moved.wait(lock, [&] { return stopped_.load() || !slot->taken; });
    if (stopped_.load()) {
      return false;
    }
  }
  // Nobody else looks at a slot that is not taken.
  Fill(*slot);
  const std::lock_guard lock(slot->mutex);
  slot->taken = true;
  slot->ordinal = ordinal;
  slot->moved.notify_all();
  return !slot->complete;
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
    auto more = stream_.Next(slot.inputs[slot.input_count]);
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
  slot.skipped = stream_.TakeSkipped();
  slot.last = ended_;
  slot.complete = slot.input_count == 0;
}

bool ReadAhead::IsUnchanged(const Slot& slot) const {
  if (slot.input_count != slot.known->inputs || slot.error) {
    return false;
  }
  Part part;
  std::string identity;
  for (std::size_t at = 0; at < slot.input_count; ++at) {
    const auto stamp = LookAt(slot.inputs[at]);
    if (!stamp) {
      return false;
    }
    Add(slot.inputs[at], *stamp, part, identity);
  }
  Seal(part, identity);
  return part.SameInputs(*slot.known);
}

Status ReadAhead::Read(Slot& slot, std::vector<std::string>& skipped) {
  SlotSink sink(*this, slot);
  Part part;
  std::string identity;
  for (std::size_t at = 0; at < slot.input_count; ++at) {
    const Input& input = slot.inputs[at];
    auto stamp = ReadInput(input, options_.compat, sink, skipped);
    if (!stamp) {
      sink.Publish();
      return std::move(stamp).error();
    }
    if (*stamp) {
      Add(input, **stamp, part, identity);
    }
    if (part.bytes >= kPartBytes || at + 1 == slot.input_count) {
      Seal(part, identity);
      if (!sink.EndPart(part)) {
        return Error(ErrorCode::kCancelled, "hash: stopped");
      }
      part = Part();
    }
  }
  return Ok();
}

void ReadAhead::Release(Slot& slot) {
  for (std::size_t at = 0; at < slot.input_count; ++at) {
    slot.inputs[at].file.folder.reset();
  }
  const std::lock_guard lock(slot.mutex);
  std::move(slot.skipped.begin(), slot.skipped.end(), std::back_inserter(skipped_));
  slot.skipped.clear();
  slot.taken = false;
  slot.moved.notify_all();
}

Result<bool> ReadAhead::Next(Delivery& delivery) {
  delivery = Delivery();
  for (;;) {
    Slot& slot = slots_[next_consumed_ % slots_.size()];
    std::unique_lock lock(slot.mutex);
    if (std::exchange(holding_, false)) {
      ++slot.emptied;
      slot.moved.notify_all();
    }
    slot.moved.wait(lock, [&] {
      return slot.taken && slot.ordinal == next_consumed_ &&
             (slot.filled > slot.emptied || slot.complete);
    });
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
    ++next_consumed_;
  }
}

}  // namespace drydock::publisher
