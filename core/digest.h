// Content digests ("sha256:<hex>", "sha512:<hex>") and the hashers that make them.
// Threads: values; one Hasher belongs to one thread at a time.
// Source: OCI image-spec descriptor.md, "Digests".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace drydock {

enum class DigestAlgorithm { kSha256, kSha512 };

std::string_view Name(DigestAlgorithm algorithm);  // "sha256", "sha512"

// A well-formed digest of a registered algorithm. Parsed once, valid ever after.
class Digest {
 public:
  // Accepts exactly "<algorithm>:<lower-case hex of the right length>"; kInvalid otherwise, with
  // the offending text in the message.
  static Result<Digest> Parse(std::string_view text);
  static Digest Of(std::string_view bytes, DigestAlgorithm algorithm = DigestAlgorithm::kSha256);
  // `hex` must be lower-case hex of the algorithm's length; for callers that made it with a Hasher.
  static Digest FromHex(DigestAlgorithm algorithm, std::string hex);

  DigestAlgorithm algorithm() const { return algorithm_; }
  std::string_view hex() const { return hex_; }
  std::string ToString() const;
  std::string Short() const;  // first 12 hex digits, for people

  friend bool operator==(const Digest&, const Digest&) = default;
  friend auto operator<=>(const Digest&, const Digest&) = default;  // NOLINT: no pointer

 private:
  Digest(DigestAlgorithm algorithm, std::string hex)
      : algorithm_(algorithm), hex_(std::move(hex)) {}

  DigestAlgorithm algorithm_;
  std::string hex_;
};

// Incremental hashing through OpenSSL EVP. Movable; Finish may be called once.
class Hasher {
 public:
  explicit Hasher(DigestAlgorithm algorithm = DigestAlgorithm::kSha256);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void Update(std::string_view bytes);
  Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace drydock

template <>
struct std::hash<drydock::Digest> {
  std::size_t operator()(const drydock::Digest& digest) const noexcept {
    return std::hash<std::string_view>()(digest.hex());
  }
};
