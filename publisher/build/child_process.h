// Runs a program and collects what it prints. Threads: each call stands alone; SIGCHLD must not be
// ignored by the process.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace drydock::publisher {

inline constexpr std::size_t kChildOutputBytesMax = 8u << 20;  // kept; the oldest part is dropped

struct ChildResult {
  int exit_code = 0;        // 128 + signal when a signal ended it
  std::string output;       // standard output
  std::string diagnostics;  // standard error
};

inline constexpr std::size_t kChildInputBytesMax = 4096;  // what a pipe always takes at once

// Runs `argv` (argv[0] looked up in PATH unless it has a slash) with `input` on its standard input
// and waits for its end. `on_diagnostics` sees standard error as it comes. kNotFound when there is
// no such program; kUnavailable when it cannot be started; kInvalid when `input` is too long.
Result<ChildResult> RunChild(const std::vector<std::string>& argv,
                             const std::function<void(std::string_view)>& on_diagnostics,
                             std::string_view input = "");

}  // namespace drydock::publisher
