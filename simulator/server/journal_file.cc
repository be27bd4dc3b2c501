#include "simulator/server/journal_file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/text.h"

namespace drydock::simulator {

Result<std::shared_ptr<JournalFile>> JournalFile::Open(const std::string& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file) {
    return Error(ErrorCode::kUnavailable, Concat({path, ": cannot write: ", std::strerror(errno)}));
  }
  return std::shared_ptr<JournalFile>(new JournalFile(std::move(file)));
}

void JournalFile::Write(const std::vector<Event>& events) {
  const std::lock_guard lock(mutex_);
  for (const Event& event : events) {
    file_ << ToJson(event) << "\n";
  }
  file_.flush();
}

bool JournalFile::whole() const {
  const std::lock_guard lock(mutex_);
  return file_.good();
}

}  // namespace drydock::simulator
