// Reads the inputs of a recipe with several threads and delivers their bytes to one, in order: the
// thread that hashes should never wait for a file. Each slot holds a run of consecutive inputs and
// a small ring of buffers, filled by one reader and emptied by the one consumer; slots are consumed
// in order, so the reader of the slot in turn can always go on and nothing locks up.
// Threads: owns its readers; Next belongs to one consumer. The destructor ends and joins them, also
// in the middle. Source: docs/adr/0010-one-hasher-many-readers.md.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/result.h"
#include "publisher/hash/input_source.h"
#include "publisher/hash/part.h"

namespace drydock::publisher {

class ReadAhead {
 public:
  struct Options {
    unsigned readers = 1;      // to start with; 0: the consumer reads while there is no disk
    unsigned readers_cpu = 1;  // while files are so small that opening them is the work
    unsigned readers_io = 1;   // while they come from a disk; the most of the three
    // Parts that an earlier run saw, in order: as long as all are as before, they are looked at and
    // not read. nullptr or empty: everything is read. Must outlive this.
    const std::vector<Part>* known = nullptr;
  };

  // What comes next in order. Views are good until the next call of Next.
  struct Delivery {
    std::string_view bytes;
    bool part_ends = false;  // `part` describes what ended with these bytes
    Part part;
    // The part is as in `known`; its bytes were not read. `inputs` are what it consists of, for a
    // consumer that needs them after all.
    bool unchanged = false;
    // The consumer has to read `inputs`.
    bool unread = false;
    std::span<const Input> inputs;
  };

  ReadAhead(InputSource& source, const Options& options);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // False at the end. The first error in the recipe's order is the one reported.
  Result<bool> Next(Delivery& delivery);
  // What was left out so far (compat).
  std::vector<std::string>& skipped() { return skipped_; }

 private:
  // Who had to wait for full buffers sleeps until there are a few.
  static constexpr std::size_t kWakeConsumerAt = 3;
  // A slot's buffers together are what is handed over between two sleeps of its reader: waking it
  // costs the hasher as much as hashing some KiB.
  static constexpr std::size_t kBuffers = 16;
  static constexpr std::size_t kBufferBytes = 128 << 10;
  // The bytes of all buffers. Touching a page for the first time takes longer than hashing it, so
  // what was given back last is taken again first, and a small tree touches little.
  class Memory {
   public:
    explicit Memory(std::size_t buffers);
    ~Memory();
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    // kBufferBytes; never more of them than `buffers` at a time.
    char* Take();
    void GiveBack(char* buffer);

   private:
    char* bytes_;
    std::vector<char*> free_;  // the last first
  };
  struct Buffer {
    char* bytes = nullptr;  // while it holds something
    std::size_t size = 0;
    bool part_ends = false;
    Part part;
  };
  struct Slot {
    // Guarded by `mutex_`, but for the reader between taking and completing it:
    bool taken = false;       // its inputs are there; false again when the consumer is through
    std::size_t filled = 0;   // buffers so far
    std::size_t emptied = 0;  // of these
    bool complete = false;    // no more buffers will come
    bool last = false;        // there are no inputs here or after
    bool unchanged = false;
    std::optional<Error> error;
    std::vector<std::string> skipped;
    // Of the reader until complete, then of the consumer:
    std::vector<Input> inputs;
    std::uint64_t ordinal = 0;
    std::size_t input_count = 0;  // `inputs` is longer: its strings are used again
    std::uint64_t bytes = 0;      // read
    const Part* known = nullptr;
    std::condition_variable half_empty;  // the slot's reader waits
    // A buffer is of the reader until it counts as filled, then of the consumer until emptied.
    std::array<Buffer, kBuffers> buffers;
  };
  class SlotSink;

  void Run();
  // One more reader, unless there are so many.
  void Grow(unsigned most);
  bool Take(Slot*& slot);
  bool AwaitFree(std::uint64_t ordinal);
  void Fill(Slot& slot);
  // True when the slot is as `known` says, and so are those before it that were looked at.
  bool Follows(const Slot& slot) const;
  bool IsUnchanged(const Slot& slot) const;
  // Next, while there are no readers: uses the first slot and counts nothing.
  Result<bool> NextAlone(Delivery& delivery);
  // Lets go of what the slot held.
  void Recycle(Slot& slot);
  Status Read(Slot& slot, std::vector<std::string>& skipped);
  // Ends `lock`, and wakes the consumer if it waits for what this slot has now.
  void Announce(const Slot& slot, std::unique_lock<std::mutex> lock);
  static bool Ready(const Slot& slot, std::size_t buffers);
  void Release(Slot& slot);

  InputSource& source_;
  const Options options_;
  std::vector<Slot> slots_;
  std::atomic<std::uint64_t> changed_at_;  // the first slot that is not as `known` says

  std::mutex take_mutex_;  // taken before `mutex_`
  // Guarded by `take_mutex_`:
  std::uint64_t next_taken_ = 0;
  std::size_t next_known_ = 0;
  bool ended_ = false;

  std::mutex mutex_;
  std::condition_variable arrived_;  // the consumer waits
  std::condition_variable freed_;    // the one reader that takes waits
  // Guarded by `mutex_`:
  Memory memory_;
  bool stopped_ = false;
  std::uint64_t next_consumed_ = 0;
  std::uint64_t wake_taker_at_ = 0;  // when so many slots are consumed
  std::vector<std::thread> readers_;

  // Of the consumer:
  bool alone_ = false;  // there are no readers yet
  std::uint64_t disk_before_ = 0;
  bool holding_ = false;  // the delivery in hand lies in a slot
  std::uint64_t inputs_delivered_ = 0;
  std::uint64_t bytes_delivered_ = 0;
  std::vector<std::string> skipped_;
};

}  // namespace drydock::publisher
