// Evidence for a diagnosis as people have it: the log of a CI job, what a builder printed on the
// host, the JSON report of `drydock publish`, or a file that lists attempts and says what no log
// tells. Threads: pure functions, and two that read files.
// Source: runbook "After: capture diagnostic value"; opencode-devbox.md section 9.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "publisher/release/diagnosis.h"

namespace drydock::publisher {

// What the text of one log tells: whether it ended well, whether a cache was exported, when it
// began (a time stamp at the start of a line), which versions took part. Time stamps and colours
// are taken away from the log that the attempt keeps. `written` is the time of a log without
// stamps. kInvalid when it does not say how it ended.
Result<Attempt> ReadAttemptLog(std::string path, std::string label, std::string_view text,
                               TimePoint written);

// The log in `file`, labelled with its name. kNotFound when it cannot be read.
Result<Attempt> ReadAttemptLogFile(std::string path, const std::string& file);

// {"attempts": [{"path": "ci", "label": "#332", "log": "332.log", "succeeded": false, …}]}, JSON
// with comments; logs relative to the file. What an entry says wins over what its log tells.
// kInvalid with file and line; kNotFound when the file or a log cannot be read.
Result<std::vector<Attempt>> ReadAttemptsFile(const std::string& file);

// The 12 hex digits that the last "Computed base tag: base-…" line of a log gives, which is what
// the variants of that commit start from. kNotFound, with `source` in front, when it has no such
// line. Source: runbook 3A.
Result<std::string> BaseHashIn(std::string_view log, std::string_view source);
// The same of a file; kNotFound also when it cannot be read.
Result<std::string> BaseHashInLog(const std::string& file);

}  // namespace drydock::publisher
