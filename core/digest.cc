#include "core/digest.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>

#include "core/text.h"

namespace drydock {
namespace {

std::size_t HexLength(DigestAlgorithm algorithm) {
  return algorithm == DigestAlgorithm::kSha256 ? 64 : 128;
}

bool IsLowerHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string_view Name(DigestAlgorithm algorithm) {
  return algorithm == DigestAlgorithm::kSha256 ? "sha256" : "sha512";
}

Result<Digest> Digest::Parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  if (colon == std::string_view::npos || (name != "sha256" && name != "sha512")) {
    return Error(ErrorCode::kInvalid,
                 Concat({"digest: expected sha256:<hex> or sha512:<hex>: ", text}));
  }
  const auto algorithm = name == "sha256" ? DigestAlgorithm::kSha256 : DigestAlgorithm::kSha512;
  const std::string_view hex = text.substr(colon + 1);
  if (hex.size() != HexLength(algorithm) || !IsLowerHex(hex)) {
    return Error(ErrorCode::kInvalid,
                 Concat({"digest: expected ", std::to_string(HexLength(algorithm)),
                         " lower-case hex digits after ", name, ":: ", text}));
  }
  return Digest(algorithm, std::string(hex));
}

Digest Digest::Of(std::string_view bytes, DigestAlgorithm algorithm) {
  Hasher hasher(algorithm);
  hasher.Update(bytes);
  return hasher.Finish();
}

Digest Digest::FromHex(DigestAlgorithm algorithm, std::string hex) {
  if (hex.size() != HexLength(algorithm) || !IsLowerHex(hex)) {
    std::abort();
  }
  return Digest(algorithm, std::move(hex));
}

std::string Digest::ToString() const { return Concat({Name(algorithm_), ":", hex_}); }

std::string Digest::Short() const { return hex_.substr(0, 12); }

namespace {

// Looked up once: OpenSSL's own constants are looked up again by whoever uses them.
const EVP_MD* Fetched(DigestAlgorithm algorithm) {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static const EVP_MD* const sha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  return algorithm == DigestAlgorithm::kSha256 ? sha256 : sha512;
}

}  // namespace

struct Hasher::State {
  DigestAlgorithm algorithm = DigestAlgorithm::kSha256;
  EVP_MD_CTX* context = nullptr;
};

Hasher::Hasher(DigestAlgorithm algorithm) : state_(std::make_unique<State>()) {
  state_->algorithm = algorithm;
  state_->context = EVP_MD_CTX_new();
  if (state_->context == nullptr ||
      EVP_DigestInit_ex(state_->context, Fetched(algorithm), nullptr) != 1) {
    std::abort();  // out of memory or an OpenSSL without SHA-2: nothing sensible is left to do
  }
}

Hasher::~Hasher() {
  if (state_ != nullptr) {
    EVP_MD_CTX_free(state_->context);
  }
}

Hasher::Hasher(Hasher&&) noexcept = default;

Hasher& Hasher::operator=(Hasher&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

void Hasher::Update(std::string_view bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

Digest Hasher::Finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned size = 0;
  EVP_DigestFinal_ex(state_->context, raw.data(), &size);
  return Digest::FromHex(state_->algorithm,
                         ToHex({reinterpret_cast<const char*>(raw.data()), size}));
}

}  // namespace drydock
