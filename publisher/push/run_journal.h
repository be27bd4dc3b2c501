// What a push writes down while it runs, so that a new process can go on after a kill: upload
// sessions with their newest Location and offset, and steps. A file of JSON lines that only grows.
// A line outlives the process once the call returns; the disk is synced once a second, so that a
// power cut costs what a second brought. A torn last line (the kill came in the middle) is passed
// over. It is a memory, not the truth: whoever resumes asks the registry first. Threads: may be
// shared. Source: issue "upload resume by offset"; incident hub-stale-patch-location-404 (a
// Location is good for one request).
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/clock.h"
#include "core/digest.h"
#include "core/result.h"

namespace drydock::publisher {

// An upload under way. `location` may carry the registry's own state: the file is for its owner's
// eyes only (mode 600).
struct UploadRecord {
  std::string location;
  std::uint64_t offset = 0;

  friend bool operator==(const UploadRecord&, const UploadRecord&) = default;
};

class RunJournal {
 public:
  // Keeps nothing beyond this object's life.
  explicit RunJournal(Clock& clock) : clock_(clock) {}
  // Reads what earlier runs wrote into `path` and goes on there; makes file and folder when they
  // are missing. kInvalid for a file that is no run journal, kUnavailable when it cannot be
  // written.
  static Result<std::unique_ptr<RunJournal>> Open(Clock& clock, const std::string& path);
  ~RunJournal();
  RunJournal(const RunJournal&) = delete;
  RunJournal& operator=(const RunJournal&) = delete;

  // `repository` is "host/repository".
  std::optional<UploadRecord> FindUpload(std::string_view repository, const Digest& digest) const;
  Status NoteUpload(std::string_view repository, const Digest& digest, const UploadRecord& record);
  // The upload has ended: the blob is stored, or the session is of no more use.
  Status DropUpload(std::string_view repository, const Digest& digest, std::string_view why);
  // "blobs", "manifests", "tag", "verify": where a run stood, for people.
  Status NoteStep(std::string_view repository, std::string_view step, std::string_view detail);

  // "" when it is kept in memory.
  const std::string& path() const { return path_; }

 private:
  Status Read(const std::string& text);
  Status Append(const std::string& line);

  Clock& clock_;
  std::string path_;
  int file_ = -1;
  Duration synced_{};  // when it was last
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, Digest>, UploadRecord> uploads_;
};

}  // namespace drydock::publisher
