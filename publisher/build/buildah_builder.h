// The real Builder without a daemon: `buildah build` for one platform after another, in the
// release's order, then `buildah manifest push --all`, which pushes the images by digest before it
// puts the tag: no reader sees half of it. What both print is passed on while they run and kept for
// the diagnosis. A push that failed is repeated without building again. Two options of buildah 1.28
// are left alone: --layers takes the layers of one platform for those of another one when both
// begin FROM scratch, and a push with --digestfile that failed ends with 0; so the digest comes
// from reading back. Threads: one build at a time. Source: buildah-build(1),
// buildah-manifest-push(1); tests/captures/traffic (buildah 1.28).
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "publisher/build/builder.h"

namespace drydock::publisher {

class BuildahBuilder : public Builder {
 public:
  struct Options {
    std::string program = "buildah";   // looked up in PATH unless it has a slash
    std::string auth_file;             // docker's config.json; "" means where buildah looks itself
    std::string ca_file;               // certificates to trust beside the system's; "" for none
    std::set<std::string> plain_http;  // registries spoken to without TLS
    // Gets what buildah prints, piece by piece, as it comes; may be empty.
    std::function<void(std::string_view)> on_output;
  };

  explicit BuildahBuilder(Options options);
  ~BuildahBuilder() override;  // removes what was built and not pushed

  // Runs `buildah --version` once; "buildah (not installed)" when that fails.
  std::string Describe() override;
  Result<std::string> CheckReady(const std::vector<std::string>& platforms) override;
  // kInvalid for a request with cache options, which buildah has in another form than BuildKit.
  Result<BuildOutcome> Build(const BuildRequest& request) override;

 private:
  // Options that every command talking to the request's registry gets.
  std::vector<std::string> Access(const BuildRequest& request, const std::string& trusted) const;
  Result<BuildOutcome> Run(std::string_view command, std::vector<std::string> arguments);
  Result<BuildOutcome> BuildList(const BuildRequest& request,
                                 const std::vector<std::string>& access);
  Result<BuildOutcome> PushList(const BuildRequest& request,
                                const std::vector<std::string>& access);
  void Forget(const std::string& list);

  Options options_;
  std::string description_;
  std::optional<BuildRequest> built_;  // its images wait in buildah's storage to be pushed
};

// The arguments after the program's name and "build" that build `request` for one platform into the
// manifest list `list`.
std::vector<std::string> BuildahArguments(const BuildRequest& request, std::string_view platform,
                                          std::string_view list);

}  // namespace drydock::publisher
