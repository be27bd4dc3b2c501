// The npm registry a release asks: metadata, one version, dist-tags, tarballs. A tarball may come
// later than its metadata: that is how v1.14.42 lost a variant.
// Threads: as every Site, used by one thread at a time.
// Source: opencode-devbox incident 5.4 (v1.14.42); npm registry API ("package metadata").
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"
#include "simulator/exchange.h"

namespace drydock::simulator {

struct NpmVersion {
  std::string package;                              // "left-pad", "@scope/name"
  std::string version;                              // "1.2.3", "1.2.3-beta.1"
  std::map<std::string, std::string> dependencies;  // package to range
  // The tarball answers 404 before this moment; the metadata is there from the start.
  std::optional<TimePoint> tarball_from;
};

// Operations: npm.package, npm.version, npm.dist-tags, npm.tarball. Route.repository is the
// package, Route.reference the version or dist-tag.
class NpmRegistry : public Site {
 public:
  static constexpr std::size_t kPackagesMax = 10'000;
  static constexpr std::size_t kVersionsMax = 10'000;  // of one package

  // `clock` decides about tarballs and must outlive the registry.
  explicit NpmRegistry(Clock& clock) : clock_(clock) {}

  // kInvalid for a name or version npm would refuse, kConflict when the version is there already,
  // kDenied when a limit is reached. A failure changes nothing.
  Status Publish(NpmVersion version);
  // Makes `tag` ("latest") name the version. kNotFound when that is not published.
  Status SetDistTag(std::string_view package, std::string_view tag, std::string_view version);
  // From now on every tarball answers.
  void ReleaseTarballs();

  std::unique_ptr<Exchange> Begin(RequestHead head) override;

 private:
  class Visit;
  struct Package {
    std::map<std::string, NpmVersion, std::less<>> versions;
    std::map<std::string, std::string, std::less<>> dist_tags;
  };

  const Package* FindPackage(std::string_view name) const;

  Clock& clock_;
  std::map<std::string, Package, std::less<>> packages_;
};

}  // namespace drydock::simulator
