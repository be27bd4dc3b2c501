#define OPENSSL_SUPPRESS_DEPRECATED
#include "publisher/hash/sha256_state.h"

#include <algorithm>
#include <cstring>

#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kBlock = SHA256_CBLOCK;
// Another processor wrote these bytes, so the next ones are asked for while some are hashed.
constexpr std::size_t kStep = 2 << 10;
constexpr std::size_t kCacheLine = 64;

}  // namespace

Sha256::Sha256() : context_() { SHA256_Init(&context_); }

Sha256::Sha256(const Sha256State& state) : Sha256() {
  std::copy(state.words.begin(), state.words.end(), context_.h);
  const std::uint64_t bits = state.bytes * 8;
  context_.Nl = static_cast<SHA_LONG>(bits & 0xFFFFFFFF);
  context_.Nh = static_cast<SHA_LONG>(bits >> 32);
  context_.num = static_cast<unsigned>(state.bytes % state.block.size());
  std::memcpy(context_.data, state.block.data(), context_.num);
}

void Sha256::Update(std::string_view bytes) {
  // To the end of a block first, or else every step below would end in the middle of one.
  const std::size_t begun = std::min<std::size_t>((kBlock - context_.num) % kBlock, bytes.size());
  SHA256_Update(&context_, bytes.data(), begun);
  bytes.remove_prefix(begun);
  while (!bytes.empty()) {
    const std::string_view now = bytes.substr(0, kStep);
    bytes.remove_prefix(now.size());
    for (std::size_t line = 0; line < std::min(bytes.size(), kStep); line += kCacheLine) {
      __builtin_prefetch(bytes.data() + line);
    }
    SHA256_Update(&context_, now.data(), now.size());
  }
}

Sha256State Sha256::Save() const {
  Sha256State state;
  std::copy(std::begin(context_.h), std::end(context_.h), state.words.begin());
  state.bytes = ((std::uint64_t{context_.Nh} << 32) | context_.Nl) / 8;
  std::memcpy(state.block.data(), context_.data, context_.num);
  return state;
}

std::array<unsigned char, 32> Sha256::Raw() const {
  SHA256_CTX context = context_;
  std::array<unsigned char, 32> raw{};
  SHA256_Final(raw.data(), &context);
  return raw;
}

Digest Sha256::Finish() const {
  const auto raw = Raw();
  return Digest::FromHex(
      DigestAlgorithm::kSha256,
      ToHex(std::string_view(reinterpret_cast<const char*>(raw.data()), raw.size())));
}

}  // namespace drydock::publisher
