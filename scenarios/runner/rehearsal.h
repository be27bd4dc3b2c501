// A release published first to a fake Docker Hub in the same process, in virtual time: the same
// release file, clone, versions and pipeline; the builder is the model of buildx (nothing is
// compiled), prebuilt layouts are really pushed. Threads: one call belongs to one thread.
// Source: issue "Release file and commands" (--dry-run-against-sim).
#pragma once

#include <string>

#include "core/result.h"
#include "core/transport.h"
#include "publisher/release/pipeline.h"
#include "publisher/release/release_file.h"

namespace drydock::scenarios {

struct Rehearsal {
  publisher::ReleaseFile release;
  publisher::PipelineOptions options;  // its credentials are not used, nor is its plain_http
  publisher::LocalFacts local;
};

// `outside` answers for what is no registry (npm); it and `outside_clock`, which its deadlines are
// of, must outlive the call. Nothing is sent to the release's own registry. Errors when the fake
// world could not be made or run; everything else is a report.
Result<publisher::PublishReport> Rehearse(Rehearsal rehearsal, Transport& outside,
                                          Clock& outside_clock);

}  // namespace drydock::scenarios
