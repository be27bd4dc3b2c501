#include "publisher/hash/hash_source.h"

#include <sched.h>

#include <algorithm>
#include <array>
#include <functional>
#include <thread>
#include <utility>

#include "publisher/hash/read_ahead.h"
#include "publisher/hash/sha256_state.h"

namespace drydock::publisher {
namespace {

// That this process may use (std::thread::hardware_concurrency does not know of taskset).
unsigned Processors() {
  cpu_set_t allowed;
  const int count = ::sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 0;
  return count > 0 ? static_cast<unsigned>(count) : std::thread::hardware_concurrency();
}

// Progress is told at least this often.
constexpr std::uint64_t kTellBytes = 512 << 10;

ReadAhead::Options Readers(const InputSource& source, const HashOptions& options) {
  ReadAhead::Options readers;
  const unsigned processors = Processors();
  readers.readers_cpu = options.readers > 0 ? options.readers : std::clamp(processors, 1U, 8U);
  readers.readers_io = options.readers > 0 ? options.readers : 8;
  readers.readers = source.IsCostly() ? readers.readers_cpu : 1;
  if (processors == 1) {
    readers.readers = 0;  // with one processor for everything, handing bytes over only costs
  }
  if (options.readers > 0) {
    readers.readers = options.readers;
  }
  return readers;
}

// Gives on what is put into it, at once.
class DirectSink : public ByteSink {
 public:
  explicit DirectSink(std::function<void(std::string_view)> take) : take_(std::move(take)) {}

  Result<std::span<char>> Room() override { return std::span<char>(bytes_); }
  void Filled(std::size_t count) override { take_(std::string_view(bytes_.data(), count)); }

 private:
  std::function<void(std::string_view)> take_;
  std::array<char, 128 << 10> bytes_;  // as much as stays in the processor's cache
};

class HashRun {
 public:
  HashRun(InputSource& source, const HashOptions& options, const Checkpoints* known,
          Checkpoints* made)
      : source_(source),
        options_(options),
        known_(known),
        made_(made),
        following_(known != nullptr) {}

  Status Take(const ReadAhead::Delivery& delivery) {
    if (delivery.unchanged && following_) {
      ++matched_;
      hash_.bytes_reused += delivery.part.bytes;
      hash_.bytes += delivery.part.bytes;
      EndPart(delivery.part);
      return Ok();
    }
    Resume();
    if (delivery.unchanged || delivery.unread) {
      return Read(delivery.inputs);
    }
    sha256_.Update(delivery.bytes);
    hash_.bytes += delivery.bytes.size();
    if (delivery.part_ends) {
      EndPart(delivery.part);
    } else {
      TellProgress();
    }
    return Ok();
  }

  BaseHash Finish() {
    Resume();
    hash_.digest = sha256_.Finish();
    return std::move(hash_);
  }

 private:
  // From here on, every byte counts.
  void Resume() {
    if (std::exchange(following_, false) && matched_ > 0) {
      sha256_ = Sha256(known_->states[matched_ - 1]);
    }
  }

  // What nobody has read: a part that is as it was behind one that is not, or everything.
  Status Read(std::span<const Input> inputs) {
    DirectSink sink([&](std::string_view bytes) {
      sha256_.Update(bytes);
      hash_.bytes += bytes.size();
      untold_ += bytes.size();
      if (untold_ >= kTellBytes) {
        TellProgress();
      }
    });
    PartBuilder part;
    for (const Input& input : inputs) {
      auto stamp = source_.Read(input, sink, hash_.skipped);
      if (!stamp) {
        return std::move(stamp).error();
      }
      if (*stamp) {
        part.Add(input, **stamp);
      }
      if (part.IsFull()) {
        EndPart(part.Seal());
      }
    }
    if (!part.IsEmpty()) {
      EndPart(part.Seal());
    }
    return Ok();
  }

  void EndPart(const Part& part) {
    hash_.files += part.inputs - part.lines;
    if (made_ != nullptr) {
      made_->parts.push_back(part);
      made_->states.push_back(following_ ? known_->states[matched_ - 1] : sha256_.Save());
    }
    TellProgress();
  }

  void TellProgress() {
    untold_ = 0;
    if (options_.on_progress) {
      options_.on_progress({hash_.files, hash_.bytes});
    }
  }

  InputSource& source_;
  const HashOptions& options_;
  const Checkpoints* known_;
  Checkpoints* made_;
  bool following_;  // everything so far is as `known_` says
  std::size_t matched_ = 0;
  std::uint64_t untold_ = 0;  // bytes hashed since progress was told
  Sha256 sha256_;
  BaseHash hash_;
};

}  // namespace

Result<BaseHash> HashSource(InputSource& source, const HashOptions& options,
                            const Checkpoints* known, Checkpoints* made) {
  ReadAhead::Options ahead = Readers(source, options);
  if (known != nullptr && !known->parts.empty()) {
    ahead.known = &known->parts;
    ahead.readers = ahead.readers == 0
                        ? 0
                        : ahead.readers_cpu;  // looking at files is all there is to do at first
  }
  ReadAhead reading(source, ahead);
  HashRun run(source, options, known, made);
  ReadAhead::Delivery delivery;
  for (;;) {
    auto more = reading.Next(delivery);
    if (!more) {
      return std::move(more).error();
    }
    if (!*more) {
      break;
    }
    if (Status taken = run.Take(delivery); !taken) {
      return std::move(taken).error();
    }
  }
  BaseHash hash = run.Finish();
  std::move(reading.skipped().begin(), reading.skipped().end(), std::back_inserter(hash.skipped));
  return hash;
}

}  // namespace drydock::publisher
