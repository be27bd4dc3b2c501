// The seam to whatever builds and pushes images. Real: docker buildx or buildah as a child process,
// or prebuilt OCI layouts and a pusher of our own. Simulated: scenarios/runner adapts
// simulator/buildkit to it. Threads: one build at a time per Builder. Source:
// docs/adr/0002-four-seams.md; runbook steps 3 and 5.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/reference.h"
#include "core/result.h"
#include "publisher/registry/client.h"
#include "publisher/registry/failure.h"

namespace drydock::publisher {

struct BuildRequest {
  std::string context = ".";                      // folder holding the project
  std::string dockerfile = "Dockerfile";          // relative to `context`
  std::string layout;                             // a prebuilt image instead, below `context`
  std::vector<std::string> platforms;             // "linux/amd64", …
  std::map<std::string, std::string> build_args;  // in order of name
  std::map<std::string, std::string> labels;      // of the image; a prebuilt one must not differ
  std::vector<ImageReference> tags;               // pushed in this order
  std::vector<std::string> cache_from;            // as in --cache-from, "type=registry,ref=…"
  std::vector<std::string> cache_to;              // as in --cache-to
  bool provenance = false;
  bool no_cache = false;
  std::optional<Digest> expected = {};  // of a prebuilt layout's image: no other one is pushed

  friend bool operator==(const BuildRequest&, const BuildRequest&) = default;
};

// What a build printed and how it ended. A failed build is a value: its log is what the diagnosis
// reads. On failure any part of the push may have happened; no tag moved unless the log says so.
struct BuildOutcome {
  int exit_code = 0;
  std::string log;               // standard error as printed, last line last
  std::optional<Digest> digest;  // of the pushed index or manifest, when the builder reports it
  std::optional<Failure> failure = {};  // when the builder knows more than its log tells
  std::vector<Manifest> pushed = {};    // all manifests of the image, when it has them at hand
};

class Builder {
 public:
  virtual ~Builder() = default;
  // "docker buildx 0.13.1", for the record.
  virtual std::string Describe() = 0;
  // Whether a build for these platforms could start now: asked before the first write of a run that
  // has to build. Changes nothing. Says what would build and what is doubtful about it, in words;
  // kUnavailable, saying what to install, when nothing could.
  virtual Result<std::string> CheckReady(const std::vector<std::string>& platforms) {
    static_cast<void>(platforms);
    return Describe();
  }
  // Builds and pushes by tag. Errors only when the builder could not be run at all (kUnavailable)
  // or the run was stopped (kCancelled: assume nothing about what was pushed).
  virtual Result<BuildOutcome> Build(const BuildRequest& request) = 0;
};

}  // namespace drydock::publisher
