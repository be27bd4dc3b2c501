#include "simulator/registry/upload.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/json.h"
#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::size_t kPieceBytes = 65'536;

}  // namespace

void UploadSession::Reserve(std::uint64_t more) { writer_->Reserve(more); }

void UploadSession::ExpectDigest(DigestAlgorithm algorithm) {
  if (size_ == 0 && algorithm != algorithm_) {
    algorithm_ = algorithm;
    hasher_ = Hasher(algorithm);
  }
}

void UploadSession::Append(std::string_view piece) {
  if (failure_) {
    return;
  }
  if (Status appended = writer_->Append(piece); !appended) {
    failure_ = std::move(appended).error();
    return;
  }
  if (ahead_ != nullptr) {
    ahead_->Update(piece);
  } else {
    hasher_.Update(piece);
  }
  size_ += piece.size();
}

void UploadSession::Truncate(std::uint64_t size) {
  if (failure_ || size >= size_) {
    return;
  }
  if (Status cut = writer_->Truncate(size); !cut) {
    failure_ = std::move(cut).error();
    return;
  }
  size_ = size;
  EndAhead();
  hasher_ = HashAgain(algorithm_);
}

Hasher UploadSession::HashAgain(DigestAlgorithm algorithm) {
  Hasher hasher(algorithm);
  Body body = writer_->Read();
  std::vector<char> piece(kPieceBytes);
  while (true) {
    const Result<std::size_t> got = body.Read(piece);
    if (!got) {
      failure_ = got.error();
    }
    if (!got || *got == 0) {
      return hasher;
    }
    hasher.Update({piece.data(), *got});
  }
}

Digest UploadSession::Finish(DigestAlgorithm algorithm) {
  EndAhead();
  return algorithm == algorithm_ ? hasher_.Finish() : HashAgain(algorithm).Finish();
}

Result<Blob> UploadSession::Take() {
  if (failure_) {
    return *failure_;
  }
  Result<Blob> taken = writer_->Take();
  failure_ = Error(ErrorCode::kConflict, Concat({"upload ", id_, ": its bytes were taken"}));
  size_ = 0;
  return taken;
}

std::shared_ptr<UploadSession> UploadSessions::Start(std::string repository, TimePoint now,
                                                     Rng& rng, std::unique_ptr<BlobWriter> writer) {
  if (sessions_.size() >= sessions_max_) {
    return nullptr;
  }
  auto session =
      std::make_shared<UploadSession>(std::move(repository), rng.Uuid(), now, std::move(writer));
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
