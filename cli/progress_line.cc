#include "cli/progress_line.h"

#include <unistd.h>

#include <iostream>

namespace drydock::cli {

ProgressLine::ProgressLine()
    : on_(::isatty(STDERR_FILENO) != 0), start_(clock_.Elapsed()), shown_(start_) {}

ProgressLine::~ProgressLine() {
  if (shown_ != start_) {
    std::cerr << "\r\x1b[K" << std::flush;
  }
}

bool ProgressLine::Due() {
  const Duration now = clock_.Elapsed();
  return on_ && now - start_ >= std::chrono::seconds(1) &&
         now - shown_ >= std::chrono::milliseconds(200);
}

void ProgressLine::Show(std::string_view text) {
  shown_ = clock_.Elapsed();
  std::cerr << "\r\x1b[K" << text << std::flush;
}

}  // namespace drydock::cli
