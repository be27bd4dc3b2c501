// Asks an npm registry which version a release gets and whether it can really be installed: the
// metadata and the tarball must both answer, also for dependencies pinned to one version.
// Threads: one client belongs to one thread. Source: opencode-devbox incident 5.4 (v1.14.42).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/journal.h"
#include "core/rng.h"
#include "core/transport.h"
#include "publisher/registry/failure.h"
#include "publisher/registry/retry.h"

namespace drydock::publisher {

struct PackageVersion {
  std::string package;
  std::string version;  // always concrete
  std::string tarball;  // URL
  // Direct dependencies whose range is one exact version.
  std::vector<std::pair<std::string, std::string>> pinned;
};

inline constexpr std::size_t kPackageMetadataBytesMax = 16u << 20;
inline constexpr std::size_t kPinnedDependenciesMax = 256;

class NpmClient {
 public:
  // `registry` is the base URL, from the release file, a flag or npm's own configuration.
  NpmClient(Transport& transport, Clock& clock, Rng rng, Journal& journal, Url registry,
            RetryBudget budget, std::string actor);

  // `pinned` empty: what the dist-tag `latest` names at this moment. A version that is not concrete
  // or not published is a deterministic failure.
  Outcome<PackageVersion> Resolve(std::string_view package, std::string_view pinned);
  // Whether the tarball of `version` and those of its pinned dependencies can be fetched. The
  // failure names the package that cannot.
  Outcome<Ok> CheckInstallable(const PackageVersion& version);

 private:
  Outcome<std::string> Get(const Url& url, std::string_view what);
  Outcome<std::string> GetOnce(Url url, std::string_view what, bool read);
  Outcome<Ok> CheckTarball(const PackageVersion& version);

  Transport& transport_;
  Clock& clock_;
  Url registry_;
  RetryBudget budget_;
  Retrier retrier_;
};

}  // namespace drydock::publisher
