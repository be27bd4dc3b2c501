// What a person sees of a running server: a line per request, and what all of it came to. Pure.
// Threads: values. Source: issue 2 section 8.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/journal.h"
#include "simulator/faults/fault_state.h"
#include "simulator/server/registry_server.h"

namespace drydock::simulator {

// "12:00:03.250  400  PUT   upload.commit    team/app  sha256:0123456789ab  in 1.5 MB": the event
// as one line without a newline; "" for events that deserve none. `color` adds ANSI colours: what
// failed and what a fault did is red.
std::string ActivityLine(const Event& event, bool color);

class Tally {
 public:
  void Add(const Event& event);

  // A few lines: requests by status class, bytes, what is held, and each fault rule's counts.
  std::string Summary(Duration up, const Holdings& held, const std::vector<RuleCount>& rules,
                      bool color) const;

 private:
  std::uint64_t requests_ = 0;
  std::uint64_t unanswered_ = 0;
  std::uint64_t rejected_ = 0;
  std::uint64_t classes_[6] = {};  // by the first digit of the status
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

}  // namespace drydock::simulator
