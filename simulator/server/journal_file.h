// A world's journal in a file: an event a line, as JSON, written as things happen.
// Threads: every method from any thread. Source: docs/serve.md, "Journal and metrics".
#pragma once

#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/journal.h"
#include "core/result.h"

namespace drydock::simulator {

class JournalFile {
 public:
  // Empties a file that is there. kUnavailable when it cannot be written.
  static Result<std::shared_ptr<JournalFile>> Open(const std::string& path);

  void Write(const std::vector<Event>& events);
  // False once something could not be written.
  bool whole() const;

 private:
  explicit JournalFile(std::ofstream file) : file_(std::move(file)) {}

  mutable std::mutex mutex_;
  std::ofstream file_;
};

}  // namespace drydock::simulator
