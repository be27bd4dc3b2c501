// What the hash would be if the inputs were others: left out, in another order, with other line
// endings. Each trial goes on from the state of the hash before its first difference, so that it
// costs only what comes after.
// Threads: one. Source: issue 3 section 4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/result.h"
#include "publisher/hash/input_list.h"
#include "publisher/hash/sha256_state.h"

namespace drydock::publisher {

enum class Edit {
  kAsIs,
  kCrlf,            // every lone LF becomes CRLF
  kAutoCrlf,        // the same as git does it with core.autocrlf: text without any CR only
  kLf,              // every CRLF becomes LF
  kWithBom,         // a byte-order mark in front
  kWithoutBom,      // none
  kWithNewline,     // one more newline at the end
  kWithoutNewline,  // one less
};

std::string_view Name(Edit edit);  // "CRLF for LF", "with a byte-order mark", …
// The content after the edit; nullopt when it stays as it is, or is binary.
std::optional<std::string> Edited(Edit edit, std::string_view content);

// A piece of a stream: an input of the list, edited or not, or bytes of its own.
struct Piece {
  static constexpr std::size_t kLiteral = SIZE_MAX;

  std::size_t index = kLiteral;
  Edit edit = Edit::kAsIs;
  std::string literal = {};

  friend bool operator==(const Piece&, const Piece&) = default;
};
using Sequence = std::vector<Piece>;

class Trials {
 public:
  // Hashes the list once. Adds to `bytes_hashed` what each trial costs. Both must outlive the
  // trials.
  static Result<Trials> Make(const InputList& list, std::uint64_t& bytes_hashed);

  const InputList& list() const { return *list_; }
  const Digest& base() const { return base_; }
  Sequence BaseSequence() const;

  Result<Digest> Hash(const Sequence& sequence);
  // From nothing, with everything read anew and through EVP: what an explanation is proven by.
  Result<Digest> Prove(const Sequence& sequence) const;
  Result<Digest> WithoutOne(std::size_t left_out) { return WithOther(left_out, ""); }
  // With `content` in the place of one input's.
  Result<Digest> WithOther(std::size_t index, std::string_view content);
  // Leaves out `left_out` and, one after the other, each of `others` (ascending, all behind it).
  // `take` is told which, and says whether to go on.
  Status WithoutTwo(std::size_t left_out, const std::vector<std::size_t>& others,
                    const std::function<bool(std::size_t, const Digest&)>& take);

 private:
  Trials(const InputList& list, std::uint64_t& bytes_hashed)
      : list_(&list), bytes_hashed_(&bytes_hashed) {}
  // The hash of everything before the input.
  Result<Sha256> Before(std::size_t index);
  Status Add(const Piece& piece, Sha256& sha256);
  Status AddFrom(std::size_t index, Sha256& sha256);

  const InputList* list_;
  Digest base_ = Digest::Of("");
  std::size_t stride_ = 1;           // inputs between two states
  std::vector<Sha256State> states_;  // before every stride-th input
  std::uint64_t* bytes_hashed_;
};

}  // namespace drydock::publisher
