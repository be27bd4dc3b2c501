// How a diagnosis is put into words: the request fragment worth recording, an attempt in one line,
// the record to file upstream. Threads: pure functions.
// Source: runbook "After: capture diagnostic value", points 2 and 3.
#pragma once

#include <string>
#include <string_view>

#include "publisher/release/diagnosis.h"

namespace drydock::publisher {

// "PUT https://host/v2/a/b/blobs/uploads/…?_state=…&digest=sha256:… (Offset:0)": ids and opaque
// values elided, the digest kept, the offset that a decoded `_state` holds said.
std::string RequestFragment(std::string_view method, std::string_view url);

// "ci #332 2026-05-28T06:00:00Z cache export on (setup-buildx-action v4.0.0)".
std::string DescribeAttempt(const Attempt& attempt);

// Markdown; `log` is a failed build's, of which the last lines are quoted.
std::string UpstreamRecord(const Diagnosis& diagnosis, std::string_view log);

}  // namespace drydock::publisher
