#include "simulator/registry/upload.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/json.h"
#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::uint64_t kReserveMax = std::uint64_t{64} << 20;

}  // namespace

void UploadSession::Reserve(std::uint64_t more) {
  bytes_.reserve(bytes_.size() + std::min(more, kReserveMax));
}

void UploadSession::ExpectDigest(DigestAlgorithm algorithm) {
  if (bytes_.empty() && algorithm != algorithm_) {
    algorithm_ = algorithm;
    hasher_ = Hasher(algorithm);
  }
}

void UploadSession::Append(std::string_view piece) {
  hasher_.Update(piece);
  bytes_.append(piece);
}

void UploadSession::Truncate(std::uint64_t size) {
  if (size >= bytes_.size()) {
    return;
  }
  bytes_.resize(size);
  hasher_ = Hasher(algorithm_);
  hasher_.Update(bytes_);
}

Digest UploadSession::Finish(DigestAlgorithm algorithm) {
  return algorithm == algorithm_ ? hasher_.Finish() : Digest::Of(bytes_, algorithm);
}

Bytes UploadSession::Take() {
  return std::make_shared<const std::string>(std::exchange(bytes_, {}));
}

std::shared_ptr<UploadSession> UploadSessions::Start(std::string repository, TimePoint now,
                                                     Rng& rng) {
  if (sessions_.size() >= sessions_max_) {
    return nullptr;
  }
  auto session = std::make_shared<UploadSession>(std::move(repository), rng.Uuid(), now);
  sessions_.emplace(session->id(), session);
  return session;
}

std::shared_ptr<UploadSession> UploadSessions::Find(std::string_view repository,
                                                    std::string_view id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() || found->second->repository() != repository ? nullptr
                                                                               : found->second;
}

void UploadSessions::End(std::string_view id) {
  const auto found = sessions_.find(id);
  if (found != sessions_.end()) {
    sessions_.erase(found);
  }
}

std::vector<std::shared_ptr<const UploadSession>> UploadSessions::All() const {
  std::vector<std::shared_ptr<const UploadSession>> all;
  all.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) {
    all.push_back(session);
  }
  return all;
}

std::string EncodeUploadState(const UploadSession& session) {
  nlohmann::ordered_json state;
  state["Name"] = session.repository();
  state["UUID"] = session.id();
  state["Offset"] = session.size();
  state["StartedAt"] = FormatRfc3339(session.started());
  return Base64Url(state.dump());
}

std::optional<std::uint64_t> ReadUploadState(std::string_view text, const UploadSession& session) {
  const auto decoded = FromBase64(text);
  if (!decoded) {
    return std::nullopt;
  }
  const auto state = json::Parse(*decoded, "_state");
  if (!state || state->Text("Name") != session.repository() ||
      state->Text("UUID") != session.id()) {
    return std::nullopt;
  }
  const json::Value* offset = state->Find("Offset");
  const auto value = offset == nullptr ? std::nullopt : offset->as_integer();
  return value && *value >= 0 ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

}  // namespace drydock::simulator
