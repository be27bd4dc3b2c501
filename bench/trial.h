// One measurement in a process of its own: nothing of one run helps or hinders the next, its
// processors can be taken away, and the kernel tells what it used.
// Threads: the caller must have none of its own. Source: issue 3 section 5.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/result.h"

namespace drydock::bench {

struct Trial {
  double seconds = 0;            // on the wall
  double cpu_seconds = 0;        // of all threads and programs started, in user and kernel mode
  std::uint64_t peak_bytes = 0;  // resident, of the largest process
};

// Does `work` on the first `cores` processors this process may use; 0: on all of them. What `work`
// answers when it fails, or kUnavailable when the process could not be had.
Result<Trial> Measure(const std::function<Status()>& work, unsigned cores);

// Runs `command` with sh in the folder `in`; kUnavailable when it does not end with exit code 0.
Status Shell(const std::string& in, const std::string& command);

// What `command` prints, without the last newline; "" when it fails.
std::string Output(const std::string& command);

// 'text', for sh.
std::string Quoted(const std::string& text);

}  // namespace drydock::bench
