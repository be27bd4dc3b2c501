// A few consecutive inputs of a hash: the grain in which an unchanged tree is recognised and in
// which the state of the hash is remembered.
// Threads: values.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "publisher/hash/input_source.h"
#include "publisher/hash/sha256_state.h"

namespace drydock::publisher {

struct Part {
  std::uint32_t inputs = 0;
  std::uint32_t lines = 0;  // of these, literal lines
  std::uint64_t bytes = 0;
  std::int64_t newest_ns = 0;                // the latest time stamp among them
  std::array<unsigned char, 32> identity{};  // SHA-256 over names and stamps

  friend bool operator==(const Part&, const Part&) = default;
};

class PartBuilder {
 public:
  static constexpr std::uint64_t kPartBytes = 1 << 20;

  void Add(const Input& input, const FileStamp& stamp);
  // True when the part should end here, wherever it is read.
  bool IsFull() const { return part_.bytes >= kPartBytes; }
  bool IsEmpty() const { return part_.inputs == 0; }
  // The part of what was added since the last call.
  Part Seal();

 private:
  Part part_;
  std::string identity_;
};

// The parts of a tree in order, and the state of the hash after each.
struct Checkpoints {
  std::vector<Part> parts;
  std::vector<Sha256State> states;  // one for each part

  friend bool operator==(const Checkpoints&, const Checkpoints&) = default;
};

}  // namespace drydock::publisher
