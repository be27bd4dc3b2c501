#include "publisher/push/run_journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/json.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr Duration kSyncEvery = std::chrono::seconds(1);

std::string Dump(const nlohmann::ordered_json& line) {
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Error FileError(const std::string& path, std::string_view what) {
  return Error(ErrorCode::kUnavailable,
               Concat({path, ": cannot ", what, ": ", std::strerror(errno)}));
}

}  // namespace

Result<std::unique_ptr<RunJournal>> RunJournal::Open(Clock& clock, const std::string& path) {
  auto journal = std::make_unique<RunJournal>(clock);
  journal->path_ = path;
  std::error_code failed;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) {
    std::filesystem::create_directories(folder, failed);
  }
  const auto earlier = ReadWholeFile(path);
  if (!earlier && earlier.error().code() != ErrorCode::kNotFound) {
    return earlier.error();
  }
  const std::string text = earlier ? *earlier : std::string();
  if (const Status read = journal->Read(text); !read) {
    return read.error();
  }
  journal->file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (journal->file_ < 0) {
    return FileError(path, "be opened");
  }
  if (!text.empty() && text.back() != '\n') {
    if (const Status ended = journal->Append("\n"); !ended) {
      return ended.error();
    }
  }
  return journal;
}

RunJournal::~RunJournal() {
  if (file_ >= 0) {
    ::fdatasync(file_);
    ::close(file_);
  }
}

Status RunJournal::Read(const std::string& text) {
  const std::vector<std::string> lines = Split(text, '\n');
  bool known = text.empty();
  for (const std::string& line : lines) {
    const auto event = json::Parse(line, path_);
    if (!event) {
      continue;  // torn by a kill
    }
    const std::string_view kind = event->Text("event");
    known = known || kind == "upload" || kind == "upload-end" || kind == "step";
    const auto digest = Digest::Parse(event->Text("digest"));
    if (!digest) {
      continue;
    }
    const std::pair key(std::string(event->Text("repository")), *digest);
    if (kind == "upload-end") {
      uploads_.erase(key);
    } else if (kind == "upload") {
      const json::Value* offset = event->Find("offset");
      const auto bytes = offset == nullptr ? std::nullopt : offset->as_integer();
      uploads_[key] = {std::string(event->Text("location")),
                       static_cast<std::uint64_t>(std::max<std::int64_t>(bytes.value_or(0), 0))};
    }
  }
  if (!known && lines.size() > 2) {
    return Error(ErrorCode::kInvalid, Concat({path_, ": is no run journal"}));
  }
  return Ok{};
}

Status RunJournal::Append(const std::string& line) {
  if (file_ < 0) {
    return Ok{};
  }
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t size = ::write(file_, rest.data(), rest.size());
    if (size < 0 && errno != EINTR) {
      return FileError(path_, "be written");
    }
    rest.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  }
  const Duration now = clock_.Elapsed();
  if (now - synced_ < kSyncEvery) {
    return Ok{};
  }
  synced_ = now;
  return ::fdatasync(file_) == 0 ? Status(Ok{}) : FileError(path_, "be synced");
}

std::optional<UploadRecord> RunJournal::FindUpload(std::string_view repository,
                                                   const Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto found = uploads_.find({std::string(repository), digest});
  return found == uploads_.end() ? std::nullopt : std::optional(found->second);
}

Status RunJournal::NoteUpload(std::string_view repository, const Digest& digest,
                              const UploadRecord& record) {
  nlohmann::ordered_json line = {{"time", FormatRfc3339(clock_.Now())},
                                 {"event", "upload"},
                                 {"repository", repository},
                                 {"digest", digest.ToString()},
                                 {"offset", record.offset},
                                 {"location", record.location}};
  const std::lock_guard lock(mutex_);
  uploads_.insert_or_assign({std::string(repository), digest}, record);
  return Append(Dump(line));
}

Status RunJournal::DropUpload(std::string_view repository, const Digest& digest,
                              std::string_view why) {
  const std::lock_guard lock(mutex_);
  if (uploads_.erase({std::string(repository), digest}) == 0) {
    return Ok{};
  }
  return Append(Dump({{"time", FormatRfc3339(clock_.Now())},
                      {"event", "upload-end"},
                      {"repository", repository},
                      {"digest", digest.ToString()},
                      {"why", why}}));
}

Status RunJournal::NoteStep(std::string_view repository, std::string_view step,
                            std::string_view detail) {
  const std::lock_guard lock(mutex_);
  return Append(Dump({{"time", FormatRfc3339(clock_.Now())},
                      {"event", "step"},
                      {"repository", repository},
                      {"step", step},
                      {"detail", detail}}));
}

}  // namespace drydock::publisher
