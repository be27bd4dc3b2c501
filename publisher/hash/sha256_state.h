// SHA-256 whose state can be taken out between two bytes and put back in another run: the one home
// of OpenSSL's deprecated low-level interface, which alone gives access to it.
// Threads: values. Source: FIPS 180-4; issue 3 section 2.
#pragma once

#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/digest.h"

namespace drydock::publisher {

// What SHA-256 remembers of all bytes so far; plain data, the same on every machine.
struct Sha256State {
  std::array<std::uint32_t, 8> words{};
  std::uint64_t bytes = 0;                // so far
  std::array<unsigned char, 64> block{};  // the first bytes % 64 are pending, the others zero

  friend bool operator==(const Sha256State&, const Sha256State&) = default;
};

class Sha256 {
 public:
  Sha256();
  explicit Sha256(const Sha256State& state);

  void Update(std::string_view bytes);
  Sha256State Save() const;
  // Both may be called at any time; more bytes may follow.
  std::array<unsigned char, 32> Raw() const;
  Digest Finish() const;

 private:
  SHA256_CTX context_;
};

}  // namespace drydock::publisher
