// One line on a terminal's standard error that is written over, once a second has passed, and gone
// in the end. Threads: one.
#pragma once

#include <string_view>

#include "core/clock.h"

namespace drydock::cli {

class ProgressLine {
 public:
  ProgressLine();  // silent when standard error is no terminal
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // True when it is time for another text.
  bool Due();
  void Show(std::string_view text);

 private:
  bool on_;
  SystemClock clock_;
  Duration start_;
  Duration shown_;
};

}  // namespace drydock::cli
