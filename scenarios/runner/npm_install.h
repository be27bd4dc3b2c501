// What `npm view` and `npm install` ask a registry, as far as a publish can fail on it: metadata,
// the tarball, and the tarballs of the direct dependencies.
// Threads: called from inside an actor. Source: opencode-devbox incident 5.4; npm's error texts.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "core/transport.h"

namespace drydock::scenarios {

// The version `latest` names; "" for any answer that has none. kCancelled when the run was killed.
Result<std::string> NpmView(Transport& transport, const std::string& registry,
                            const std::string& package);

// Installs `package` at `version` ("" and dist-tags such as "latest" are asked for by name). Gives
// "" or npm's own words about what went wrong. kCancelled when the run was killed.
Result<std::string> NpmInstall(Transport& transport, const std::string& registry,
                               const std::string& package, const std::string& version);

}  // namespace drydock::scenarios
